import type { CandleMinutes, SubscriptionTopic } from '../kraken/messages.ts';
import { candleFeed, type SubscriptionState } from '../kraken/subscription.ts';
import type { Asset, PairSymbol } from '../kraken/symbols.ts';
import type { ExchangeStatus } from '../market/exchange-status.ts';
import type { Instruments, InstrumentsOutcome } from '../market/instruments.ts';
import type { MarketView } from '../market/market.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { TradeDelivery } from '../market/trade-tape.ts';
import type { CallbackEvent, Callbacks, ConnectionEvent } from './callbacks.ts';
import type { Iterables } from './iterables.ts';

/**
 * Told of every change, synchronously, in the call that read the frame: no promise, no event emitter and no
 * queue lies between the socket and here. One observer a client; callbacks are for everything else.
 */
export interface ClientObserver {
  /** A ticker was received, news at Kraken's `timestamp`, or how far it can be trusted has changed. */
  tickerChanged(symbol: PairSymbol, timestamp?: string): void;
  /** The list of pairs arrived for the first time, or these pairs of it changed: their status, their precision, whether they are in it. */
  instrumentsChanged(pairs: readonly PairSymbol[], arrived: boolean): void;
  /** A book was received and verified, news at Kraken's `timestamp`, or how far it can be trusted has changed. */
  bookChanged(symbol: PairSymbol, timestamp?: string): void;
  /** Trades in order, each once; undefined when how far they can be trusted has changed. */
  tradesReceived(symbol: PairSymbol, delivery: TradeDelivery | undefined): void;
  /** Candles changed, oldest first; none when how far they can be trusted has changed. */
  candlesChanged(symbol: PairSymbol, interval: CandleMinutes, candles: readonly OHLCUpdate[]): void;
  /** What is known of these assets changed; none when something about the account as a whole has. */
  balancesChanged(assets: readonly Asset[]): void;
  connectionEvent(event: ConnectionEvent): void;
  /** The exchange tells something else of itself than before. */
  exchangeStatusChanged(): void;
}

/** Whoever is told of what changed: the observer first, then async iterators, then callbacks. */
export class Listeners {
  readonly #market: MarketView;
  readonly #callbacks: Callbacks;
  readonly #streams: Iterables;
  observer: Partial<ClientObserver> | undefined;

  constructor(market: MarketView, callbacks: Callbacks, streams: Iterables) {
    this.#market = market;
    this.#callbacks = callbacks;
    this.#streams = streams;
  }

  instruments(instruments: Instruments, { changed, arrived }: InstrumentsOutcome): void {
    this.observer?.instrumentsChanged?.(changed, arrived);
    this.#callbacks.call('instruments', instruments);
  }

  /** @param isNews whether it changed just now; a snapshot may be of long ago */
  ticker(ticker: TickerUpdate, isNews: boolean): void {
    this.observer?.tickerChanged?.(ticker.symbol, isNews ? ticker.timestamp : undefined);
    this.#streams.changed('ticker', ticker.symbol);
    this.#callbacks.call('ticker', ticker);
  }

  /**
   * A book has a new verified state.
   *
   * @param depth to which a library's user subscribed to it; a state is made for a callback only, and to this depth
   */
  book(symbol: PairSymbol, depth: number | undefined, timestamp: string | undefined): void {
    this.observer?.bookChanged?.(symbol, timestamp);
    this.#streams.changed('book', symbol);
    if (depth === undefined || !this.#callbacks.has('orderbook')) return;
    const book = this.#market.book(symbol, depth);
    if (book !== undefined) this.#callbacks.call('orderbook', book);
  }

  trades(symbol: PairSymbol, delivery: TradeDelivery): void {
    this.observer?.tradesReceived?.(symbol, delivery);
    if (delivery.gap !== undefined) this.#callbacks.call('gap', { symbol, ...delivery.gap });
    this.#streams.changed('trade', symbol, delivery.trades);
    if (this.#callbacks.has('trade')) {
      for (const trade of delivery.trades) this.#callbacks.call('trade', trade);
    }
  }

  candles(symbol: PairSymbol, interval: CandleMinutes, candles: readonly OHLCUpdate[]): void {
    this.observer?.candlesChanged?.(symbol, interval, candles);
    for (const candle of candles) {
      this.#streams.changed(candleFeed(interval), symbol, [], candle);
      this.#callbacks.call('ohlc', candle);
    }
  }

  balances(assets: readonly Asset[]): void {
    this.observer?.balancesChanged?.(assets);
    for (const asset of assets) {
      this.#streams.changed('balances', asset);
      const balance = this.#callbacks.has('balance') ? this.#market.balance(asset) : undefined;
      if (balance !== undefined) this.#callbacks.call('balance', balance);
    }
  }

  /** How far a feed can be trusted has changed: only the observer is told. */
  state(topic: SubscriptionTopic, state: SubscriptionState | 'RESYNCING'): void {
    // LIVE comes with the data that made it so, and that is told on its own.
    if (state === 'LIVE' || this.observer === undefined) return;
    if (topic.channel === 'ticker') this.observer.tickerChanged?.(topic.symbol);
    else if (topic.channel === 'book') this.observer.bookChanged?.(topic.symbol);
    else if (topic.channel === 'trade') this.observer.tradesReceived?.(topic.symbol, undefined);
    else if (topic.channel === 'ohlc') this.observer.candlesChanged?.(topic.symbol, topic.interval, []);
  }

  exchangeStatus(status: ExchangeStatus): void {
    this.observer?.exchangeStatusChanged?.();
    this.#callbacks.call('exchangeStatus', status);
  }

  connection(event: ConnectionEvent): void {
    this.observer?.connectionEvent?.(event);
    this.#callbacks.call(CALLBACK_OF[event.type], event);
  }
}

const CALLBACK_OF = {
  CONNECTED: 'connected',
  DISCONNECTED: 'disconnected',
  AUTHENTICATED: 'authenticated',
  ERROR: 'error',
} as const satisfies Record<ConnectionEvent['type'], CallbackEvent>;
