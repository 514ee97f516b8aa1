import type { CandleMinutes, OhlcRow } from '../kraken/messages.ts';
import type { Plain } from '../kraken/plain.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { DecimalText } from '../lib/decimal-text.ts';

/**
 * One candle, with the digits of the wire; prices in the quote asset, volume in the base asset.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/ohlc
 */
export class OHLCUpdate {
  readonly symbol: PairSymbol;
  /** Minutes. */
  readonly interval: CandleMinutes;
  /** RFC 3339 with nanoseconds, as sent. */
  readonly intervalBegin: string;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  /** Volume-weighted average price. */
  readonly vwap: DecimalText;
  readonly volume: DecimalText;
  /** Number of trades. */
  readonly trades: number;
  /**
   * Whether it is over: a later one has begun, or its end and a grace have passed on a feed that was live. Only a
   * correction of Kraken's changes it after that.
   */
  readonly closed: boolean;
  /** Wall-clock milliseconds at which it arrived here. */
  readonly receivedAt: number;

  constructor(plain: Plain<OhlcRow>, closed: boolean, receivedAt: number) {
    const row = plain as OhlcRow;
    this.symbol = row.symbol;
    this.interval = row.interval;
    this.intervalBegin = row.interval_begin;
    this.open = row.open;
    this.high = row.high;
    this.low = row.low;
    this.close = row.close;
    this.vwap = row.vwap;
    this.volume = row.volume;
    this.trades = row.trades;
    this.closed = closed;
    this.receivedAt = receivedAt;
  }

  /** When it ends and the next one may begin, RFC 3339. */
  get intervalEnd(): string {
    return new Date(Date.parse(this.intervalBegin) + this.interval * 60_000).toISOString();
  }

  toJSON(): object {
    const {
      symbol,
      interval,
      intervalBegin,
      intervalEnd,
      open,
      high,
      low,
      close,
      vwap,
      volume,
      trades,
      closed,
    } = this;
    return {
      symbol,
      interval,
      intervalBegin,
      intervalEnd,
      open,
      high,
      low,
      close,
      vwap,
      volume,
      trades,
      closed,
    };
  }
}

/** Wall-clock milliseconds at which a candle ends. */
export function endMs(row: OhlcRow): number {
  return Date.parse(row.interval_begin) + row.interval * 60_000;
}
