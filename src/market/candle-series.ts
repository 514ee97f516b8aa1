import type { OhlcRow } from '../kraken/messages.ts';
import { endMs, OHLCUpdate } from './ohlc-update.ts';

interface Candle {
  readonly row: OhlcRow;
  readonly receivedAt: number;
}

/** Candles kept: what REST knows (720) and a good while after it. */
const KEPT = 1_500;
/** How long after its end a candle may still get a late trade. */
const CLOSE_GRACE_MS = 5_000;

/** The candles of one pair and interval, oldest first, each under its beginning. */
export class CandleSeries {
  readonly #candles: Candle[] = [];
  #complete = false;

  /** Whether REST's history has been merged, and nothing was missed since. */
  get complete(): boolean {
    return this.#complete;
  }

  get size(): number {
    return this.#candles.length;
  }

  /** The last `count` candles, oldest first. */
  last(count: number, now: number): OHLCUpdate[] {
    const from = Math.max(0, this.#candles.length - Math.max(0, count));
    return this.#candles.slice(from).map((candle, index) => this.#view(candle, from + index, now));
  }

  /** Candles that begin at a time or later, oldest first. */
  since(intervalBegin: string, now: number): OHLCUpdate[] {
    const first = this.#candles.findIndex(({ row }) => row.interval_begin >= intervalBegin);
    return first < 0 ? [] : this.last(this.#candles.length - first, now);
  }

  latest(now: number): OHLCUpdate | undefined {
    return this.last(1, now)[0];
  }

  /** When the latest candle begins. */
  get latestBegin(): string | undefined {
    return this.#candles.at(-1)?.row.interval_begin;
  }

  /** When the latest candle turns closed by the clock alone; undefined without one. */
  get closesAt(): number | undefined {
    const latest = this.#candles.at(-1);
    return latest && endMs(latest.row) + CLOSE_GRACE_MS;
  }

  /**
   * A snapshot is the truth about its own time. If it does not reach back to what is known, candles in between may
   * have been missed, and what is before it is forgotten until history is merged again.
   */
  applySnapshot(rows: readonly OhlcRow[], receivedAt: number): void {
    const latest = this.#candles.at(-1);
    if (latest !== undefined && !rows.some(row => row.interval_begin <= latest.row.interval_begin)) {
      this.#candles.length = 0;
      this.#complete = false;
    }
    for (const row of rows) this.#put({ row, receivedAt }, true);
  }

  /** A change of one candle; returns whether it was newer than what is known. */
  applyUpdate(row: OhlcRow, receivedAt: number): boolean {
    return this.#put({ row, receivedAt }, false);
  }

  /** History from REST. Where the socket has told of a candle too, the one with more trades stands. */
  mergeHistory(rows: readonly OhlcRow[], receivedAt: number): void {
    for (const row of rows) this.#put({ row, receivedAt }, false);
    this.#complete = true;
  }

  #put(candle: Candle, replace: boolean): boolean {
    const begin = candle.row.interval_begin;
    let index = this.#candles.length;
    while (index > 0 && (this.#candles[index - 1] as Candle).row.interval_begin > begin) index -= 1;
    const present = this.#candles[index - 1];
    if (present?.row.interval_begin === begin) {
      // Trades only ever add up: fewer of them is an older state of the candle.
      const older = candle.row.trades < present.row.trades;
      const same = candle.row.trades === present.row.trades;
      if (!replace && (older || same)) return false;
      this.#candles[index - 1] = candle;
      return true;
    }
    this.#candles.splice(index, 0, candle);
    if (this.#candles.length > KEPT) this.#candles.shift();
    return true;
  }

  #view({ row, receivedAt }: Candle, index: number, now: number): OHLCUpdate {
    const closed = index < this.#candles.length - 1 || now >= endMs(row) + CLOSE_GRACE_MS;
    return new OHLCUpdate(row, closed, receivedAt);
  }
}
