import { BOOK_DEPTHS, CANDLE_MINUTES, type SubscriptionTopic } from '../kraken/messages.ts';
import { type FeedName, feedOf } from '../kraken/subscription.ts';
import type { Asset, PairSymbol } from '../kraken/symbols.ts';
import type { BalanceUpdate } from '../market/balance-update.ts';
import type { MarketView } from '../market/market.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import { oneOf } from './arguments.ts';
import { eventStream, latestStream } from './streams.ts';

/** What iterators need of the client that they read. */
export interface IterableSource {
  readonly market: MarketView;
  resolveSymbol(text: string): PairSymbol;
  retain(topic: SubscriptionTopic): void;
  release(topic: SubscriptionTopic): void;
  subscribeBalance(): void;
}

type PairTopic = SubscriptionTopic & { readonly symbol: PairSymbol };
/** Called with what changed: the symbol or asset, and the trades or the candle where there are some. */
type Watcher = (key: string, trades: readonly TradeUpdate[], candle: OHLCUpdate | undefined) => void;

/**
 * Every channel as an async iterable: subscribes when it is first read, and lets go when the loop ends. Of state, a
 * reader that falls behind gets the latest and no backlog.
 */
export class Iterables {
  readonly #source: IterableSource;
  readonly #queueSize: number;
  readonly #watchers = new Map<FeedName, Set<Watcher>>();

  /**
   * @param queueSize trades, or candles, that may wait for a reader
   * @internal
   */
  constructor(source: IterableSource, queueSize: number) {
    this.#source = source;
    this.#queueSize = queueSize;
  }

  /** The tickers of these pairs, at each change. */
  tickers(symbols: readonly string[]): AsyncIterableIterator<TickerUpdate> {
    return this.#latest(
      this.#topics(symbols, symbol => ({ channel: 'ticker', symbol, event_trigger: 'bbo' })),
      symbol => this.#source.market.ticker(symbol),
    );
  }

  /**
   * The order books of these pairs, verified, at each change.
   *
   * @param depth levels a side: 10, 25, 100, 500 or 1000
   */
  orderbooks(symbols: readonly string[], depth = 10): AsyncIterableIterator<OrderBookUpdate> {
    const known = oneOf('depth', BOOK_DEPTHS, depth);
    return this.#latest(
      this.#topics(symbols, symbol => ({ channel: 'book', symbol, depth: known })),
      symbol => this.#source.market.book(symbol, known),
    );
  }

  /**
   * The trades of these pairs from now on, each once and in order.
   *
   * @throws {CodedError} `SLOW_CONSUMER` from the iteration, when more than `messageQueueSize` wait for the reader
   */
  trades(symbols: readonly string[]): AsyncIterableIterator<TradeUpdate> {
    const topics = this.#topics(symbols, symbol => ({ channel: 'trade', symbol }));
    return eventStream<TradeUpdate>(
      push =>
        this.#watch(topics, (_symbol, trades) => {
          for (const trade of trades) push(trade);
        }),
      this.#queueSize,
    );
  }

  /**
   * The latest candle of each of these pairs, then each candle that changes: one that ends once more, closed, before the
   * next. A reader that falls behind gets each candle as it is by then.
   *
   * @param interval minutes
   */
  candles(symbols: readonly string[], interval = 1): AsyncIterableIterator<OHLCUpdate> {
    const known = oneOf('interval', CANDLE_MINUTES, interval);
    const topics = this.#topics(symbols, symbol => ({ channel: 'ohlc', symbol, interval: known }));
    const { market } = this.#source;
    return latestStream<string, OHLCUpdate>(
      push => {
        const pushCandle = ({ symbol, intervalBegin }: OHLCUpdate): void =>
          push(`${symbol} ${intervalBegin}`);
        for (const { symbol } of topics) market.candles(symbol, known, 1)?.forEach(pushCandle);
        return this.#watch(topics, (_symbol, _trades, candle) => candle && pushCandle(candle));
      },
      key => {
        const [symbol = '', begin = ''] = key.split(' ');
        return market.candle(symbol as PairSymbol, known, begin);
      },
      this.#queueSize,
    );
  }

  /**
   * The account's balances, at each change. They stay subscribed when the loop ends.
   *
   * @throws {CodedError} `BALANCES_DISABLED` without credentials
   */
  balances(): AsyncIterableIterator<BalanceUpdate> {
    const { market } = this.#source;
    this.#source.subscribeBalance();
    return latestStream<string, BalanceUpdate>(
      push => {
        for (const { asset } of market.balances()) push(asset);
        return this.#register('balances', push);
      },
      asset => market.balance(asset as Asset),
    );
  }

  /**
   * From the client: something changed.
   *
   * @internal
   */
  changed(feed: FeedName, key: string, trades: readonly TradeUpdate[] = [], candle?: OHLCUpdate): void {
    const watchers = this.#watchers.get(feed);
    if (watchers !== undefined) for (const watcher of watchers) watcher(key, trades, candle);
  }

  #topics(symbols: readonly string[], topicOf: (symbol: PairSymbol) => PairTopic): readonly PairTopic[] {
    return symbols.map(text => topicOf(this.#source.resolveSymbol(text)));
  }

  #latest<Value>(
    topics: readonly PairTopic[],
    read: (symbol: PairSymbol) => Value | undefined,
  ): AsyncIterableIterator<Value> {
    return latestStream<string, Value>(
      push => {
        for (const { symbol } of topics) push(symbol);
        return this.#watch(topics, push);
      },
      symbol => read(symbol as PairSymbol),
    );
  }

  #watch(topics: readonly PairTopic[], watcher: Watcher): () => void {
    const [first] = topics;
    if (first === undefined) return () => {};
    const symbols = new Set<string>(topics.map(topic => topic.symbol));
    for (const topic of topics) this.#source.retain(topic);
    const leave = this.#register(feedOf(first), (symbol, trades, candle) => {
      if (symbols.has(symbol)) watcher(symbol, trades, candle);
    });
    return () => {
      leave();
      for (const topic of topics) this.#source.release(topic);
    };
  }

  #register(feed: FeedName, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(feed) ?? new Set();
    this.#watchers.set(feed, watchers);
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }
}
