/** What the API says that is wrong; `code` as in the server's list of error codes. */
export class ApiError extends Error {
  readonly code: string;
  /** Pairs that may have been meant. */
  readonly suggestions: readonly string[];
  /** Kraken's words. */
  readonly reason: string | undefined;

  constructor(message: string, extensions: Readonly<Record<string, unknown>> = {}) {
    super(message);
    const { code, suggestions, reason } = extensions;
    this.code = typeof code === 'string' ? code : 'UNKNOWN';
    this.suggestions = Array.isArray(suggestions) ? suggestions.map(String) : [];
    this.reason = typeof reason === 'string' ? reason : undefined;
  }

  /** Whether asking again would get the same answer. */
  get isFinal(): boolean {
    return FINAL.has(this.code);
  }
}

/** The code of what is wrong before anybody answers. */
export const NOT_REACHED = 'NOT_REACHED';

/** The code of what the server does not understand: the page was made for another version of the API. */
export const OUTDATED = 'OUTDATED';

const FINAL: ReadonlySet<string> = new Set([
  'UNKNOWN_SYMBOL',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BALANCES_DISABLED',
  OUTDATED,
]);

/** The first error of a GraphQL result, of an `error` message, or why a socket closed. */
export function errorOf(cause: unknown): ApiError {
  const first: unknown = Array.isArray(cause) ? cause[0] : cause;
  if (first instanceof ApiError) return first;
  if (typeof first !== 'object' || first === null) return new ApiError(String(first));
  const { message, extensions, reason } = first as {
    message?: unknown;
    extensions?: Readonly<Record<string, unknown>>;
    reason?: unknown;
  };
  const text = String(message ?? reason ?? 'The connection to the server was lost');
  if (!isOutdated(text, extensions?.['code'])) return new ApiError(text, extensions);
  return new ApiError('The server has another version than this page: reload it', {
    code: OUTDATED,
    reason: text,
  });
}

/** What GraphQL says of operations that do not fit the schema. The page's own fit the one that it was built with. */
function isOutdated(message: string, code: unknown): boolean {
  return code === 'GRAPHQL_VALIDATION_FAILED' || MISFIT.test(message);
}

const MISFIT =
  /^(Cannot query field|Unknown (argument|type|fragment|directive)|Fragment .* cannot be spread|Field .* (argument|must )|Variable .* of type|Value .* does not exist in|Expected value of type)/;
