const WINDOW_SECONDS = 10;

/** Counts events and tells their rate over the last ten seconds. One bucket a second, time is an argument. */
export class EventRate {
  readonly #buckets = new Uint32Array(WINDOW_SECONDS);
  readonly #startedMs: number;
  #second = 0;
  #total = 0;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
  }

  get total(): number {
    return this.#total;
  }

  count(nowMs: number): void {
    this.#advance(nowMs);
    this.#total += 1;
    const slot = this.#second % WINDOW_SECONDS;
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + 1;
  }

  /** Events a second over the last ten seconds, or since the start while that is less. */
  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    let sum = 0;
    for (const count of this.#buckets) sum += count;
    const elapsedSeconds = (nowMs - this.#startedMs) / 1000;
    return sum / Math.min(WINDOW_SECONDS, Math.max(1, elapsedSeconds));
  }

  #advance(nowMs: number): void {
    const second = Math.floor((nowMs - this.#startedMs) / 1000);
    const behind = Math.min(second - this.#second, WINDOW_SECONDS);
    for (let step = 0; step < behind; step += 1) {
      this.#buckets[(second - step) % WINDOW_SECONDS] = 0;
    }
    if (second > this.#second) this.#second = second;
  }
}
