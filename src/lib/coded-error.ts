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
