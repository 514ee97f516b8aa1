import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context } from '../graphql/context.ts';
import { maskError } from '../graphql/errors.ts';
import type { Executor } from '../graphql/execution.ts';
import { planSubscription } from '../graphql/subscribe.ts';
import type { BroadcastPlan } from '../hub/broadcast.ts';
import type { Hub } from '../hub/hub.ts';
import type { Outlet } from '../hub/outlet.ts';
import type { SubscriptionStream } from './outlets.ts';

/** A transport's way to carry results: where the hub puts them, and the stream that says when it is over. */
type OpenOutlet = (handlers: { onReturn: () => void }) => {
  outlet: Outlet;
  stream: SubscriptionStream;
};

type Opened = ExecutionResult | SubscriptionStream;

/** Opens a parsed and validated subscription on any transport. */
export type OpenSubscription = (args: ExecutionArgs, open: OpenOutlet) => Opened | Promise<Opened>;

export function createOpenSubscription(hub: Hub, executor: Executor): OpenSubscription {
  return (args, open) => {
    const contextValue = args.contextValue as Context;
    const { reportUnexpected } = contextValue.services;
    const planned = planSubscription(executor, {
      schema: args.schema,
      document: args.document,
      operationName: args.operationName,
      variableValues: args.variableValues,
      contextValue,
    });
    if (planned.errors) return { errors: planned.errors };
    const join = (plan: BroadcastPlan): Opened => {
      let leave = (): void => {};
      const { outlet, stream } = open({ onReturn: () => leave() });
      try {
        leave = hub.join(plan, outlet);
      } catch (error) {
        void stream.return();
        return { errors: [maskError(error, reportUnexpected)] };
      }
      return stream;
    };
    const preparing = planned.prepare();
    if (preparing === undefined) return join(planned.plan);
    return preparing.then(
      () => join(planned.plan),
      (error: unknown) => ({
        errors: [error instanceof GraphQLError ? error : maskError(error, reportUnexpected)],
      }),
    );
  };
}
