import { serverFrame } from './frames.ts';

/** As `bench/peers/feed.js` names them. */
export function pairName(index: number): string {
  return `P${String(index).padStart(4, '0')}/USD`;
}

/** A trade as the exchange sends it. Prices and quantities vary in their digits, not in their length. */
function tradeFrame(type: 'snapshot' | 'update', pair: number, tradeId: number): string {
  const price = `${68_000 + (tradeId % 1_000)}.${tradeId % 10}`;
  const qty = `0.${String(1_000_000 + ((tradeId * 7_919) % 8_999_999)).padStart(8, '0')}`;
  return `{"channel":"trade","type":"${type}","data":[{"symbol":"${pairName(pair)}","side":"${tradeId % 2 ? 'buy' : 'sell'}","price":${price},"qty":${qty},"ord_type":"market","trade_id":${tradeId},"timestamp":"2026-09-25T17:48:26.844359Z"}]}`;
}

/** What a subscriber to a pair's trades gets first: the tape begins before the first trade of a run. */
export function tradeSnapshot(symbol: string): string {
  return tradeFrame('snapshot', Number(symbol.slice(1, 5)), FIRST_TRADE - 1);
}

/** Ids as long as real ones, all of one length. */
export const FIRST_TRADE = 70_000_001;

/** Trades in turn over a number of pairs. The n-th of a run is of pair `n % pairs`. */
export class TradeSource {
  readonly #pairs: number;
  #sent = 0;

  constructor(pairs: number) {
    this.#pairs = pairs;
  }

  get sent(): number {
    return this.#sent;
  }

  next(): Buffer {
    const number = this.#sent;
    this.#sent += 1;
    const tradeId = FIRST_TRADE + Math.floor(number / this.#pairs);
    return serverFrame(tradeFrame('update', number % this.#pairs, tradeId));
  }

  /** The number of a trade of this run. */
  numberOf(pair: number, tradeId: number): number {
    return (tradeId - FIRST_TRADE) * this.#pairs + pair;
  }
}
