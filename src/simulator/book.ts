import { bookChecksum, CHECKSUM_LEVELS, checksumDigits } from '../kraken/checksum.ts';
import { fixed, microseconds, type Raw } from './wire.ts';

export type Side = 'asks' | 'bids';

interface Level {
  readonly ticks: number;
  readonly lots: number;
}

/** Best first. */
type Levels = readonly Level[];
type Sides = Readonly<Record<Side, Levels>>;

/** The best prices of a pair and what stands there. */
export interface BestPrices {
  readonly bidTicks: number;
  readonly bidLots: number;
  readonly askTicks: number;
  readonly askLots: number;
}

/** Levels a side that are kept: more than any subscription sees, so that deletes bring hidden ones back. */
const KEPT = 1_100;
/** Of changes below the top, how many are within the best fifteen or so. */
const NEAR = 15;
/** A spread of more ticks than this is not left to widen. */
const WIDE = 20;

/** The whole book of one simulated pair, and what a subscription of some depth sees of it. */
export class SimulatedBook {
  readonly #random: () => number;
  readonly #lots: () => number;
  readonly #digits: { readonly price: number; readonly qty: number };
  readonly #levels: Record<Side, Level[]> = { asks: [], bids: [] };

  /** @param lots draws the quantity of an order */
  constructor(
    random: () => number,
    lots: () => number,
    digits: { readonly price: number; readonly qty: number },
    best: BestPrices,
  ) {
    this.#random = random;
    this.#lots = lots;
    this.#digits = digits;
    for (const side of ['asks', 'bids'] as const) this.follow(side, best);
  }

  get best(): BestPrices {
    const [[ask], [bid]] = [this.#levels.asks, this.#levels.bids];
    return {
      bidTicks: bid?.ticks ?? 0,
      bidLots: bid?.lots ?? 0,
      askTicks: ask?.ticks ?? 0,
      askLots: ask?.lots ?? 0,
    };
  }

  // ── What happens to it: one call is one message of the book channel ──────────────────────────────────

  /** A taker's order went through one side, or its makers followed: the best price is here now. */
  follow(side: Side, { bidTicks, bidLots, askTicks, askLots }: BestPrices): void {
    const best = side === 'asks' ? { ticks: askTicks, lots: askLots } : { ticks: bidTicks, lots: bidLots };
    const direction = directionOf(side);
    const behind = this.#levels[side].filter(({ ticks }) => (ticks - best.ticks) * direction > 0);
    this.#levels[side] = this.#filled([best, ...behind], direction);
  }

  /** The best of one side gets another quantity, is withdrawn, or is bettered within the spread. */
  quote(): void {
    const side = this.#side();
    const levels = this.#levels[side];
    const [best, next] = levels;
    if (best === undefined) return;
    const { askTicks, bidTicks } = this.best;
    const spread = askTicks - bidTicks;
    const dice = this.#random();
    if (spread > 1 && (dice < 0.25 || spread > WIDE)) {
      const step = 1 + Math.floor(this.#random() * (spread - 1));
      levels.unshift({ ticks: best.ticks - directionOf(side) * step, lots: this.#lots() });
    } else if (dice < 0.5 && next !== undefined) levels.shift();
    else levels[0] = { ticks: best.ticks, lots: this.#otherThan(best.lots) };
    this.#levels[side] = this.#filled(levels, directionOf(side));
  }

  /** One order below the best: a price between two others is taken, a quantity changes, or a price is given up. */
  deep(side: Side = this.#side()): void {
    const levels = this.#levels[side];
    const index = 1 + Math.floor(this.#random() ** 2 * NEAR);
    const [here, next] = [levels[index], levels[index + 1]];
    if (here === undefined) return;
    const room = next === undefined ? 0 : Math.abs(next.ticks - here.ticks) - 1;
    const dice = this.#random();
    if (room > 0 && dice < 0.6) {
      const ticks = here.ticks + directionOf(side) * (1 + Math.floor(this.#random() * room));
      levels.splice(index + 1, 0, { ticks, lots: this.#lots() });
    } else if (dice > 0.85) levels.splice(index, 1);
    else levels[index] = { ticks: here.ticks, lots: this.#otherThan(here.lots) };
    this.#levels[side] = this.#filled(levels, directionOf(side));
  }

  // ── What is seen of it ───────────────────────────────────────────────────────────────────────────────

  /** What a subscription of this depth sees. */
  top(depth: number): Sides {
    return { asks: this.#levels.asks.slice(0, depth), bids: this.#levels.bids.slice(0, depth) };
  }

  /** A row of the book channel: the whole of what is seen, or what changed since `before`; undefined if nothing did. */
  row(symbol: string, depth: number, updatedMs: number, before?: Sides): object | undefined {
    const now = this.top(depth);
    const [asks, bids] = (['asks', 'bids'] as const).map(side =>
      before === undefined ? now[side] : this.#changes(side, before[side], now[side]),
    ) as [Levels, Levels];
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
  #changes(side: Side, before: Levels, now: Levels): Levels {
    const seen = new Map(now.map(level => [level.ticks, level.lots]));
    const was = new Map(before.map(level => [level.ticks, level.lots]));
    const gone = before.filter(
      ({ ticks }) => !seen.has(ticks) && !this.#levels[side].some(level => level.ticks === ticks),
    );
    return [
      ...gone.map(({ ticks }) => ({ ticks, lots: 0 })),
      ...now.filter(({ ticks, lots }) => was.get(ticks) !== lots),
    ];
  }

  /** Far from the best, where no subscription sees it, prices are taken until there are enough. */
  #filled(levels: Level[], direction: 1 | -1): Level[] {
    let ticks = levels.at(-1)?.ticks ?? 0;
    while (levels.length < KEPT) {
      ticks += direction * (1 + Math.floor(this.#random() * 3));
      if (ticks <= 0) break;
      levels.push({ ticks, lots: this.#lots() });
    }
    return levels.length > KEPT ? levels.slice(0, KEPT) : levels;
  }

  #side(): Side {
    return this.#random() < 0.5 ? 'asks' : 'bids';
  }

  #otherThan(lots: number): number {
    const drawn = this.#lots();
    return drawn === lots ? drawn + 1 : drawn;
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

/** Where worse prices are. */
function directionOf(side: Side): 1 | -1 {
  return side === 'asks' ? 1 : -1;
}
