import { pageClock } from '../lib/page-clock.ts';

/** So long after its last increase a counter is news. */
const NEWS_MS = 600_000;

/** Increases of counters that only rise, which are news for a while: a total says what was, and not what is wrong now. */
export class Recent {
  readonly #counters = new Map<string, { total: number; increase: number; lastMs: number }>();

  /** What a counter is at now. The first total, and one that is less than before, are where it begins. */
  take(name: string, total: number): void {
    const known = this.#counters.get(name);
    if (known === undefined || total < known.total) {
      this.#counters.set(name, { total, increase: 0, lastMs: Number.NEGATIVE_INFINITY });
    } else if (total > known.total) {
      known.increase = this.of(name) + total - known.total;
      known.total = total;
      known.lastMs = pageClock.now();
    }
  }

  /** By how much it rose recently; 0 from ten minutes after its last increase on. */
  of(name: string): number {
    const known = this.#counters.get(name);
    return known !== undefined && pageClock.now() - known.lastMs < NEWS_MS ? known.increase : 0;
  }
}
