/**
 * Full-jitter exponential backoff: a uniform draw from 0 up to `baseMs * 2 ** attempt`, capped at `maxMs`.
 * Spreads a crowd of clients over the whole interval, and lets a lone one return early.
 *
 * @param attempt failures so far, 0 for the first retry
 * @param random a number in [0, 1)
 */
export function fullJitterDelayMs(attempt: number, baseMs: number, maxMs: number, random: number): number {
  return random * exponentialDelayMs(attempt, baseMs, maxMs);
}

/** `baseMs * 2 ** attempt`, capped at `maxMs`. */
export function exponentialDelayMs(attempt: number, baseMs: number, maxMs: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 32));
}
