import type { TickerRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { Decimal, type DecimalText, decimalToText, isZero } from '../lib/decimal-text.ts';

/** Digits after the point of a computed percentage. */
const PERCENT_DIGITS = 8;

/**
 * One ticker as Kraken sent it: prices in the quote asset, quantities in the base asset, figures over a rolling
 * 24 h, each with the digits of the wire. What follows from them is computed exactly, when it is asked for.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/ticker
 */
export class TickerUpdate {
  readonly #row: TickerRow;
  /** Wall-clock milliseconds at which the frame arrived here. */
  readonly receivedAt: number;

  constructor(row: TickerRow, receivedAt: number) {
    this.#row = row;
    this.receivedAt = receivedAt;
  }

  get symbol(): PairSymbol {
    return this.#row.symbol;
  }
  get bid(): DecimalText {
    return this.#row.bid;
  }
  get bidQty(): DecimalText {
    return this.#row.bid_qty;
  }
  get ask(): DecimalText {
    return this.#row.ask;
  }
  get askQty(): DecimalText {
    return this.#row.ask_qty;
  }
  /** Price of the last trade; undefined when there was none in 24 h. */
  get last(): DecimalText | undefined {
    return this.#row.last;
  }
  get volume(): DecimalText {
    return this.#row.volume;
  }
  get volumeUsd(): DecimalText | undefined {
    return this.#row.volume_usd;
  }
  get vwap(): DecimalText {
    return this.#row.vwap;
  }
  get low(): DecimalText {
    return this.#row.low;
  }
  get high(): DecimalText {
    return this.#row.high;
  }
  get change(): DecimalText {
    return this.#row.change;
  }
  /** Percent. */
  get changePct(): DecimalText {
    return this.#row.change_pct;
  }
  get tradeCount(): number | undefined {
    return this.#row.trades;
  }
  /** Exchange time, RFC 3339 with microseconds, as sent. */
  get timestamp(): string | undefined {
    return this.#row.timestamp;
  }

  /** ask - bid; undefined while a side of the book is empty. */
  get spread(): Decimal | undefined {
    return this.#sides(({ bid, ask }) => ask.minus(bid));
  }

  /** (bid + ask) / 2; undefined while a side of the book is empty. */
  get midPrice(): Decimal | undefined {
    return this.#sides(({ bid, ask }) => ask.plus(bid).dividedBy(2));
  }

  /** spread / midPrice * 100, to eight digits after the point; undefined while a side of the book is empty. */
  get spreadPercentage(): Decimal | undefined {
    return this.#sides(({ bid, ask }) =>
      ask.minus(bid).times(200).dividedBy(ask.plus(bid)).toDecimalPlaces(PERCENT_DIGITS),
    );
  }

  toJSON(): Record<string, string | number | undefined> {
    const { spread, midPrice, spreadPercentage } = this;
    return {
      symbol: this.symbol,
      bid: this.bid,
      bidQty: this.bidQty,
      ask: this.ask,
      askQty: this.askQty,
      last: this.last,
      volume: this.volume,
      volumeUsd: this.volumeUsd,
      vwap: this.vwap,
      low: this.low,
      high: this.high,
      change: this.change,
      changePct: this.changePct,
      tradeCount: this.tradeCount,
      spread: spread && decimalToText(spread),
      midPrice: midPrice && decimalToText(midPrice),
      spreadPercentage: spreadPercentage && decimalToText(spreadPercentage),
      timestamp: this.timestamp,
    };
  }

  #sides(compute: (sides: { bid: Decimal; ask: Decimal }) => Decimal): Decimal | undefined {
    // Kraken sends an empty side as 0.
    if (isZero(this.bid) || isZero(this.ask)) return undefined;
    return compute({ bid: new Decimal(this.bid), ask: new Decimal(this.ask) });
  }
}
