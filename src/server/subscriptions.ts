import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context } from '../graphql/context.ts';
import { maskError } from '../graphql/errors.ts';
import type { Executor } from '../graphql/execution.ts';
import { planSubscription } from '../graphql/subscribe.ts';
import type { Hub } from '../hub/hub.ts';
import type { Outlet } from '../hub/outlet.ts';
import { documentBytes } from './documents.ts';
import type { SubscriptionStream } from './outlets.ts';

/** A transport's way to carry results: where the hub puts them, and the stream that says when it is over. */
type OpenOutlet = (handlers: { onReturn: () => void }) => {
  outlet: Outlet;
  stream: SubscriptionStream;
};

type Opened = ExecutionResult | SubscriptionStream;

/** Opens a parsed and validated subscription on any transport. */
export type OpenSubscription = (
  args: ExecutionArgs,
  open: OpenOutlet,
  /** What to answer if whoever asked has gone while something had to be fetched first; undefined while it is there. */
  answerIfGone: () => Opened | undefined,
) => Opened | Promise<Opened>;

/** Times that something has to be fetched before a subscription begins; then memory goes on too fast for it. */
const MAX_PREPARATIONS = 5;

export function createOpenSubscription(hub: Hub, executor: Executor): OpenSubscription {
  return (args, open, answerIfGone) => {
    const contextValue = args.contextValue as Context;
    const { reportUnexpected } = contextValue.services;
    const refused = (error: unknown): Opened => ({
      errors: [error instanceof GraphQLError ? error : maskError(error, reportUnexpected)],
    });
    const planned = planSubscription(executor, {
      schema: args.schema,
      document: args.document,
      operationName: args.operationName,
      variableValues: args.variableValues,
      contextValue,
    });
    if (planned.errors) return { errors: planned.errors };
    const join = (): Opened => {
      let leave = (): void => {};
      const { outlet, stream } = open({ onReturn: () => leave() });
      try {
        leave = hub.join(planned.plan, outlet, contextValue.share, documentBytes(args.document));
      } catch (error) {
        void stream.return();
        return refused(error);
      }
      return stream;
    };
    const prepared = async (preparing: Promise<void> | undefined): Promise<Opened> => {
      try {
        let next = preparing;
        // While one thing was fetched, memory may have left another behind.
        for (let times = 0; next !== undefined && times < MAX_PREPARATIONS; times += 1) {
          await next;
          next = planned.prepare();
        }
      } catch (error) {
        return refused(error);
      }
      return answerIfGone() ?? join();
    };
    const preparing = planned.prepare();
    return preparing === undefined ? join() : prepared(preparing);
  };
}
