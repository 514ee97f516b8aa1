import { serverFrame } from './frames.ts';

/** As `bench/peers/feed.js` names them. */
export function pairNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `P${String(index).padStart(4, '0')}/USD`);
}

/** A trade as the exchange sends it. Prices and quantities vary in their digits, not in their length. */
function tradeFrame(type: 'snapshot' | 'update', symbol: string, tradeId: number): string {
  const price = `${68_000 + (tradeId % 1_000)}.${tradeId % 10}`;
  const qty = `0.${String(1_000_000 + ((tradeId * 7_919) % 8_999_999)).padStart(8, '0')}`;
  return `{"channel":"trade","type":"${type}","data":[{"symbol":"${symbol}","side":"${tradeId % 2 ? 'buy' : 'sell'}","price":${price},"qty":${qty},"ord_type":"market","trade_id":${tradeId},"timestamp":"2026-09-25T17:48:26.844359Z"}]}`;
}

/** What a subscriber to a pair's trades gets first: the tape begins before the first trade of a run. */
export function tradeSnapshot(symbol: string): string {
  return tradeFrame('snapshot', symbol, FIRST_TRADE - 1);
}

/** Ids as long as real ones, all of one length. */
export const FIRST_TRADE = 70_000_001;

/** Trades in turn over a number of pairs. The n-th of a run is of pair `n % pairs`. */
export class TradeSource {
  readonly #symbols: readonly string[];
  #sent = 0;

  constructor(symbols: readonly string[]) {
    this.#symbols = symbols;
  }

  get sent(): number {
    return this.#sent;
  }

  next(): Buffer {
    const number = this.#sent;
    this.#sent += 1;
    const tradeId = FIRST_TRADE + Math.floor(number / this.#symbols.length);
    return serverFrame(tradeFrame('update', this.#symbols[number % this.#symbols.length] ?? '', tradeId));
  }

  /** The number of a trade of this run. */
  numberOf(pair: number, tradeId: number): number {
    return (tradeId - FIRST_TRADE) * this.#symbols.length + pair;
  }
}
