import { GraphQLError } from 'graphql';

interface Params {
  readonly query?: unknown;
  readonly extensions?: { readonly persistedQuery?: unknown } | null;
}

/**
 * Queries are not kept here by their hash. Clients of automatic persisted queries (Apollo Client, urql) know the code and
 * the message of this error, and send the text from then on.
 *
 * @returns undefined unless the operation is a hash alone
 */
export function notSupportedIfPersisted(params: unknown): GraphQLError | undefined {
  if (!isHashAlone(params)) return undefined;
  return new GraphQLError('PersistedQueryNotSupported', {
    extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http: { spec: true, status: 400 } },
  });
}

/**
 * graphql-ws closes the socket over a `subscribe` message without a query. With an empty one only that operation fails.
 *
 * @param text a message of `graphql-transport-ws`
 */
export function withQuery(text: string): string {
  // Nearly every message ends here, unparsed.
  if (!text.includes('"persistedQuery"')) return text;
  let message: { readonly payload?: unknown };
  try {
    message = JSON.parse(text) as typeof message;
  } catch {
    return text;
  }
  const payload = message?.payload;
  return isHashAlone(payload) ? JSON.stringify({ ...message, payload: { ...payload, query: '' } }) : text;
}

function isHashAlone(params: unknown): params is Params {
  if (typeof params !== 'object' || params === null) return false;
  const { query, extensions } = params as Params;
  return !query && Boolean(extensions?.persistedQuery);
}
