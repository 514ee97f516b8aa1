import type { CandleMinutes, SubscriptionTopic, TickerRow } from '../kraken/messages.ts';
import type { Asset, PairSymbol } from '../kraken/symbols.ts';
import { compareDecimals, type DecimalText, isZero } from '../lib/decimal-text.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { BalanceUpdate } from './balance-update.ts';
import { Balances } from './balances.ts';
import type { BookLevel } from './book-side.ts';
import { type BookStatistics, Books } from './books.ts';
import { Candles } from './candles.ts';
import { Instruments } from './instruments.ts';
import type { OHLCUpdate } from './ohlc-update.ts';
import type { OrderBookUpdate } from './order-book-update.ts';
import type { TickerUpdate } from './ticker.ts';
import type { TradeTape } from './trade-tape.ts';
import type { TradeUpdate } from './trade-update.ts';
import { type TradeStatistics, Trades } from './trades.ts';

/** The market as readers see it. */
export interface MarketView {
  readonly instruments: Instruments;
  ticker(symbol: PairSymbol): TickerUpdate | undefined;
  /** The last verified state, to `depth` levels a side. */
  book(symbol: PairSymbol, depth: number): OrderBookUpdate | undefined;
  /** Levels a side that are kept of this book; 0 before there is a verified state. */
  bookDepth(symbol: PairSymbol): number;
  readonly bookStatistics: BookStatistics;
  /**
   * Each trade once and in order; undefined while nothing has come.
   *
   * @internal
   */
  tape(symbol: PairSymbol): TradeTape | undefined;
  /** The last trades, oldest first, at most 1,000; undefined while nothing has come. */
  trades(symbol: PairSymbol, count: number): readonly TradeUpdate[] | undefined;
  readonly tradeStatistics: TradeStatistics;
  /** The last candles, oldest first; undefined while nothing has come. */
  candles(symbol: PairSymbol, interval: CandleMinutes, count: number): readonly OHLCUpdate[] | undefined;
  /** The candle that begins at a time. */
  candle(symbol: PairSymbol, interval: CandleMinutes, intervalBegin: string): OHLCUpdate | undefined;
  /** Whether the candles reach back as far as REST's history does. */
  hasHistory(symbol: PairSymbol, interval: CandleMinutes): boolean;
  balance(asset: Asset): BalanceUpdate | undefined;
  /** Every asset with a balance. */
  balances(): readonly BalanceUpdate[];
}

/** The truth in memory. Synchronous: a message goes in, and from the next line on readers see it. */
export class Market implements MarketView {
  readonly instruments = new Instruments();
  readonly books = new Books();
  readonly tapes: Trades;
  readonly series = new Candles();
  readonly account = new Balances();
  readonly #tickers = new Map<PairSymbol, TickerUpdate>();

  /** @param maxHeldTrades of one pair, while trades before them are missing */
  constructor(maxHeldTrades: number) {
    this.tapes = new Trades(maxHeldTrades);
  }

  ticker(symbol: PairSymbol): TickerUpdate | undefined {
    return this.#tickers.get(symbol);
  }

  book(symbol: PairSymbol, depth: number): OrderBookUpdate | undefined {
    return this.books.view(symbol, depth);
  }

  bookDepth(symbol: PairSymbol): number {
    return this.books.depthOf(symbol);
  }

  tape(symbol: PairSymbol): TradeTape | undefined {
    return this.tapes.tape(symbol);
  }

  get bookStatistics(): BookStatistics {
    return this.books.statistics;
  }

  trades(symbol: PairSymbol, count: number): readonly TradeUpdate[] | undefined {
    return this.tapes.last(symbol, count);
  }

  get tradeStatistics(): TradeStatistics {
    return this.tapes.statistics;
  }

  candles(symbol: PairSymbol, interval: CandleMinutes, count: number): readonly OHLCUpdate[] | undefined {
    return this.series.last(symbol, interval, count);
  }

  candle(symbol: PairSymbol, interval: CandleMinutes, intervalBegin: string): OHLCUpdate | undefined {
    return this.series.series(symbol, interval)?.at(intervalBegin);
  }

  hasHistory(symbol: PairSymbol, interval: CandleMinutes): boolean {
    return this.series.series(symbol, interval)?.complete ?? false;
  }

  balance(asset: Asset): BalanceUpdate | undefined {
    return this.account.balance(asset);
  }

  balances(): readonly BalanceUpdate[] {
    return this.account.assets().flatMap(asset => this.account.balance(asset) ?? []);
  }

  /** The best prices of the verified book and of the ticker, where they differ. */
  disagreement(symbol: PairSymbol): { readonly book: string; readonly ticker: string } | undefined {
    const ticker = this.#tickers.get(symbol);
    const book = this.books.view(symbol, 1);
    if (ticker === undefined || book === undefined) return undefined;
    if (samePrice(ticker.bid, book.bestBid) && samePrice(ticker.ask, book.bestAsk)) return undefined;
    const { bestBid, bestAsk } = book;
    return {
      book: `${bestBid?.price ?? '0'} / ${bestAsk?.price ?? '0'}`,
      ticker: `${ticker.bid} / ${ticker.ask}`,
    };
  }

  /** Whether a ticker tells of a trade since the last one. Trades that leave the 24 hours only lower the volume. */
  hasTraded({ symbol, volume }: TickerRow): boolean {
    const before = this.#tickers.get(symbol)?.volume;
    return before !== undefined && before !== volume && compareDecimals(volume, before) > 0;
  }

  setTicker(ticker: TickerUpdate): void {
    this.#tickers.set(ticker.symbol, ticker);
  }

  /**
   * Forgets a topic that is no longer subscribed: what was kept of it would age without a sign. Candles are put by until
   * a snapshot shows that nothing was missed.
   */
  drop(topic: SubscriptionTopic, now: number): void {
    switch (topic.channel) {
      case 'ticker':
        this.#tickers.delete(topic.symbol);
        return;
      case 'book':
        this.books.drop(topic.symbol);
        return;
      case 'trade':
        this.tapes.drop(topic.symbol);
        return;
      case 'ohlc':
        this.series.park(topic.symbol, topic.interval, now);
        return;
      // The list of pairs changes once in a while, and balances are told anew by the next snapshot.
      case 'instrument':
      case 'balances':
      case 'executions':
        return;
      default:
        unreachable(topic);
    }
  }
}

/** Kraken sends an empty side as 0. */
function samePrice(quoted: DecimalText, best: BookLevel | undefined): boolean {
  return best === undefined ? isZero(quoted) : compareDecimals(quoted, best.price) === 0;
}
