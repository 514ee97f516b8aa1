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
  /** Aborted when whoever asked has gone. */
  gone: AbortSignal,
) => Opened | Promise<Opened>;

/** For whoever does not read it. */
const NOTHING: Opened = { errors: [] };

export function createOpenSubscription(hub: Hub, executor: Executor): OpenSubscription {
  return (args, open, answerIfGone, gone) => {
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
        while (next !== undefined && !gone.aborted) {
          await next;
          next = planned.prepare(gone);
        }
      } catch (error) {
        return answerIfGone() ?? (gone.aborted ? NOTHING : refused(error));
      }
      return answerIfGone() ?? (gone.aborted ? NOTHING : join());
    };
    const preparing = planned.prepare(gone);
    return preparing === undefined ? join() : prepared(preparing);
  };
}
