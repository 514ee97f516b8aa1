import { TokenBucket } from '../lib/token-bucket.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Another complaint this soon after a pause is the same trouble going on. */
const REPEAT_WITHIN_MS = 10_000;

/**
 * How fast control messages (subscribe, unsubscribe, ping) may leave: an even rate, and silence after Kraken
 * said `Exceeded msg rate`: one second, doubling up to thirty while it repeats.
 */
export class ControlPacing {
  readonly #bucket: TokenBucket;
  #pauseMs = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(ratePerSecond: number, nowMs: number) {
    this.#bucket = new TokenBucket(ratePerSecond, ratePerSecond, nowMs);
  }

  /**
   * Takes leave to send one message and returns 0, or returns the milliseconds to wait before asking again.
   *
   * @param keep messages that could leave at once after it
   */
  take(nowMs: number, keep = 0): number {
    if (nowMs < this.#pausedUntilMs) return this.#pausedUntilMs - nowMs;
    return this.#bucket.take(nowMs, keep);
  }

  /** Kraken complained. */
  slowDown(nowMs: number): void {
    const repeats = nowMs < this.#pausedUntilMs + REPEAT_WITHIN_MS;
    this.#pauseMs = repeats ? Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2) : FIRST_PAUSE_MS;
    this.#pausedUntilMs = nowMs + this.#pauseMs;
  }
}
