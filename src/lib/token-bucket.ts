/** Allows `ratePerSecond` on average and `burst` at once. Time is an argument. */
export class TokenBucket {
  readonly #ratePerSecond: number;
  readonly #burst: number;
  #tokens: number;
  #updatedMs: number;

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#updatedMs = nowMs;
  }

  /**
   * Takes one token and returns 0, or takes none and returns the milliseconds until there is one.
   *
   * @param keep tokens that have to be left after it; of a bucket that never holds so many, as many as it can
   */
  take(nowMs: number, keep = 0): number {
    const needed = 1 + Math.max(0, Math.min(keep, this.#burst - 1));
    const refill = ((nowMs - this.#updatedMs) / 1000) * this.#ratePerSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + refill);
    this.#updatedMs = nowMs;
    // A hair below a token is a token: the refill is a float, and a timer never fires early by more.
    if (this.#tokens >= needed - 1e-9) {
      this.#tokens = Math.max(0, this.#tokens - 1);
      return 0;
    }
    return ((needed - this.#tokens) / this.#ratePerSecond) * 1000;
  }
}
