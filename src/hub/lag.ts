/** Channels whose values say when they happened at the exchange. */
export type TimedChannel = 'ticker' | 'book' | 'trade';

/** How late the values of the last seconds left, milliseconds. */
export interface LagView {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Values of which it is remembered how late they left, and for how long. */
const REMEMBERED = 1_024;
const REMEMBERED_MS = 10_000;

/**
 * How late values leave: from the exchange's own timestamp of the first value of a turn to the end of that turn, when it
 * has been written to every socket. One look at the clock a turn and channel, however many values it carries. A clock that
 * is behind the exchange's gives 0.
 */
export class Lag {
  readonly #first = new Map<TimedChannel, string>();
  /** The latest values, from the place of the oldest on: when each left, and how late it was. */
  readonly #leftAt = new Float64Array(REMEMBERED).fill(Number.NEGATIVE_INFINITY);
  readonly #lateMs = new Float64Array(REMEMBERED);
  #oldest = 0;
  /** Who else wants to know; nobody unless set. */
  observe: ((channel: TimedChannel, seconds: number) => void) | undefined;

  /** A value that somebody reads has come. */
  happened(channel: TimedChannel, timestamp: string | undefined): void {
    if (timestamp === undefined || this.#first.has(channel)) return;
    this.#first.set(channel, timestamp);
  }

  /** All that came is written. @param now wall-clock milliseconds */
  written(now: number): void {
    if (this.#first.size === 0) return;
    for (const [channel, timestamp] of this.#first) {
      const lateMs = Math.max(0, now - Date.parse(timestamp));
      if (!Number.isFinite(lateMs)) continue;
      this.#leftAt[this.#oldest] = now;
      this.#lateMs[this.#oldest] = lateMs;
      this.#oldest = (this.#oldest + 1) % REMEMBERED;
      this.observe?.(channel, lateMs / 1_000);
    }
    this.#first.clear();
  }

  /** Of the last ten seconds; undefined when nothing left in them. @param now wall-clock milliseconds */
  view(now: number): LagView | undefined {
    const late = this.#lateMs
      .filter((_, place) => now - (this.#leftAt[place] as number) <= REMEMBERED_MS)
      .sort();
    const quantile = (share: number): number =>
      late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
    return late.length === 0 ? undefined : { medianMs: quantile(0.5), p99Ms: quantile(0.99) };
  }
}
