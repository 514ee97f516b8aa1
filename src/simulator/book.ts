import { bookChecksum, CHECKSUM_LEVELS, checksumDigits } from '../kraken/checksum.ts';
import { fixed, microseconds, type Raw } from './wire.ts';

/** Lots by price in ticks, best first. */
type Levels = { readonly ticks: number; readonly lots: number }[];

/** Where a pair stands, as far as its book has to follow it. */
export interface BestPrices {
  readonly bidTicks: number;
  readonly bidLots: number;
  readonly askTicks: number;
  readonly askLots: number;
}

/** Levels a side that are kept: more than any subscription sees, so that deletes bring hidden ones back. */
const KEPT = 1_100;

/** The whole book of one simulated pair, and what a subscription of some depth sees of it. */
export class SimulatedBook {
  readonly #random: () => number;
  readonly #digits: { readonly price: number; readonly qty: number };
  #asks: Levels = [];
  #bids: Levels = [];

  constructor(
    random: () => number,
    digits: { readonly price: number; readonly qty: number },
    best: BestPrices,
  ) {
    this.#random = random;
    this.#digits = digits;
    this.follow(best);
  }

  /** Moves the best prices to where the pair stands now, and changes a few levels behind them. */
  follow({ bidTicks, bidLots, askTicks, askLots }: BestPrices): void {
    this.#asks = this.#moved(this.#asks, { ticks: askTicks, lots: askLots }, 1);
    this.#bids = this.#moved(this.#bids, { ticks: bidTicks, lots: bidLots }, -1);
  }

  /** The rows of one side that a subscription of this depth sees. */
  top(depth: number): { readonly asks: Levels; readonly bids: Levels } {
    return { asks: this.#asks.slice(0, depth), bids: this.#bids.slice(0, depth) };
  }

  /** A row of the book channel: the whole of what is seen, or what changed since `before`; undefined if nothing did. */
  row(
    symbol: string,
    depth: number,
    updatedMs: number,
    before?: { asks: Levels; bids: Levels },
  ): object | undefined {
    const now = this.top(depth);
    const asks = before === undefined ? now.asks : this.#changes(before.asks, now.asks, this.#asks);
    const bids = before === undefined ? now.bids : this.#changes(before.bids, now.bids, this.#bids);
    if (before !== undefined && asks.length === 0 && bids.length === 0) return undefined;
    return {
      symbol,
      bids: this.#written(bids),
      asks: this.#written(asks),
      checksum: bookChecksum(this.#digitsOf(now.asks), this.#digitsOf(now.bids)),
      timestamp: microseconds(updatedMs),
    };
  }

  /** Deletes of what is gone, then what is new or has another quantity; nothing of what only fell out of sight. */
  #changes(before: Levels, now: Levels, all: Levels): Levels {
    const seen = new Map(now.map(level => [level.ticks, level.lots]));
    const exists = new Set(all.map(level => level.ticks));
    const was = new Map(before.map(level => [level.ticks, level.lots]));
    const gone = before.filter(({ ticks }) => !seen.has(ticks) && !exists.has(ticks));
    return [
      ...gone.map(({ ticks }) => ({ ticks, lots: 0 })),
      ...now.filter(({ ticks, lots }) => was.get(ticks) !== lots),
    ];
  }

  #moved(levels: Levels, best: Levels[number], direction: 1 | -1): Levels {
    const behind = levels.filter(({ ticks }) => (ticks - best.ticks) * direction > 0);
    const moved = [best, ...behind];
    for (let change = 0; change < 3; change += 1) {
      const index = 1 + Math.floor(this.#random() ** 2 * Math.min(40, moved.length));
      const present = moved[index];
      if (present === undefined) continue;
      if (this.#random() < 0.3) moved.splice(index, 1);
      else moved[index] = { ...present, lots: this.#lots(best.lots) };
    }
    const last = moved.at(-1) ?? best;
    let ticks = last.ticks;
    while (moved.length < KEPT) {
      ticks += direction * (1 + Math.floor(this.#random() * 3));
      if (ticks <= 0) break;
      moved.push({ ticks, lots: this.#lots(best.lots) });
    }
    return this.#withGapsFilled(moved, direction);
  }

  /** Prices between two others are taken, the nearer to the best the more of them, so that levels are pushed out of sight. */
  #withGapsFilled(levels: Levels, direction: 1 | -1): Levels {
    for (let times = 0; times < 2; times += 1) {
      const index = Math.floor(this.#random() ** 2 * 15);
      const [here, next] = [levels[index], levels[index + 1]];
      const room = here === undefined || next === undefined ? 0 : Math.abs(next.ticks - here.ticks) - 1;
      if (here === undefined || room < 1) continue;
      const ticks = here.ticks + direction * (1 + Math.floor(this.#random() * room));
      levels.splice(index + 1, 0, { ticks, lots: this.#lots(here.lots) });
    }
    return levels.slice(0, KEPT);
  }

  #lots(around: number): number {
    return 1 + Math.floor(this.#random() * 2 * around);
  }

  #written(levels: Levels): { readonly price: Raw; readonly qty: Raw }[] {
    return levels.map(({ ticks, lots }) => ({
      price: fixed(ticks, this.#digits.price),
      qty: fixed(lots, this.#digits.qty),
    }));
  }

  #digitsOf(levels: Levels): { readonly digits: string }[] {
    return this.#written(levels.slice(0, CHECKSUM_LEVELS)).map(({ price, qty }) => ({
      digits: checksumDigits(price.token, qty.token),
    }));
  }
}
