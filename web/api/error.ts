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

const FINAL: ReadonlySet<string> = new Set([
  'UNKNOWN_SYMBOL',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BALANCES_DISABLED',
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
  return new ApiError(String(message ?? reason ?? 'The connection to the server was lost'), extensions);
}
