/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * The one seam through which time and randomness come. Everything that waits, measures or rolls dice takes
 * a `Clock`, so that a test can stand in for all three.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. For values shown to people. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back. For measuring. */
  monotonicMs(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Runs `callback` once, after `delayMs`. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Runs `callback` once, when the event-loop turn under way has read what its sockets hold. */
  endOfTurn(callback: () => void): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  endOfTurn(callback) {
    setImmediate(callback);
  },
};

/** Milliseconds since the epoch as RFC 3339 text in UTC, with milliseconds. */
export function toDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
