import { fullJitterDelayMs } from '../lib/backoff.ts';
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
  /** How many may wait. */
  readonly allowed: number;

  constructor(kind: string, allowed: number) {
    super(`too many ${kind} REST calls are waiting`, true, 1_000);
    this.name = 'RestQueueFull';
    this.allowed = allowed;
  }
}

/** After repeated mistakes in authentication; asking sooner makes it longer. */
const LOCKOUT_MS = 900_000;
const THROTTLED_UNTIL = /Throttled: ?(\d+)/;

/** What Kraken lists in `error`, as one error. */
export function refusedByKraken(errors: readonly string[], now: number, leastMs = 0): RestError {
  const text = errors.join(', ');
  const advice = adviceFor(errors[0] ?? '');
  const untilSeconds = THROTTLED_UNTIL.exec(text)?.[1];
  const retryAfterMs = /Temporary lockout/i.test(text)
    ? LOCKOUT_MS
    : untilSeconds === undefined
      ? 0
      : Math.max(0, Number(untilSeconds) * 1_000 - now);
  const temporary = advice === 'retryLater' || advice === 'reauthenticate';
  return new RestError(text, temporary, Math.max(leastMs, Number.isFinite(retryAfterMs) ? retryAfterMs : 0));
}

/** No longer than an hour is believed. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** The header `Retry-After`, seconds or an HTTP date, in milliseconds; 0 when it says nothing. */
export function readRetryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return waitMs > 0 ? Math.min(waitMs, LONGEST_RETRY_AFTER_MS) : 0;
}

/** Whether the same call would fail again. What is not said to be final may pass: a source may fail in any way. */
export function isFinal(error: unknown): boolean {
  return error instanceof RestError && !error.temporary;
}

const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** How long to wait before a call that failed is tried again: a second or more, ever longer, and no less than Kraken said. */
export function retryDelayMs(error: unknown, failures: number, random: number): number {
  const leastMs = error instanceof RestError ? error.retryAfterMs : 0;
  return Math.max(leastMs, RETRY_BASE_MS + fullJitterDelayMs(failures, RETRY_BASE_MS, RETRY_MAX_MS, random));
}
