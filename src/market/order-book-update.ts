import type { Plain } from '../kraken/plain.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { Decimal, decimalToText } from '../lib/decimal-text.ts';
import type { BookLevel } from './book-side.ts';

/** What an {@link OrderBookUpdate} is made of. */
export type OrderBookState = Pick<
  OrderBookUpdate,
  'symbol' | 'depth' | 'checksum' | 'timestamp' | 'sequence' | 'receivedAt'
> & { readonly [Side in 'asks' | 'bids']: readonly Pick<BookLevel, 'price' | 'qty'>[] };

/**
 * One verified state of an order book. Prices in the quote asset, quantities in the base asset, with the digits
 * of the wire; what follows from them is computed exactly, when it is asked for.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/book
 */
export class OrderBookUpdate {
  readonly symbol: PairSymbol;
  /** Levels a side that were asked for; there may be fewer. */
  readonly depth: number;
  /** Lowest price first. */
  readonly asks: readonly BookLevel[];
  /** Highest price first. */
  readonly bids: readonly BookLevel[];
  /** Kraken's CRC32 over the ten best levels a side, which equals the one computed here. */
  readonly checksum: number;
  /** Exchange time of the last change, RFC 3339 with microseconds; undefined where Kraken sent none. */
  readonly timestamp: string | undefined;
  /** Rises with each verified state of this book. */
  readonly sequence: number;
  /** Wall-clock milliseconds. */
  readonly receivedAt: number;

  constructor(plain: Plain<OrderBookState>) {
    const state = plain as OrderBookState;
    this.symbol = state.symbol;
    this.depth = state.depth;
    // Their keys are of no use to a reader.
    this.asks = state.asks as readonly BookLevel[];
    this.bids = state.bids as readonly BookLevel[];
    this.checksum = state.checksum;
    this.timestamp = state.timestamp;
    this.sequence = state.sequence;
    this.receivedAt = state.receivedAt;
  }

  get bestBid(): BookLevel | undefined {
    return this.bids[0];
  }

  get bestAsk(): BookLevel | undefined {
    return this.asks[0];
  }

  /** Best ask - best bid; undefined while a side is empty. */
  get spread(): Decimal | undefined {
    const { bestAsk, bestBid } = this;
    return bestAsk && bestBid && new Decimal(bestAsk.price).minus(bestBid.price);
  }

  /** (best bid + best ask) / 2; undefined while a side is empty. */
  get midPrice(): Decimal | undefined {
    const { bestAsk, bestBid } = this;
    return bestAsk && bestBid && new Decimal(bestAsk.price).plus(bestBid.price).dividedBy(2);
  }

  toJSON(): object {
    const { spread, midPrice } = this;
    const level = ({ price, qty }: BookLevel): object => ({ price, qty });
    return {
      symbol: this.symbol,
      depth: this.depth,
      bids: this.bids.map(level),
      asks: this.asks.map(level),
      spread: spread && decimalToText(spread),
      midPrice: midPrice && decimalToText(midPrice),
      checksum: this.checksum,
      sequence: this.sequence,
      timestamp: this.timestamp,
    };
  }
}
