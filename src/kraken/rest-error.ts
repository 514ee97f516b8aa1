import { adviceFor } from './errors.ts';

/** A REST call that failed: Kraken's words, or what went wrong on the way to it. */
export class RestError extends Error {
  /** Whether the same call may succeed later. */
  readonly temporary: boolean;
  /** Not before this many milliseconds; 0 where Kraken named no time. */
  readonly retryAfterMs: number;

  constructor(message: string, temporary: boolean, retryAfterMs = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RestError';
    this.temporary = temporary;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A call that never left, because too many wait for their turn: it says nothing of what the answer would be. */
export class RestQueueFull extends RestError {
  constructor(kind: string) {
    super(`too many ${kind} REST calls are waiting`, true);
    this.name = 'RestQueueFull';
  }
}

/** After repeated mistakes in authentication; asking sooner makes it longer. */
const LOCKOUT_MS = 900_000;
const THROTTLED_UNTIL = /Throttled: ?(\d+)/;

/** What Kraken lists in `error`, as one error. */
export function refusedByKraken(errors: readonly string[], now: number): RestError {
  const text = errors.join(', ');
  const advice = adviceFor(errors[0] ?? '');
  const untilSeconds = THROTTLED_UNTIL.exec(text)?.[1];
  const retryAfterMs = /Temporary lockout/i.test(text)
    ? LOCKOUT_MS
    : untilSeconds === undefined
      ? 0
      : Math.max(0, Number(untilSeconds) * 1_000 - now);
  return new RestError(text, advice === 'retryLater' || advice === 'reauthenticate', retryAfterMs);
}
