/** Why something that a user asked for did not happen. Callers branch on the code, people read the message. */
export type ErrorCode =
  | 'UNKNOWN_SYMBOL'
  | 'BAD_USER_INPUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_REJECTED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BALANCES_DISABLED'
  | 'CURSOR_INVALID'
  | 'CURSOR_EXPIRED'
  | 'LIMIT_EXCEEDED'
  | 'SLOW_CONSUMER'
  | 'SHUTTING_DOWN'
  | 'INTERNAL_SERVER_ERROR';

/** The one error that is meant for users. `context` goes to them with the code. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    context: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
    this.context = context;
  }
}

/** A limit that was exceeded, as whoever meets it may branch on it. */
export interface ExceededLimit {
  readonly limit: string;
  readonly asked?: number;
  readonly allowed: number;
  /** When asking again may help; absent where the same request is always too much. */
  readonly retryAfterMs?: number;
}

/** @param fact what is too much; the message goes on with what is allowed */
export function limitExceeded(fact: string, exceeded: ExceededLimit): CodedError {
  const message = `${fact}; at most ${exceeded.allowed} are allowed`;
  return new CodedError('LIMIT_EXCEEDED', message, { ...exceeded });
}
