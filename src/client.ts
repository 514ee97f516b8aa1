import { type Callback, type CallbackEvent, Callbacks, type ConnectionEvent } from './callbacks.ts';
import { connectionOptions, DEFAULTS, type KrakenWebSocketConfig } from './client-config.ts';
import { Connection } from './kraken/connection.ts';
import type { ConnectionState } from './kraken/connection-state.ts';
import type { ProtocolError } from './kraken/decode.ts';
import {
  BOOK_DEPTHS,
  type BookMessage,
  type ChannelName,
  type KrakenMessage,
  type SubscriptionTopic,
  type TickerMessage,
} from './kraken/messages.ts';
import { MessageCounters, type MessageStatistics } from './kraken/statistics.ts';
import type { SubscriptionState, SubscriptionView } from './kraken/subscription.ts';
import { Subscriptions } from './kraken/subscriptions.ts';
import type { PairSymbol } from './kraken/symbols.ts';
import { CodedError } from './lib/coded-error.ts';
import { unreachable } from './lib/unreachable.ts';
import type { FeedState } from './market/freshness.ts';
import { Market, type MarketView } from './market/market.ts';
import type { OrderBookUpdate } from './market/order-book-update.ts';
import { TickerUpdate } from './market/ticker.ts';

/** One upstream connection as others may see it. */
export interface ConnectionView {
  readonly state: 'DISABLED' | 'CONNECTING' | 'CONNECTED' | 'BACKING_OFF' | 'CLOSED';
  /** Whether Kraken accepted our token on it. */
  readonly authenticated: boolean;
  readonly connectedAt: number | undefined;
  readonly lastMessageAt: number | undefined;
  readonly reconnects: number;
  /** Round trip of the last answered ping, milliseconds. */
  readonly latencyMs: number | undefined;
  readonly lastError: string | undefined;
  /** Until the next connection attempt; 0 when not waiting for one. */
  readonly retryAfterMs: number;
}

/**
 * Told of every change, synchronously, in the call that read the frame: no promise, no event emitter and no
 * queue lies between the socket and here. One observer a client; callbacks are for everything else.
 */
export interface ClientObserver {
  /** A ticker was received, or how far it can be trusted has changed. */
  tickerChanged(symbol: PairSymbol): void;
  /** The list of pairs arrived, or changed. */
  instrumentsChanged(): void;
  /** A book was received and verified, failed, or how far it can be trusted has changed. */
  bookChanged(symbol: PairSymbol): void;
  connectionEvent(event: ConnectionEvent): void;
}

const DISABLED: ConnectionView = {
  state: 'DISABLED',
  authenticated: false,
  connectedAt: undefined,
  lastMessageAt: undefined,
  reconnects: 0,
  latencyMs: undefined,
  lastError: undefined,
  retryAfterMs: 0,
};

/**
 * A client of Kraken's WebSocket V2 API that keeps the verified state of everything it subscribes to.
 *
 * ```ts
 * const kraken = new KrakenWebSocketV2();
 * kraken.registerCallback('ticker', ticker => console.log(ticker.symbol, ticker.last));
 * kraken.connect();
 * kraken.subscribeTicker(['BTC/USD']);
 * ```
 *
 * Subscriptions are declared: they hold across reconnects, and may be made before `connect`.
 *
 * @see https://docs.kraken.com/api/docs/guides/spot-ws-intro
 */
export class KrakenWebSocketV2 {
  readonly #config: KrakenWebSocketConfig;
  readonly #connection: Connection;
  readonly #subscriptions: Subscriptions;
  readonly #market = new Market();
  readonly #callbacks: Callbacks;
  readonly #counters: MessageCounters;
  /** What the library's user subscribed to, as opposed to demand that comes and goes. */
  readonly #declared = new Map<ChannelName, Map<PairSymbol, SubscriptionTopic>>();
  #observer: ClientObserver | undefined;
  #connectedAt: number | undefined;
  #exchangeStatus: string | undefined;

  constructor(_apiKey?: string, _apiSecret?: string, config: Partial<KrakenWebSocketConfig> = {}) {
    this.#config = { ...DEFAULTS, ...config };
    const { clock, logger } = this.#config;
    this.#callbacks = new Callbacks(logger);
    this.#counters = new MessageCounters(clock.now());
    this.#connection = new Connection(
      connectionOptions(this.#config),
      {
        message: (message, receivedAt) => this.#receive(message, receivedAt),
        protocolError: (error, text) => this.#onProtocolError(error, text),
        stateChanged: (state, previous, reason) => this.#onConnectionState(state, previous, reason),
      },
      clock,
    );
    this.#subscriptions = new Subscriptions(
      {
        lingerMs: this.#config.subscriptionLingerMs,
        trySend: request => this.#connection.trySend(request),
      },
      {
        stateChanged: (topic, state) => this.#onSubscriptionState(topic, state),
        dropped: topic => this.#market.drop(topic),
        trouble: (what, detail) => logger.warn(detail, what),
      },
      clock,
    );
    // The list of pairs is what every other name is read against.
    this.#subscriptions.retain({ channel: 'instrument' });
  }

  // ── Lifecycle ────────────────────────────────────────────────────────────────────────────────────────

  /** Starts to connect, and stays connected until {@link disconnect}. Returns at once. */
  connect(): void {
    this.#subscriptions.resume();
    this.#connection.connect();
  }

  /** Leaves Kraken. What was subscribed is subscribed again by the next {@link connect}. */
  disconnect(): void {
    // In this order: a callback that hears of it may connect again.
    this.#subscriptions.suspend();
    this.#connection.disconnect();
  }

  get isConnected(): boolean {
    return this.#connection.state.kind === 'open';
  }

  /** Whether private channels are open. They are not served yet. */
  get isAuthenticated(): boolean {
    return false;
  }

  // ── Subscriptions ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Streams the tickers of these pairs from now on, in any spelling (`BTC/USD`, `xbt-usd`).
   *
   * @throws {CodedError} `UNKNOWN_SYMBOL` when a pair does not exist; then none of them is subscribed
   */
  subscribeTicker(symbols: readonly string[]): void {
    this.#declare(symbols, symbol => ({ channel: 'ticker', symbol }));
  }

  /**
   * Streams the order books of these pairs from now on, verified by checksum at every change. At Kraken a pair has
   * one depth at a time, the largest that anyone wants; smaller ones are slices of it.
   *
   * @param depth levels a side: 10, 25, 100, 500 or 1000
   * @throws {CodedError} `UNKNOWN_SYMBOL` as above, `BAD_USER_INPUT` for another depth
   */
  subscribeOrderbook(symbols: readonly string[], depth = 10): void {
    const known = BOOK_DEPTHS.find(one => one === depth);
    if (known === undefined) {
      throw new CodedError('BAD_USER_INPUT', `depth is one of ${BOOK_DEPTHS.join(', ')}, not ${depth}`);
    }
    this.#declare(symbols, symbol => ({ channel: 'book', symbol, depth: known }));
  }

  /** Ends what a subscribe method began: for these pairs, or for all of the channel. */
  unsubscribe(channel: 'ticker' | 'book', symbols?: readonly string[]): void {
    const declared = this.#declared.get(channel);
    if (declared === undefined) return;
    for (const symbol of symbols?.map(text => this.resolveSymbol(text)) ?? [...declared.keys()]) {
      const topic = declared.get(symbol);
      if (topic !== undefined) this.#subscriptions.release(topic, 0);
      declared.delete(symbol);
    }
  }

  #declare(symbols: readonly string[], topicOf: (symbol: PairSymbol) => SubscriptionTopic): void {
    for (const topic of symbols.map(text => topicOf(this.resolveSymbol(text)))) {
      if (!('symbol' in topic)) continue;
      const declared = this.#declared.get(topic.channel) ?? new Map<PairSymbol, SubscriptionTopic>();
      this.#declared.set(topic.channel, declared);
      const before = declared.get(topic.symbol);
      declared.set(topic.symbol, topic);
      // The new claim before the old one ends, so that nothing is unsubscribed in between.
      this.#subscriptions.retain(topic);
      if (before !== undefined) this.#subscriptions.release(before, 0);
    }
  }

  /** The pairs that a subscribe method was called for. */
  declaredSymbols(channel: 'ticker' | 'book'): readonly PairSymbol[] {
    return [...(this.#declared.get(channel)?.keys() ?? [])];
  }

  /** One more reader needs this topic; each call is matched by one {@link release}. */
  retain(topic: SubscriptionTopic): void {
    this.#subscriptions.retain(topic);
  }

  /** One reader less. After the last one the subscription outlives it for `subscriptionLingerMs`. */
  release(topic: SubscriptionTopic): void {
    this.#subscriptions.release(topic);
  }

  // ── Values ───────────────────────────────────────────────────────────────────────────────────────────

  get market(): MarketView {
    return this.#market;
  }

  /** The latest ticker, or undefined when none was received or the pair is not subscribed. */
  getTicker(symbol: string): TickerUpdate | undefined {
    return this.#market.ticker(this.resolveSymbol(symbol));
  }

  /**
   * The last verified order book, or undefined when none was received or the pair is not subscribed.
   *
   * @param depth levels a side at most
   */
  getOrderbook(symbol: string, depth = 10): OrderBookUpdate | undefined {
    return this.#market.book(this.resolveSymbol(symbol), depth);
  }

  /**
   * The pair that `text` means. Before Kraken has told which pairs exist, any well-formed pair is accepted.
   *
   * @throws {CodedError} `UNKNOWN_SYMBOL`, with the nearest pairs in `context.suggestions`; `UPSTREAM_UNAVAILABLE` for
   * a name without a slash while the list has not arrived
   */
  resolveSymbol(text: string): PairSymbol {
    const symbol = this.#market.instruments.resolve(text);
    if (symbol !== undefined) return symbol;
    if (!this.#market.instruments.known) {
      const message = `The list of pairs has not arrived yet: spell "${text}" as BASE/QUOTE, or ask again`;
      throw new CodedError('UPSTREAM_UNAVAILABLE', message, { symbol: text, retryAfterMs: 1_000 });
    }
    const suggestions = this.#market.instruments.suggest(text);
    const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(', ')}?` : '';
    throw new CodedError('UNKNOWN_SYMBOL', `No pair "${text}" is known${hint}`, {
      symbol: text,
      suggestions,
    });
  }

  // ── Callbacks ────────────────────────────────────────────────────────────────────────────────────────

  /** Calls `callback` at each event from now on, once however often it is registered. */
  registerCallback<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): void {
    this.#callbacks.register(event, callback);
  }

  /** Returns whether the callback was registered. */
  unregisterCallback<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): boolean {
    return this.#callbacks.unregister(event, callback);
  }

  /** Sets the one observer that is told of changes first. */
  observe(observer: ClientObserver): void {
    this.#observer = observer;
  }

  // ── Status ───────────────────────────────────────────────────────────────────────────────────────────

  /** The public connection, and the private one. */
  getConnectionStatus(): { readonly public: ConnectionView; readonly private: ConnectionView } {
    const { lastMessageAt, reconnects, latencyMs, lastError, retryAfterMs, state } = this.#connection;
    return {
      public: {
        state: CONNECTION_STATES[state.kind],
        authenticated: false,
        connectedAt: this.#connectedAt,
        lastMessageAt,
        reconnects,
        latencyMs: state.kind === 'open' ? latencyMs : undefined,
        lastError,
        retryAfterMs,
      },
      private: DISABLED,
    };
  }

  /** Kraken's own system state, `online` and others; undefined before it was heard. */
  get exchangeStatus(): string | undefined {
    return this.#exchangeStatus;
  }

  getMessageStatistics(): MessageStatistics {
    return this.#counters.snapshot(this.#config.clock.now());
  }

  /** Every upstream subscription and how it stands. */
  getSubscriptions(): Iterable<SubscriptionView> {
    return this.#subscriptions.all();
  }

  /** How far the value of a channel and pair can be trusted now; undefined when it is not subscribed. */
  feedState(channel: ChannelName, symbol: PairSymbol): FeedState | undefined {
    const state = this.#subscriptions.stateOf(channel, symbol);
    return state === 'LIVE' && channel === 'book' && this.#market.books.isResyncing(symbol)
      ? 'RESYNCING'
      : state;
  }

  getSubscription(channel: ChannelName, symbol?: PairSymbol): SubscriptionView | undefined {
    return this.#subscriptions.get(channel, symbol);
  }

  // ── From the socket ──────────────────────────────────────────────────────────────────────────────────

  #receive(message: KrakenMessage, receivedAt: number): void {
    switch (message.kind) {
      case 'ticker':
        this.#counters.message('ticker', receivedAt);
        this.#onTicker(message, receivedAt);
        return;
      case 'book':
        this.#counters.message('book', receivedAt);
        this.#onBook(message, receivedAt);
        return;
      case 'heartbeat':
        this.#counters.message('heartbeat', receivedAt);
        return;
      case 'status':
        this.#counters.message('status', receivedAt);
        this.#config.logger.info({ system: message.system, version: message.version }, 'exchange status');
        this.#exchangeStatus = message.system;
        return;
      case 'instrument':
        this.#counters.message('instrument', receivedAt);
        this.#subscriptions.received('instrument', '', receivedAt);
        for (const problem of message.skipped) {
          this.#counters.failure('instrument');
          this.#config.logger.warn({ problem }, 'a row of the list of pairs was not understood');
        }
        this.#market.instruments.apply(message);
        this.#observer?.instrumentsChanged();
        this.#callbacks.call('instruments', this.#market.instruments);
        return;
      case 'pong':
        this.#counters.message('method', receivedAt);
        return;
      case 'acknowledged':
        this.#counters.message('method', receivedAt);
        this.#subscriptions.acknowledged(message);
        return;
      case 'refused':
        this.#counters.error('method', receivedAt);
        this.#subscriptions.refused(message);
        return;
      case 'rateLimited':
        this.#counters.error('method', receivedAt);
        this.#config.logger.warn({ error: message.error }, 'Kraken limits our control messages');
        return;
      default:
        unreachable(message);
    }
  }

  #onTicker(message: TickerMessage, receivedAt: number): void {
    for (const row of message.data) {
      if (!this.#subscriptions.received('ticker', row.symbol, receivedAt)) continue;
      const ticker = new TickerUpdate(row, receivedAt);
      this.#market.setTicker(ticker);
      this.#observer?.tickerChanged(row.symbol);
      this.#callbacks.call('ticker', ticker);
    }
  }

  #onBook(message: BookMessage, receivedAt: number): void {
    for (const row of message.data) {
      const topic = this.#subscriptions.topicOf('book', row.symbol);
      if (topic?.channel !== 'book') continue;
      const outcome = this.#market.books.apply(message.type, row, topic.depth, receivedAt);
      if (outcome === 'passedOver') continue;
      if (outcome === 'failed') {
        this.#counters.failure('book');
        const delayMs = this.#market.books.resyncDelayMs(row.symbol);
        this.#config.logger.error({ symbol: row.symbol, delayMs }, 'a book failed its checksum');
        this.#subscriptions.renew('book', row.symbol, delayMs);
        this.#observer?.bookChanged(row.symbol);
        continue;
      }
      this.#subscriptions.received('book', row.symbol, receivedAt);
      this.#observer?.bookChanged(row.symbol);
      this.#callBook(row.symbol);
    }
  }

  /** A state is made for a callback only, and to the depth that was subscribed for it. */
  #callBook(symbol: PairSymbol): void {
    const declared = this.#declared.get('book')?.get(symbol);
    if (declared?.channel !== 'book' || !this.#callbacks.has('orderbook')) return;
    const book = this.#market.book(symbol, declared.depth);
    if (book !== undefined) this.#callbacks.call('orderbook', book);
  }

  #onProtocolError(error: ProtocolError, text: string): void {
    this.#counters.error(error.channel, this.#config.clock.now());
    this.#config.logger.warn({ ...error, frame: text.slice(0, 200) }, 'a frame was not understood');
  }

  #onSubscriptionState(topic: SubscriptionTopic, state: SubscriptionState): void {
    this.#config.logger.debug({ topic, state }, 'subscription');
    // LIVE comes with the data that made it so, and that is told on its own.
    if (state === 'LIVE') return;
    if (topic.channel === 'ticker') this.#observer?.tickerChanged(topic.symbol);
    else if (topic.channel === 'book') this.#observer?.bookChanged(topic.symbol);
  }

  #onConnectionState(state: ConnectionState, previous: ConnectionState, reason: string | undefined): void {
    const { logger, clock } = this.#config;
    if (state.kind === 'open') {
      this.#connectedAt = clock.now();
      logger.info({ url: this.#config.publicUrl, attempt: state.attempt }, 'connected to Kraken');
      this.#subscriptions.connectionOpened();
      this.#tell({ type: 'CONNECTED', message: undefined });
      return;
    }
    if (previous.kind === 'open') {
      this.#connectedAt = undefined;
      this.#subscriptions.connectionLost();
      this.#tell({ type: 'DISCONNECTED', message: reason });
    } else if (previous.kind === 'connecting' && state.kind === 'backingOff') {
      this.#tell({ type: 'ERROR', message: reason });
    }
    if (state.kind === 'backingOff') {
      logger.warn(
        { reason, retryAfterMs: Math.round(this.#connection.retryAfterMs) },
        'not connected to Kraken',
      );
    }
  }

  #tell(event: Pick<ConnectionEvent, 'type' | 'message'>): void {
    const whole: ConnectionEvent = { ...event, connection: 'public', at: this.#config.clock.now() };
    this.#observer?.connectionEvent(whole);
    if (whole.type === 'CONNECTED') this.#callbacks.call('connected', whole);
    else if (whole.type === 'DISCONNECTED') this.#callbacks.call('disconnected', whole);
    else this.#callbacks.call('error', whole);
  }
}

const CONNECTION_STATES = {
  idle: 'CLOSED',
  connecting: 'CONNECTING',
  open: 'CONNECTED',
  backingOff: 'BACKING_OFF',
  closed: 'CLOSED',
} as const satisfies Record<ConnectionState['kind'], ConnectionView['state']>;
