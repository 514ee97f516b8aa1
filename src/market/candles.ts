import type { CandleMinutes, OhlcRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CandleSeries } from './candle-series.ts';
import type { OHLCUpdate } from './ohlc-update.ts';

/** The candles of every pair and interval. */
export class Candles {
  readonly #byInterval = new Map<CandleMinutes, Map<PairSymbol, CandleSeries>>();

  series(symbol: PairSymbol, interval: CandleMinutes): CandleSeries | undefined {
    return this.#byInterval.get(interval)?.get(symbol);
  }

  /** The last candles, oldest first; undefined while nothing has come. */
  last(
    symbol: PairSymbol,
    interval: CandleMinutes,
    count: number,
    now: number,
  ): readonly OHLCUpdate[] | undefined {
    return this.series(symbol, interval)?.last(count, now);
  }

  /**
   * Takes the rows of one message.
   *
   * @returns the series that changed
   */
  apply(
    type: 'snapshot' | 'update',
    symbol: PairSymbol,
    interval: CandleMinutes,
    rows: readonly OhlcRow[],
    receivedAt: number,
  ): CandleSeries {
    const series = this.#getOrAdd(symbol, interval);
    if (type === 'snapshot') series.applySnapshot(rows, receivedAt);
    else for (const row of rows) series.applyUpdate(row, receivedAt);
    return series;
  }

  mergeHistory(
    symbol: PairSymbol,
    interval: CandleMinutes,
    rows: readonly OhlcRow[],
    receivedAt: number,
  ): CandleSeries {
    const series = this.#getOrAdd(symbol, interval);
    series.mergeHistory(rows, receivedAt);
    return series;
  }

  drop(symbol: PairSymbol, interval: CandleMinutes): void {
    this.#byInterval.get(interval)?.delete(symbol);
  }

  #getOrAdd(symbol: PairSymbol, interval: CandleMinutes): CandleSeries {
    let bySymbol = this.#byInterval.get(interval);
    if (bySymbol === undefined) {
      bySymbol = new Map();
      this.#byInterval.set(interval, bySymbol);
    }
    let series = bySymbol.get(symbol);
    if (series === undefined) {
      series = new CandleSeries();
      bySymbol.set(symbol, series);
    }
    return series;
  }
}
