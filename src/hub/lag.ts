/** Channels whose values say when they happened at the exchange. */
export type TimedChannel = 'ticker' | 'book' | 'trade';

/**
 * How late values leave: from the exchange's own timestamp of the first value of a turn to the end of that turn, when it
 * has been written to every socket. One look at the clock a turn and channel, however many values it carries.
 */
export class Lag {
  readonly #first = new Map<TimedChannel, string>();
  /** Who wants to know; nobody unless set. A clock that is behind the exchange's gives 0. */
  observe: ((channel: TimedChannel, seconds: number) => void) | undefined;

  /** A value that somebody reads has come. */
  happened(channel: TimedChannel, timestamp: string | undefined): void {
    if (this.observe === undefined || timestamp === undefined || this.#first.has(channel)) return;
    this.#first.set(channel, timestamp);
  }

  /** All that came is written. @param now wall-clock milliseconds */
  written(now: number): void {
    if (this.#first.size === 0) return;
    for (const [channel, timestamp] of this.#first) {
      const lateMs = now - Date.parse(timestamp);
      if (Number.isFinite(lateMs)) this.observe?.(channel, Math.max(0, lateMs) / 1_000);
    }
    this.#first.clear();
  }
}
