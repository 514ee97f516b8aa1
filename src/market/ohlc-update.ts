import type { CandleMinutes, OhlcRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { DecimalText } from '../lib/decimal-text.ts';

/**
 * One candle, with the digits of the wire; prices in the quote asset, volume in the base asset.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/ohlc
 */
export class OHLCUpdate {
  readonly #row: OhlcRow;
  /**
   * Whether it is over: a later one has begun, or its end and a grace have passed on a feed that was live. Only a
   * correction of Kraken's changes it after that.
   */
  readonly closed: boolean;
  /** Wall-clock milliseconds at which it arrived here. */
  readonly receivedAt: number;

  constructor(row: OhlcRow, closed: boolean, receivedAt: number) {
    this.#row = row;
    this.closed = closed;
    this.receivedAt = receivedAt;
  }

  get symbol(): PairSymbol {
    return this.#row.symbol;
  }
  /** Minutes. */
  get interval(): CandleMinutes {
    return this.#row.interval;
  }
  /** RFC 3339 with nanoseconds, as sent. */
  get intervalBegin(): string {
    return this.#row.interval_begin;
  }
  /** When it ends and the next one may begin, RFC 3339. */
  get intervalEnd(): string {
    return new Date(endMs(this.#row)).toISOString();
  }
  get open(): DecimalText {
    return this.#row.open;
  }
  get high(): DecimalText {
    return this.#row.high;
  }
  get low(): DecimalText {
    return this.#row.low;
  }
  get close(): DecimalText {
    return this.#row.close;
  }
  /** Volume-weighted average price. */
  get vwap(): DecimalText {
    return this.#row.vwap;
  }
  get volume(): DecimalText {
    return this.#row.volume;
  }
  /** Number of trades. */
  get trades(): number {
    return this.#row.trades;
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
