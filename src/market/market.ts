import type { SubscriptionTopic } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { unreachable } from '../lib/unreachable.ts';
import { type BookStatistics, Books } from './books.ts';
import { Instruments } from './instruments.ts';
import type { OrderBookUpdate } from './order-book-update.ts';
import type { TickerUpdate } from './ticker.ts';

/** The market as readers see it. */
export interface MarketView {
  readonly instruments: Instruments;
  ticker(symbol: PairSymbol): TickerUpdate | undefined;
  /** The last verified state, to `depth` levels a side. */
  book(symbol: PairSymbol, depth: number): OrderBookUpdate | undefined;
  readonly bookStatistics: BookStatistics;
}

/** The truth in memory. Synchronous: a message goes in, and from the next line on readers see it. */
export class Market implements MarketView {
  readonly instruments = new Instruments();
  readonly books = new Books();
  readonly #tickers = new Map<PairSymbol, TickerUpdate>();

  ticker(symbol: PairSymbol): TickerUpdate | undefined {
    return this.#tickers.get(symbol);
  }

  book(symbol: PairSymbol, depth: number): OrderBookUpdate | undefined {
    return this.books.view(symbol, depth);
  }

  get bookStatistics(): BookStatistics {
    return this.books.statistics;
  }

  setTicker(ticker: TickerUpdate): void {
    this.#tickers.set(ticker.symbol, ticker);
  }

  /** Forgets a topic that is no longer subscribed: what was kept of it would age without a sign. */
  drop(topic: SubscriptionTopic): void {
    switch (topic.channel) {
      case 'ticker':
        this.#tickers.delete(topic.symbol);
        return;
      case 'book':
        this.books.drop(topic.symbol);
        return;
      case 'instrument':
        return;
      default:
        unreachable(topic);
    }
  }
}
