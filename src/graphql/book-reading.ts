import type { KrakenWebSocketV2 } from '../client.ts';
import { upstreamDepth } from '../hub/topics.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';

/** A verified book to this depth; undefined while Kraken's is not subscribed as deep as that. */
export function readBook(
  { market }: KrakenWebSocketV2,
  symbol: PairSymbol,
  depth: number,
): OrderBookUpdate | undefined {
  return market.bookDepth(symbol) >= upstreamDepth(depth) ? market.book(symbol, depth) : undefined;
}
