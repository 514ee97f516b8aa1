import type { OhlcRow } from '../kraken/messages.ts';
import { endMs, OHLCUpdate } from './ohlc-update.ts';

interface Candle {
  readonly row: OhlcRow;
  readonly receivedAt: number;
  readonly closed: boolean;
}

/** Candles kept: what REST knows (720) and a good while after it. */
const KEPT = 1_500;
/** How long after its end a candle may still get a late trade. */
const CLOSE_GRACE_MS = 5_000;

/**
 * The candles of one pair and interval, oldest first, each under its beginning. A candle is closed when a later one has
 * begun, or when {@link close} finds its end and a grace past; then it stays closed, whatever is corrected later.
 */
export class CandleSeries {
  readonly #candles: Candle[] = [];
  /** What was known before a gap, to compare with when history closes it. */
  #forgotten: ReadonlyMap<string, Candle> = new Map();
  #complete = false;
  /** Beginnings of candles that changed since they were last taken. */
  readonly #changed = new Set<string>();
  /** Candles that begin before this are history: nobody was told of them as they came. */
  #newsFrom: string | undefined;

  /** Whether REST's history has been merged, and nothing was missed since. */
  get complete(): boolean {
    return this.#complete;
  }

  get size(): number {
    return this.#candles.length;
  }

  /** The last `count` candles, oldest first. */
  last(count: number): OHLCUpdate[] {
    return this.#candles.slice(Math.max(0, this.#candles.length - Math.max(0, count))).map(viewOf);
  }

  /** The candle that begins at a time. */
  at(intervalBegin: string): OHLCUpdate | undefined {
    const candle = this.#candles[this.#placeOf(intervalBegin) - 1];
    return candle?.row.interval_begin === intervalBegin ? viewOf(candle) : undefined;
  }

  /** When the latest candle begins. */
  get latestBegin(): string | undefined {
    return this.#candles.at(-1)?.row.interval_begin;
  }

  /** When the latest candle can be closed by time alone; undefined when there is none that is open. */
  get closesAt(): number | undefined {
    const latest = this.#candles.at(-1);
    return latest === undefined || latest.closed ? undefined : endMs(latest.row) + CLOSE_GRACE_MS;
  }

  /** Closes the latest candle if its time has come. Only a feed that is live knows that no trade is missing. */
  close(now: number): void {
    const { closesAt } = this;
    if (closesAt !== undefined && closesAt <= now) this.#closeLatest();
  }

  /** Candles that readers have not been told of as they are now, oldest first; each change is taken once. */
  takeChanged(): OHLCUpdate[] {
    const begins = [...this.#changed].sort();
    this.#changed.clear();
    return begins.flatMap(begin => this.at(begin) ?? []);
  }

  /** No one reads it any more: for whoever reads it again, what has come by then is history. */
  unread(): void {
    this.#newsFrom = undefined;
    this.#changed.clear();
  }

  /**
   * A snapshot is the truth about its own time. If it does not reach back to what is known, candles in between may
   * have been missed, and what is before it is forgotten until history is merged again.
   */
  applySnapshot(rows: readonly OhlcRow[], receivedAt: number): void {
    const latest = this.#candles.at(-1);
    if (latest !== undefined && !rows.some(row => row.interval_begin <= latest.row.interval_begin)) {
      const known = [...this.#forgotten.values(), ...this.#candles.splice(0)].slice(-KEPT);
      this.#forgotten = new Map(known.map(candle => [candle.row.interval_begin, candle]));
      this.#complete = false;
    }
    this.#beginNews(rows);
    for (const row of rows) this.#put(row, receivedAt, 'snapshot');
  }

  /** A change of one candle, the latest or a late one. */
  applyUpdate(row: OhlcRow, receivedAt: number): void {
    if (this.#newsFrom === undefined || row.interval_begin < this.#newsFrom)
      this.#newsFrom = row.interval_begin;
    this.#put(row, receivedAt, 'update');
  }

  /** History from REST. Where the socket has told of a candle too, the one with more trades stands. */
  mergeHistory(rows: readonly OhlcRow[], receivedAt: number): void {
    this.#beginNews(rows);
    for (const row of rows) this.#put(row, receivedAt, 'history');
    this.#forgotten = new Map();
    this.#complete = true;
  }

  /** Of what comes first, the latest candle is news, and the rest is history. */
  #beginNews(rows: readonly OhlcRow[]): void {
    for (const { interval_begin } of this.#newsFrom === undefined ? rows : []) {
      if (this.#newsFrom === undefined || interval_begin > this.#newsFrom) this.#newsFrom = interval_begin;
    }
  }

  #put(row: OhlcRow, receivedAt: number, source: 'snapshot' | 'update' | 'history'): void {
    const begin = row.interval_begin;
    const place = this.#placeOf(begin);
    const present = this.#candles[place - 1];
    if (present?.row.interval_begin === begin) {
      const same = isSame(row, present.row);
      if (same && source !== 'snapshot') return;
      if (!isNewer(row, present.row, source)) return;
      this.#candles[place - 1] = { row, receivedAt, closed: present.closed };
      if (!same) this.#note(begin);
      return;
    }
    const known = this.#forgotten.get(begin);
    const isKnown = known !== undefined && (isSame(row, known.row) || !isNewer(row, known.row, source));
    const isLatest = place === this.#candles.length;
    if (isLatest) this.#closeLatest();
    const candle = isKnown ? known : { row, receivedAt, closed: false };
    this.#candles.splice(place, 0, { ...candle, closed: candle.closed || !isLatest });
    if (!isKnown || known.closed !== this.#candles[place]?.closed) this.#note(begin);
    if (this.#candles.length > KEPT) this.#candles.shift();
  }

  #closeLatest(): void {
    const latest = this.#candles.at(-1);
    if (latest === undefined || latest.closed) return;
    this.#candles[this.#candles.length - 1] = { ...latest, closed: true };
    this.#note(latest.row.interval_begin);
  }

  #note(begin: string): void {
    if (this.#newsFrom !== undefined && begin >= this.#newsFrom) this.#changed.add(begin);
  }

  /** How many candles begin at this time or earlier. */
  #placeOf(begin: string): number {
    let place = this.#candles.length;
    while (place > 0 && (this.#candles[place - 1] as Candle).row.interval_begin > begin) place -= 1;
    return place;
  }
}

/** Trades only ever add up: fewer of them is an older state of the candle, and as many a correction, if the socket tells. */
function isNewer(row: OhlcRow, known: OhlcRow, source: 'snapshot' | 'update' | 'history'): boolean {
  if (source === 'snapshot') return true;
  return source === 'update' ? row.trades >= known.trades : row.trades > known.trades;
}

const MEMBERS = ['trades', 'close', 'high', 'low', 'open', 'volume', 'vwap'] as const;

function isSame(one: OhlcRow, other: OhlcRow): boolean {
  return MEMBERS.every(member => one[member] === other[member]);
}

function viewOf({ row, receivedAt, closed }: Candle): OHLCUpdate {
  return new OHLCUpdate(row, closed, receivedAt);
}
