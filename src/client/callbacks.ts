import type { PairSymbol } from '../kraken/symbols.ts';
import type { Logger } from '../lib/logger.ts';
import type { BalanceUpdate } from '../market/balance-update.ts';
import type { ExchangeStatus } from '../market/exchange-status.ts';
import type { Instruments } from '../market/instruments.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { TradeGap } from '../market/trade-tape.ts';
import type { TradeUpdate } from '../market/trade-update.ts';

/** Something that happened to a connection to Kraken. */
export interface ConnectionEvent {
  readonly type: 'CONNECTED' | 'DISCONNECTED' | 'AUTHENTICATED' | 'ERROR';
  readonly connection: 'public' | 'private';
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly message: string | undefined;
}

/** What each callback is called with. */
export interface CallbackArguments {
  ticker: TickerUpdate;
  /** A new state of an order book, verified by its checksum, to the depth that was subscribed. */
  orderbook: OrderBookUpdate;
  /** Each trade once, in order of its id. */
  trade: TradeUpdate;
  /** Trades that were missed and could not be recovered; called before the trades that follow them. */
  gap: TradeGap & { readonly symbol: PairSymbol };
  /** A candle that changed, or has closed. */
  ohlc: OHLCUpdate;
  /** What the account has of an asset, whenever it or what orders hold of it changes. */
  balance: BalanceUpdate;
  /** The list of pairs arrived, or changed. */
  instruments: Instruments;
  /** The exchange tells something else of itself than before: its state, maintenance, emergencies. */
  exchangeStatus: ExchangeStatus;
  connected: ConnectionEvent;
  disconnected: ConnectionEvent;
  /** Kraken accepted our token: private data follow. */
  authenticated: ConnectionEvent;
  error: ConnectionEvent;
}

export type CallbackEvent = keyof CallbackArguments;
export type Callback<Event extends CallbackEvent> = (value: CallbackArguments[Event]) => void | Promise<void>;

/** A library user's callbacks. One that throws, or rejects, harms nobody else: it is logged and counted. */
export class Callbacks {
  readonly #byEvent = new Map<CallbackEvent, Set<Callback<never>>>();
  readonly #logger: Logger;
  errors = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  register<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): void {
    const callbacks = this.#byEvent.get(event) ?? new Set();
    callbacks.add(callback);
    this.#byEvent.set(event, callbacks);
  }

  unregister<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): boolean {
    return this.#byEvent.get(event)?.delete(callback) ?? false;
  }

  /** Whether anyone listens: what nobody gets need not be made. */
  has(event: CallbackEvent): boolean {
    return (this.#byEvent.get(event)?.size ?? 0) > 0;
  }

  call<Event extends CallbackEvent>(event: Event, value: CallbackArguments[Event]): void {
    const callbacks = this.#byEvent.get(event) as Set<Callback<Event>> | undefined;
    if (callbacks === undefined) return;
    for (const callback of callbacks) {
      try {
        const result = callback(value);
        if (result instanceof Promise) result.catch((error: unknown) => this.#failed(event, error));
      } catch (error) {
        this.#failed(event, error);
      }
    }
  }

  #failed(event: CallbackEvent, error: unknown): void {
    this.errors += 1;
    this.#logger.error({ event, err: error }, 'a callback threw');
  }
}
