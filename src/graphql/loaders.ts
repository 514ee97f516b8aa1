import DataLoader from 'dataloader';
import type { Topic } from '../hub/topics.ts';
import type { CandleMinutes } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { TradeTape } from '../market/trade-tape.ts';
import { readBook } from './book-reading.ts';
import type { Services } from './context.ts';

/** What one operation loads, each value once and all of one turn together. */
export interface Loaders {
  readonly ticker: DataLoader<PairSymbol, TickerUpdate>;
  readonly book: DataLoader<{ readonly symbol: PairSymbol; readonly depth: number }, OrderBookUpdate, string>;
  readonly trades: DataLoader<PairSymbol, TradeTape>;
  readonly candles: DataLoader<
    { readonly symbol: PairSymbol; readonly interval: CandleMinutes },
    readonly OHLCUpdate[],
    string
  >;
}

export function createLoaders(services: Services): Loaders {
  const { client, hub, clock } = services;
  /** All keys of a batch are asked for in one turn, so that Kraken gets one subscribe request. Each fails alone. */
  function firstOf<Key, Value, CacheKey = Key>(
    topicOf: (key: Key) => Topic,
    read: (key: Key) => Value | undefined,
    cacheKeyFn?: (key: Key) => CacheKey,
  ): DataLoader<Key, Value, CacheKey> {
    const load = async (keys: readonly Key[]): Promise<(Value | Error)[]> => {
      const results = await Promise.allSettled(keys.map(key => hub.first(topicOf(key), () => read(key))));
      return results.map(result => (result.status === 'fulfilled' ? result.value : asError(result.reason)));
    };
    return new DataLoader(load, cacheKeyFn === undefined ? {} : { cacheKeyFn });
  }
  return {
    ticker: firstOf(
      symbol => ({ kind: 'ticker', symbol }),
      symbol => client.market.ticker(symbol),
    ),
    book: firstOf(
      ({ symbol, depth }) => ({ kind: 'book', symbol, depth }),
      ({ symbol, depth }) => readBook(client, symbol, depth),
      ({ symbol, depth }) => `${symbol} ${depth}`,
    ),
    trades: firstOf(
      symbol => ({ kind: 'trades', symbol }),
      symbol => (client.market.tape(symbol)?.latest === undefined ? undefined : client.market.tape(symbol)),
    ),
    candles: firstOf(
      ({ symbol, interval }) => ({ kind: 'ohlc', symbol, interval }),
      ({ symbol, interval }) => client.market.candles(symbol, interval, 1, clock.now()),
      ({ symbol, interval }) => `${symbol} ${interval}`,
    ),
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
