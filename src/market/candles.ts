import type { CandleMinutes, OhlcRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CandleSeries } from './candle-series.ts';
import type { OHLCUpdate } from './ohlc-update.ts';

const DAY_MS = 86_400_000;
/** A late trade changes a candle of just now. */
const LATE_INTERVALS = 2;
/** Series that are put by while no one reads them, */
const MAX_PARKED = 500;
/** and for how long. */
const PARKED_MS = DAY_MS;

/** Whether a candle can have begun by now. Clocks differ, but not by a day. */
function hasBegun({ interval_begin, interval }: OhlcRow, now: number): boolean {
  return Date.parse(interval_begin) <= now + interval * 60_000 + DAY_MS;
}

/**
 * The candles of every pair and interval. One that begins in the far future would be the latest for good, and one from
 * long before the others would have them all told again: neither is taken.
 */
export class Candles {
  readonly #byInterval = new Map<CandleMinutes, Map<PairSymbol, CandleSeries>>();
  /** Not to be read: what was known when the last reader left, oldest first. */
  readonly #parked = new Map<string, { readonly series: CandleSeries; readonly atMs: number }>();

  series(symbol: PairSymbol, interval: CandleMinutes): CandleSeries | undefined {
    return this.#byInterval.get(interval)?.get(symbol);
  }

  /** The last candles, oldest first; undefined while nothing has come. */
  last(symbol: PairSymbol, interval: CandleMinutes, count: number): readonly OHLCUpdate[] | undefined {
    return this.series(symbol, interval)?.last(count);
  }

  /**
   * Takes the rows of one message.
   *
   * @returns the series that changed, and the rows that it took; undefined when it took none
   */
  apply(
    type: 'snapshot' | 'update',
    symbol: PairSymbol,
    interval: CandleMinutes,
    rows: readonly OhlcRow[],
    receivedAt: number,
  ): { readonly series: CandleSeries; readonly taken: readonly OhlcRow[] } | undefined {
    if (type === 'snapshot') this.#revive(symbol, interval, receivedAt);
    const latest = type === 'snapshot' ? undefined : this.series(symbol, interval)?.latestBegin;
    const leastMs =
      latest === undefined ? 0 : Date.parse(latest) - LATE_INTERVALS * interval * 60_000 - DAY_MS;
    const taken = rows.filter(row => hasBegun(row, receivedAt) && Date.parse(row.interval_begin) >= leastMs);
    if (taken.length === 0) return undefined;
    const series = this.#getOrAdd(symbol, interval);
    if (type === 'snapshot') series.applySnapshot(taken, receivedAt);
    else for (const row of taken) series.applyUpdate(row, receivedAt);
    return { series, taken };
  }

  mergeHistory(
    symbol: PairSymbol,
    interval: CandleMinutes,
    rows: readonly OhlcRow[],
    receivedAt: number,
  ): CandleSeries {
    const series = this.#getOrAdd(symbol, interval);
    series.mergeHistory(
      rows.filter(row => hasBegun(row, receivedAt)),
      receivedAt,
    );
    return series;
  }

  /** Nobody reads a series any more: it is put by, for whoever reads it again. */
  park(symbol: PairSymbol, interval: CandleMinutes, now: number): void {
    const series = this.series(symbol, interval);
    if (series === undefined) return;
    series.unread();
    this.#byInterval.get(interval)?.delete(symbol);
    const key = `${symbol} ${interval}`;
    this.#parked.delete(key);
    this.#parked.set(key, { series, atMs: now });
    for (const [oldest, { atMs }] of this.#parked) {
      if (this.#parked.size <= MAX_PARKED && now - atMs <= PARKED_MS) break;
      this.#parked.delete(oldest);
    }
  }

  /** Takes up a series that was put by: the snapshot that follows says what of it still stands. */
  #revive(symbol: PairSymbol, interval: CandleMinutes, now: number): void {
    const key = `${symbol} ${interval}`;
    const parked = this.#parked.get(key);
    if (parked === undefined || this.series(symbol, interval) !== undefined) return;
    this.#parked.delete(key);
    if (now - parked.atMs <= PARKED_MS) this.#bySymbol(interval).set(symbol, parked.series);
  }

  #bySymbol(interval: CandleMinutes): Map<PairSymbol, CandleSeries> {
    let bySymbol = this.#byInterval.get(interval);
    if (bySymbol === undefined) {
      bySymbol = new Map();
      this.#byInterval.set(interval, bySymbol);
    }
    return bySymbol;
  }

  #getOrAdd(symbol: PairSymbol, interval: CandleMinutes): CandleSeries {
    const bySymbol = this.#bySymbol(interval);
    let series = bySymbol.get(symbol);
    if (series === undefined) {
      series = new CandleSeries();
      bySymbol.set(symbol, series);
    }
    return series;
  }
}
