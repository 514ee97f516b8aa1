import DataLoader from 'dataloader';
import type { Share } from '../hub/share.ts';
import type { Topic } from '../hub/topics.ts';
import type { CandleMinutes } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { TradeTape } from '../market/trade-tape.ts';
import { readBook } from './book-reading.ts';
import type { Services } from './context.ts';

interface BookKey {
  readonly symbol: PairSymbol;
  readonly depth: number;
}

interface CandlesKey {
  readonly symbol: PairSymbol;
  readonly interval: CandleMinutes;
}

/**
 * What one operation loads, each value once and all of one turn together. Loaders are made when they are first needed:
 * a subscription needs none, and its context lives as long as it does.
 */
export class Loaders {
  readonly #services: Services;
  readonly #share: Share;
  #ticker: DataLoader<PairSymbol, TickerUpdate> | undefined;
  #book: DataLoader<BookKey, OrderBookUpdate, string> | undefined;
  #trades: DataLoader<PairSymbol, TradeTape> | undefined;
  #candles: DataLoader<CandlesKey, readonly OHLCUpdate[], string> | undefined;

  /** @param share of the connection that the operation came on */
  constructor(services: Services, share: Share) {
    this.#services = services;
    this.#share = share;
  }

  get ticker(): DataLoader<PairSymbol, TickerUpdate> {
    const { client } = this.#services;
    this.#ticker ??= this.#firstOf(
      symbol => ({ kind: 'ticker', symbol }),
      symbol => client.market.ticker(symbol),
    );
    return this.#ticker;
  }

  get book(): DataLoader<BookKey, OrderBookUpdate, string> {
    const { client } = this.#services;
    this.#book ??= this.#firstOf(
      ({ symbol, depth }) => ({ kind: 'book', symbol, depth }),
      ({ symbol, depth }) => readBook(client, symbol, depth),
      ({ symbol, depth }) => `${symbol} ${depth}`,
    );
    return this.#book;
  }

  get trades(): DataLoader<PairSymbol, TradeTape> {
    const { market } = this.#services.client;
    this.#trades ??= this.#firstOf(
      symbol => ({ kind: 'trades', symbol }),
      symbol => (market.tape(symbol)?.latest === undefined ? undefined : market.tape(symbol)),
    );
    return this.#trades;
  }

  get candles(): DataLoader<CandlesKey, readonly OHLCUpdate[], string> {
    const { client } = this.#services;
    this.#candles ??= this.#firstOf(
      ({ symbol, interval }) => ({ kind: 'ohlc', symbol, interval }),
      ({ symbol, interval }) => client.market.candles(symbol, interval, 1),
      ({ symbol, interval }) => `${symbol} ${interval}`,
    );
    return this.#candles;
  }

  /** All keys of a batch are asked for in one turn, so that Kraken gets one subscribe request. Each fails alone. */
  #firstOf<Key, Value, CacheKey = Key>(
    topicOf: (key: Key) => Topic,
    read: (key: Key) => Value | undefined,
    cacheKeyFn?: (key: Key) => CacheKey,
  ): DataLoader<Key, Value, CacheKey> {
    const { hub } = this.#services;
    const load = async (keys: readonly Key[]): Promise<(Value | Error)[]> => {
      const results = await Promise.allSettled(
        keys.map(key => hub.first(topicOf(key), () => read(key), this.#share)),
      );
      return results.map(result => (result.status === 'fulfilled' ? result.value : asError(result.reason)));
    };
    return new DataLoader(load, cacheKeyFn === undefined ? {} : { cacheKeyFn });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
