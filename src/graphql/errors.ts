import { type ASTNode, GraphQLError } from 'graphql';
import { CodedError, limitExceeded } from '../lib/coded-error.ts';

/** An error of ours as GraphQL shows it: its message, and its code with the context in `extensions`. */
export function toGraphQLError(error: CodedError, node?: ASTNode): GraphQLError {
  return new GraphQLError(error.message, {
    ...(node !== undefined && { nodes: [node] }),
    extensions: { code: error.code, ...error.context },
  });
}

/** Why a result is not delivered. @param bytes undefined when it is longer than any text may be */
export function resultTooLarge(bytes: number | undefined, maxBytes: number): CodedError {
  const size = bytes === undefined ? 'too large to be written' : `${bytes} bytes large`;
  return limitExceeded(`The result is ${size}`, { limit: 'bytes', allowed: maxBytes });
}

/**
 * What a client may see of an error: ours and GraphQL's own as they are; of anything else only that it
 * happened, with an id under which the log has the rest.
 *
 * @param report takes the error to the log, and returns its id there
 */
export function maskError(error: unknown, report: (error: unknown) => string): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined;
  const cause = rootCause(error);
  if (cause instanceof CodedError) {
    return new GraphQLError(located?.message ?? cause.message, {
      ...where(located),
      extensions: { ...cause.context, code: cause.code },
    });
  }
  if (located !== undefined && cause instanceof GraphQLError) return located;
  const id = report(cause);
  return new GraphQLError(`Unexpected error, reported as ${id}`, {
    ...where(located),
    extensions: { code: 'INTERNAL_SERVER_ERROR', id },
  });
}

function where(error: GraphQLError | undefined): object {
  return error === undefined ? {} : { nodes: error.nodes, path: error.path };
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError instanceof Error) cause = cause.originalError;
  return cause;
}
