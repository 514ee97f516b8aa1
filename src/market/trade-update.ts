import type { TradeRow } from '../kraken/messages.ts';
import type { Plain } from '../kraken/plain.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { DecimalText } from '../lib/decimal-text.ts';

/**
 * One public trade, with the digits of the wire; price in the quote asset, quantity in the base asset.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/trade
 */
export class TradeUpdate {
  readonly symbol: PairSymbol;
  /** Rises by one with each trade of the pair. */
  readonly tradeId: number;
  /** Of the taker. */
  readonly side: 'buy' | 'sell';
  readonly price: DecimalText;
  readonly qty: DecimalText;
  /** Of the taker. */
  readonly ordType: 'limit' | 'market';
  /** Exchange time, RFC 3339 with microseconds. */
  readonly timestamp: string;
  /** Wall-clock milliseconds at which it arrived here. */
  readonly receivedAt: number;
  /** Whether it came by REST, after it had been missed on the socket. */
  readonly recovered: boolean;

  constructor(plain: Plain<TradeRow>, receivedAt: number, recovered = false) {
    const row = plain as TradeRow;
    this.symbol = row.symbol;
    this.tradeId = row.trade_id;
    this.side = row.side;
    this.price = row.price;
    this.qty = row.qty;
    this.ordType = row.ord_type;
    this.timestamp = row.timestamp;
    this.receivedAt = receivedAt;
    this.recovered = recovered;
  }

  toJSON(): object {
    const { symbol, tradeId, side, price, qty, ordType, timestamp } = this;
    return { symbol, tradeId, side, price, qty, ordType, timestamp };
  }
}
