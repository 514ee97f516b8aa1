import type { TickerRow } from '../kraken/messages.ts';
import type { Plain } from '../kraken/plain.ts';
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
  readonly symbol: PairSymbol;
  readonly bid: DecimalText;
  readonly bidQty: DecimalText;
  readonly ask: DecimalText;
  readonly askQty: DecimalText;
  /** Price of the last trade; undefined when there was none in 24 h. */
  readonly last: DecimalText | undefined;
  readonly volume: DecimalText;
  readonly volumeUsd: DecimalText | undefined;
  readonly vwap: DecimalText;
  readonly low: DecimalText;
  readonly high: DecimalText;
  readonly change: DecimalText;
  /** Percent. */
  readonly changePct: DecimalText;
  readonly tradeCount: number | undefined;
  /** Exchange time, RFC 3339 with microseconds, as sent. */
  readonly timestamp: string | undefined;
  /** Wall-clock milliseconds at which the frame arrived here. */
  readonly receivedAt: number;

  constructor(plain: Plain<TickerRow>, receivedAt: number) {
    const row = plain as TickerRow;
    this.symbol = row.symbol;
    this.bid = row.bid;
    this.bidQty = row.bid_qty;
    this.ask = row.ask;
    this.askQty = row.ask_qty;
    this.last = row.last;
    this.volume = row.volume;
    this.volumeUsd = row.volume_usd;
    this.vwap = row.vwap;
    this.low = row.low;
    this.high = row.high;
    this.change = row.change;
    this.changePct = row.change_pct;
    this.tradeCount = row.trades;
    this.timestamp = row.timestamp;
    this.receivedAt = receivedAt;
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
