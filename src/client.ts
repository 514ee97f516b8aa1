import { Account, BALANCES_DISABLED, type BalanceStreamingStatus } from './client/account.ts';
import { oneOf } from './client/arguments.ts';
import { type Callback, type CallbackEvent, Callbacks, type ConnectionEvent } from './client/callbacks.ts';
import { CandleFeed } from './client/candle-feed.ts';
import { DEFAULTS, type KrakenWebSocketConfig } from './client/config.ts';
import { Declarations } from './client/declarations.ts';
import { Evidence } from './client/evidence.ts';
import { type ExchangeClient, tokensByRest, tokensOf } from './client/exchange-client.ts';
import { Iterables } from './client/iterables.ts';
import { type ClientObserver, Listeners } from './client/listeners.ts';
import { TradeFeed } from './client/trade-feed.ts';
import { type ConnectionView, DISABLED, Upstream } from './client/upstream.ts';
import type { ProtocolError } from './kraken/decode.ts';
import { ExchangeClock } from './kraken/exchange-clock.ts';
import {
  BOOK_DEPTHS,
  type BookMessage,
  CANDLE_MINUTES,
  type ChannelName,
  type DataMessage,
  EVENT_TRIGGERS,
  type EventTrigger,
  type InstrumentMessage,
  type KrakenMessage,
  type StatusMessage,
  type SubscriptionTopic,
  type TickerMessage,
} from './kraken/messages.ts';
import { RestClient } from './kraken/rest.ts';
import { MessageCounters, type MessageStatistics } from './kraken/statistics.ts';
import {
  candleFeed,
  type FeedName,
  feedOf,
  type SubscriptionState,
  type SubscriptionView,
} from './kraken/subscription.ts';
import { type Asset, isAssetName, type PairSymbol } from './kraken/symbols.ts';
import type { Clock } from './lib/clock.ts';
import { CodedError } from './lib/coded-error.ts';
import { quietLogger } from './lib/quiet-logger.ts';
import { unreachable } from './lib/unreachable.ts';
import type { BalanceUpdate } from './market/balance-update.ts';
import { type ExchangeStatus, nextExchangeStatus, sameExchangeStatus } from './market/exchange-status.ts';
import type { FeedState } from './market/freshness.ts';
import type { InstrumentsOutcome } from './market/instruments.ts';
import { Market, type MarketView } from './market/market.ts';
import type { OHLCUpdate } from './market/ohlc-update.ts';
import type { OrderBookUpdate } from './market/order-book-update.ts';
import { TickerUpdate } from './market/ticker.ts';
import type { TradeUpdate } from './market/trade-update.ts';

/** What came in and how it was handled. */
export interface MessageHandlerStatistics {
  /** Frames since the client was made. */
  readonly totalMessages: number;
  /** Of these, frames that were not understood, failed a check, or refused a request. */
  readonly errorCount: number;
  /** Callbacks that threw or rejected. */
  readonly callbackErrors: number;
  /** Messages a second over the last ten seconds, by channel. */
  readonly processingRates: Readonly<Record<string, number>>;
  /** The same over all channels. */
  readonly overallMessageRate: number;
  readonly activeSubscriptions: number;
  /** Seconds since the client was made. */
  readonly uptimeSeconds: number;
}

/** How {@link KrakenWebSocketV2.subscribeTicker} subscribes. */
export interface TickerOptions {
  /** What makes Kraken send a ticker: each change of the best bid or ask (`bbo`, the default), or trades alone. */
  readonly eventTrigger?: EventTrigger;
}

/** What {@link KrakenWebSocketV2.unsubscribe} takes. */
export type SubscribableChannel = 'ticker' | 'book' | 'trade' | 'ohlc' | 'balances';

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
 * Subscriptions are declared: they hold across reconnects, and may be made before `connect`. With an API key it
 * streams the account's balances too. Prices and quantities are text with the exchange's own digits.
 *
 * @see https://docs.kraken.com/api/docs/guides/spot-ws-intro
 */
export class KrakenWebSocketV2 {
  readonly #config: KrakenWebSocketConfig;
  readonly #rest: RestClient;
  readonly #exchangeClock: ExchangeClock;
  #warnedOfSkew = false;
  readonly #public: Upstream;
  #account: Account | undefined;
  readonly #market: Market;
  readonly #trades: TradeFeed;
  readonly #candles: CandleFeed;
  readonly #callbacks: Callbacks;
  readonly #counters: MessageCounters;
  readonly #declared: Declarations;
  readonly #evidence: Evidence;
  readonly #listeners: Listeners;
  /** Every channel as an async iterable: `for await (const ticker of kraken.streams.tickers(['BTC/USD']))`. */
  readonly streams: Iterables;
  readonly #startedAt: number;
  #exchangeStatus: ExchangeStatus | undefined;
  #wanted = false;
  #balancesWanted = false;

  /**
   * @param apiKey with the permissions "Query funds" and "Access WebSockets API"; without it there are public data
   * @param apiSecret base64, as Kraken shows it
   */
  constructor(apiKey?: string, apiSecret?: string, config: Partial<KrakenWebSocketConfig> = {}) {
    const given = { ...DEFAULTS, ...config };
    this.#exchangeClock = new ExchangeClock(given.clock);
    this.#config = {
      ...given,
      logger: quietLogger(given.logger, given.clock),
      clock: this.#exchangeClock,
    };
    const { clock, logger, messageQueueSize, restUrl, restRate, restTimeoutMs } = this.#config;
    this.#startedAt = clock.now();
    this.#callbacks = new Callbacks(logger);
    this.#counters = new MessageCounters(clock.now());
    this.#market = new Market(messageQueueSize);
    this.#rest = new RestClient(
      { url: restUrl, apiKey, apiSecret, ratePerSecond: restRate, timeoutMs: restTimeoutMs },
      clock,
    );
    this.#public = new Upstream('public', this.#config, {
      message: (message, receivedAt) => this.#receive(message, receivedAt, 'public'),
      protocolError: (error, text) => this.#onProtocolError(error, text),
      fault: (error, message) => this.#onFault(error, message),
      roundTrip: (...times) => this.#onRoundTrip(...times),
      subscriptionChanged: (topic, state) => this.#onSubscriptionState(topic, state),
      dropped: topic => this.#onDropped(topic),
      connectionEvent: event => this.#onConnection(event),
    });
    const { subscriptions } = this.#public;
    const pair = (symbol: PairSymbol) => this.#market.instruments.pair(symbol);
    this.#trades = new TradeFeed({
      trades: this.#market.tapes,
      rest: this.#rest,
      clock,
      logger,
      pair,
      accepts: (symbol, receivedAt, type) => this.#acceptsTrades('trade', symbol, receivedAt, type),
      dropped: (symbol, count) => this.#onDroppedRows('trade', { symbol }, count),
      deliver: (symbol, delivery) => this.#listeners.trades(symbol, delivery),
      stateChanged: symbol => this.#listeners.state({ channel: 'trade', symbol }, 'RESYNCING'),
    });
    this.#candles = new CandleFeed({
      candles: this.#market.series,
      rest: this.#rest,
      clock,
      pair,
      accepts: (symbol, interval, receivedAt, type) =>
        this.#acceptsTrades(candleFeed(interval), symbol, receivedAt, type),
      dropped: (symbol, count) => this.#onDroppedRows('ohlc', { symbol }, count),
      isWanted: (symbol, interval) => subscriptions.get(candleFeed(interval), symbol) !== undefined,
      isLive: (symbol, interval) => this.feedState(candleFeed(interval), symbol) === 'LIVE',
      changed: (symbol, interval, candles) => this.#listeners.candles(symbol, interval, candles),
    });
    this.#evidence = new Evidence({
      clock,
      isLive: (feed, symbol) => subscriptions.stateOf(feed, symbol) === 'LIVE',
      lastHeardMs: (feed, symbol) => subscriptions.lastHeardMs(feed, symbol),
      quotedPairs: () => subscriptions.symbols('book'),
      disagreement: symbol => this.#disagreement(symbol),
      distrust: (feed, symbol, contradiction) => subscriptions.distrust(feed, symbol, contradiction),
    });
    this.#declared = new Declarations(subscriptions);
    this.streams = new Iterables(
      {
        market: this.#market,
        resolveSymbol: text => this.resolveSymbol(text),
        retain: topic => this.retain(topic),
        release: topic => this.release(topic),
        subscribeBalance: () => this.subscribeBalance(),
      },
      messageQueueSize,
    );
    this.#listeners = new Listeners(this.#market, this.#callbacks, this.streams);
    if (this.#rest.hasKey) this.#account = this.#createAccount(tokensByRest(this.#rest), this.#rest);
    // The list of pairs is what every other name is read against.
    subscriptions.retain({ channel: 'instrument' });
  }

  #createAccount(tokens: ReturnType<typeof tokensOf>, rest?: RestClient): Account {
    return new Account(this.#config, this.#market.account, rest, tokens, {
      message: (message, receivedAt) => this.#receive(message, receivedAt, 'private'),
      protocolError: (error, text) => this.#onProtocolError(error, text),
      fault: (error, message) => this.#onFault(error, message),
      roundTrip: (...times) => this.#onRoundTrip(...times),
      connectionEvent: event => this.#listeners.connection(event),
      changed: assets => this.#listeners.balances(assets),
    });
  }

  // ── Lifecycle ────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Starts to connect, and stays connected until {@link disconnect}. Returns at once.
   *
   * @param options.privateChannels whether to stream balances; by default if there is a key, or an exchange client
   * @throws {CodedError} `BALANCES_DISABLED` when private channels are asked for and there are no credentials
   */
  connect({ privateChannels = this.#account !== undefined }: { privateChannels?: boolean } = {}): void {
    if (privateChannels) this.#requireAccount();
    this.#wanted = true;
    this.#trades.resume();
    this.#candles.resume();
    this.#public.connect();
    this.#balancesWanted ||= privateChannels;
    if (this.#balancesWanted) this.#account?.connect();
  }

  /** Leaves Kraken. What was subscribed is subscribed again by the next {@link connect}. */
  disconnect(): void {
    this.#wanted = false;
    this.#trades.stop();
    this.#candles.stop();
    this.#account?.disconnect();
    // A callback that heard of it may have connected again: then that is what is wanted.
    if (!this.#wanted) this.#public.disconnect();
  }

  /**
   * Lets somebody else supply WebSockets tokens, in place of key and secret. Kraken's REST tells what orders hold
   * only to whoever has the key: without one, `holdTrade` and `freeBalance` stay unknown.
   */
  setExchangeClient(client: ExchangeClient): void {
    this.#account?.disconnect();
    this.#account = this.#createAccount(tokensOf(client));
    if (this.#wanted && this.#balancesWanted) this.#account.connect();
  }

  /** Whether there is a key, or somebody who supplies tokens: without one there are no balances to expect. */
  get hasAccount(): boolean {
    return this.#account !== undefined;
  }

  get isConnected(): boolean {
    return this.#public.isConnected;
  }

  /** Whether Kraken accepted our token on the present private connection. */
  get isAuthenticated(): boolean {
    return this.#account?.isAuthenticated ?? false;
  }

  // ── Subscriptions ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Streams the tickers of these pairs from now on, in any spelling (`BTC/USD`, `xbt-usd`).
   *
   * With `eventTrigger` `bbo` a ticker comes whenever the best bid or ask changes, price or quantity, and at each
   * trade. With `trades` it comes at trades alone: far less traffic, and bid and ask are those of the last trade. At
   * Kraken a pair has one trigger at a time, `bbo` if anyone wants it; until the first ticker with it has come, the
   * one on hand is `PENDING`.
   *
   * @throws {CodedError} `UNKNOWN_SYMBOL` when a pair does not exist; then none of them is subscribed.
   * `BAD_USER_INPUT` for another trigger
   */
  subscribeTicker(symbols: readonly string[], { eventTrigger = 'bbo' }: TickerOptions = {}): void {
    const event_trigger = oneOf('eventTrigger', EVENT_TRIGGERS, eventTrigger);
    this.#declare(symbols, symbol => ({ channel: 'ticker', symbol, event_trigger }));
  }

  /**
   * Streams the order books of these pairs from now on, verified by checksum at every change. At Kraken a pair has
   * one depth at a time, the largest that anyone wants; smaller ones are slices of it.
   *
   * @param depth levels a side: 10, 25, 100, 500 or 1000
   * @throws {CodedError} `UNKNOWN_SYMBOL` as above, `BAD_USER_INPUT` for another depth
   */
  subscribeOrderbook(symbols: readonly string[], depth = 10): void {
    const known = oneOf('depth', BOOK_DEPTHS, depth);
    this.#declare(symbols, symbol => ({ channel: 'book', symbol, depth: known }));
  }

  /**
   * Streams the trades of these pairs from now on: each once and in order, across reconnects. Trades that the
   * socket missed are fetched by REST; what can not be recovered is told by the callback `gap`.
   *
   * @throws {CodedError} `UNKNOWN_SYMBOL` as above
   */
  subscribeTrades(symbols: readonly string[]): void {
    this.#declare(symbols, symbol => ({ channel: 'trade', symbol }));
  }

  /**
   * Streams the candles of these pairs from now on. Several intervals of one pair are several subscriptions.
   *
   * @param interval minutes: 1, 5, 15, 30, 60, 240, 1440, 10080 or 21600
   * @throws {CodedError} `UNKNOWN_SYMBOL` as above, `BAD_USER_INPUT` for another interval
   */
  subscribeOhlc(symbols: readonly string[], interval = 1): void {
    const known = oneOf('interval', CANDLE_MINUTES, interval);
    this.#declare(symbols, symbol => ({ channel: 'ohlc', symbol, interval: known }));
  }

  /**
   * Streams the account's balances from now on.
   *
   * @throws {CodedError} `BALANCES_DISABLED` without credentials
   */
  subscribeBalance(): void {
    const account = this.#requireAccount();
    this.#balancesWanted = true;
    if (this.#wanted) account.connect();
  }

  /** Ends what a subscribe method began: for these pairs, or for all of the channel (of candles, every interval). */
  unsubscribe(channel: SubscribableChannel, symbols?: readonly string[]): void {
    if (channel !== 'balances') {
      this.#declared.remove(
        channel,
        // One that is not listed any more still goes by its name.
        symbols?.map(text => this.#declared.named(text) ?? this.resolveSymbol(text)),
      );
      return;
    }
    this.#balancesWanted = false;
    this.#account?.disconnect();
  }

  #declare(
    symbols: readonly string[],
    topicOf: (symbol: PairSymbol) => SubscriptionTopic & { readonly symbol: PairSymbol },
  ): void {
    this.#declared.add(symbols.map(text => topicOf(this.resolveSymbol(text))));
  }

  #requireAccount(): Account {
    if (this.#account !== undefined) return this.#account;
    throw new CodedError('BALANCES_DISABLED', 'No API key is configured: there are public data only');
  }

  /** The pairs that a subscribe method was called for. */
  declaredSymbols(feed: FeedName): readonly PairSymbol[] {
    return this.#declared.symbols(feed);
  }

  /** Whether a subscribe method was called for this pair. */
  isDeclared(feed: FeedName, symbol: PairSymbol): boolean {
    return this.#declared.get(feed, symbol) !== undefined;
  }

  /** One more reader needs this topic; each call is matched by one {@link release}. */
  retain(topic: SubscriptionTopic): void {
    this.#public.subscriptions.retain(topic);
  }

  /** One reader less. After the last one the subscription outlives it for `subscriptionLingerMs`. */
  release(topic: SubscriptionTopic): void {
    this.#public.subscriptions.release(topic);
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
   * The last trades, oldest first.
   *
   * @param limit at most this many; 1,000 are kept
   */
  getRecentTrades(symbol: string, limit = 50): readonly TradeUpdate[] {
    return this.#market.trades(this.resolveSymbol(symbol), limit) ?? [];
  }

  /**
   * Trades after a known one, of a pair that is subscribed, by REST up to where {@link getRecentTrades} begins.
   *
   * @param tradeId of the known trade
   * @param timestamp of the known trade, RFC 3339
   * @param options.client who asks: REST is shared fairly among clients
   * @returns undefined when they are not available whole: more than about 20,000, or Kraken does not know them
   * @throws {RestError}
   */
  loadTradesAfter(
    symbol: string,
    tradeId: number,
    timestamp: string,
    { client }: { readonly client?: string | undefined } = {},
  ): Promise<readonly TradeUpdate[] | undefined> {
    return this.#trades.history(this.resolveSymbol(symbol), tradeId, timestamp, client);
  }

  /**
   * The last candles, oldest first; the last one may still be forming. Those that the socket has told; see
   * {@link loadOhlcHistory} for those before.
   *
   * @param limit at most this many
   * @param interval minutes
   */
  getOhlcData(symbol: string, limit = 100, interval = 1): readonly OHLCUpdate[] {
    const known = oneOf('interval', CANDLE_MINUTES, interval);
    return this.#market.candles(this.resolveSymbol(symbol), known, limit) ?? [];
  }

  /**
   * Fetches up to 720 candles by REST and merges them with those of the socket, of a pair and interval that is
   * subscribed. {@link getOhlcData} returns them from then on.
   *
   * @param options.client who asks: REST is shared fairly among clients
   * @throws {RestError} when Kraken's REST API does not serve them
   */
  async loadOhlcHistory(
    symbol: string,
    interval = 1,
    { client }: { readonly client?: string | undefined } = {},
  ): Promise<void> {
    const pair = this.resolveSymbol(symbol);
    const known = oneOf('interval', CANDLE_MINUTES, interval);
    if (!this.#market.hasHistory(pair, known)) await this.#candles.loadHistory(pair, known, client);
  }

  /**
   * What the account has of an asset, in any spelling (`BTC`, `xbt`, `XXBT`); undefined when it has none.
   *
   * @throws {CodedError} `BAD_USER_INPUT` as {@link resolveAsset} does
   */
  getBalance(asset: string): BalanceUpdate | undefined {
    return this.#market.balance(this.resolveAsset(asset));
  }

  /** Every asset of the account, by name. */
  getAllBalances(): ReadonlyMap<string, BalanceUpdate> {
    return new Map(this.#market.balances().map(balance => [balance.asset, balance]));
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
    if (!this.#market.instruments.known && text.length <= LONGEST_NAME) {
      const message = `The list of pairs has not arrived yet: spell "${text}" as BASE/QUOTE, or ask again`;
      throw new CodedError('UPSTREAM_UNAVAILABLE', message, { symbol: text, retryAfterMs: 1_000 });
    }
    if (text.length > LONGEST_NAME) {
      const symbol = `${text.slice(0, LONGEST_NAME)}…`;
      throw new CodedError('UNKNOWN_SYMBOL', `No pair "${symbol}" is known`, { symbol, suggestions: [] });
    }
    const suggestions = this.#market.instruments.suggest(text);
    const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(', ')}?` : '';
    throw new CodedError('UNKNOWN_SYMBOL', `No pair "${text}" is known${hint}`, {
      symbol: text,
      suggestions,
    });
  }

  /**
   * The asset that `text` means; a suffix is kept (`xbt.f` is `BTC.F`). Before Kraken has told which assets exist, any name
   * is accepted.
   *
   * @throws {CodedError} `BAD_USER_INPUT` for an asset that Kraken does not list and the account does not have, with the
   * nearest ones in `context.suggestions`
   */
  resolveAsset(text: string): Asset {
    const { instruments, account } = this.#market;
    const held = account.assets();
    const isName = text.length <= LONGEST_NAME && isAssetName(text.trim());
    const asset = isName ? instruments.resolveAsset(text, held) : undefined;
    if (asset !== undefined) return asset;
    const suggestions = isName ? instruments.suggestAssets(text, held) : [];
    const name = text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME)}…`;
    const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(', ')}?` : '';
    throw new CodedError('BAD_USER_INPUT', `No asset "${name}" is known${hint}`, {
      asset: name,
      suggestions,
    });
  }

  // ── Callbacks ────────────────────────────────────────────────────────────────────────────────────────

  /** Calls `callback` at each event from now on, once however often it is registered. It may be async. */
  registerCallback<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): void {
    this.#callbacks.register(event, callback);
  }

  /** Returns whether the callback was registered. */
  unregisterCallback<Event extends CallbackEvent>(event: Event, callback: Callback<Event>): boolean {
    return this.#callbacks.unregister(event, callback);
  }

  /**
   * Sets the one observer that is told of changes first.
   *
   * @internal
   */
  observe(observer: Partial<ClientObserver>): void {
    this.#listeners.observer = observer;
  }

  // ── Status ───────────────────────────────────────────────────────────────────────────────────────────

  /** The public connection, and the private one. */
  getConnectionStatus(): { readonly public: ConnectionView; readonly private: ConnectionView } {
    return { public: this.#public.view(), private: this.#account?.view() ?? DISABLED };
  }

  /** How the account's balances are kept up to date. */
  getBalanceStreamingStatus(): BalanceStreamingStatus {
    return this.#account?.status() ?? BALANCES_DISABLED;
  }

  /** Time at the exchange, as well as it is known here: values carry their age by it. */
  get clock(): Clock {
    return this.#exchangeClock;
  }

  /** How far this machine's clock is ahead of the exchange's, milliseconds; undefined before the first round trip. */
  get clockSkewMs(): number | undefined {
    return this.#exchangeClock.skewMs;
  }

  /** Kraken's own system state, `online` and others; undefined before it was heard. */
  get exchangeStatus(): string | undefined {
    return this.#exchangeStatus?.system;
  }

  /** The same with announced maintenance and emergencies. */
  getExchangeStatus(): ExchangeStatus | undefined {
    return this.#exchangeStatus;
  }

  /** What came in, in all and by channel. */
  getMessageStatistics(): MessageStatistics {
    return this.#counters.snapshot(this.#config.clock.now());
  }

  /** The same with what became of it, in one flat object for a log line. */
  getMessageHandlerStatistics(): MessageHandlerStatistics {
    const { total, errors, ratePerSecond, channels } = this.getMessageStatistics();
    return {
      totalMessages: total,
      errorCount: errors,
      callbackErrors: this.#callbacks.errors,
      processingRates: Object.fromEntries(channels.map(one => [one.channel, one.ratePerSecond])),
      overallMessageRate: ratePerSecond,
      activeSubscriptions: [...this.getSubscriptions()].filter(one => one.state === 'LIVE').length,
      uptimeSeconds: (this.#config.clock.now() - this.#startedAt) / 1_000,
    };
  }

  /** Every upstream subscription and how it stands. */
  *getSubscriptions(): Iterable<SubscriptionView> {
    yield* this.#public.subscriptions.all();
    if (this.#account !== undefined) yield* this.#account.subscriptions.all();
  }

  /**
   * How far the value of a feed and pair can be trusted now; undefined when it is not subscribed.
   *
   * @param feed `ticker`, `book`, `trade`, or of candles `ohlc` and the minutes, as `ohlc 60`
   */
  feedState(feed: FeedName, name: string): FeedState | undefined {
    // Asked at each value, and mostly by the pair's own name.
    const symbol = name as PairSymbol;
    const state = this.#public.subscriptions.stateOf(feed, symbol);
    if (state === undefined) {
      const meant = this.#otherwise(name);
      return meant && this.feedState(feed, meant);
    }
    // Nothing more is to be expected of it, whatever was acknowledged.
    if (this.#market.instruments.isDelisted(symbol)) return 'REJECTED';
    return state === 'LIVE' && this.isBeingRepaired(feed, symbol) ? 'RESYNCING' : state;
  }

  /**
   * Whether a book has failed its checksum and not verified since, or trades before the last ones are being fetched.
   *
   * @internal
   */
  isBeingRepaired(feed: FeedName, symbol: PairSymbol): boolean {
    if (feed === 'book') return this.#market.books.isResyncing(symbol);
    return feed === 'trade' && this.#trades.isRepairing(symbol);
  }

  /** Why the value of a feed and pair cannot be trusted now, for people; undefined while it can. */
  feedReason(feed: FeedName, name: string): string | undefined {
    const state = this.feedState(feed, name);
    const symbol = this.#otherwise(name) ?? (name as PairSymbol);
    if (state !== undefined && this.#market.instruments.isDelisted(symbol)) return `${symbol} is delisted`;
    switch (state) {
      case 'LIVE':
        return undefined;
      case 'RESYNCING':
        return feed === 'book'
          ? 'the book did not match its checksum, and a new snapshot is on its way'
          : 'trades before these are missing, and are being fetched';
      case 'DISCONNECTED':
        return this.#public.disconnectedReason;
      case undefined:
        return 'it is not subscribed any more';
      default:
        return this.getSubscription(feed, name)?.reason;
    }
  }

  /** Why the account's balances cannot be trusted now; undefined while they can. */
  get balancesReason(): string | undefined {
    return this.#account?.reason ?? 'no API key is configured';
  }

  /** The same of the account's balances. */
  get balancesState(): FeedState {
    return this.#account?.state ?? 'DISCONNECTED';
  }

  /** The upstream subscription to a feed, and to a pair of it; undefined when there is none. */
  getSubscription(feed: FeedName, name = ''): SubscriptionView | undefined {
    const { subscriptions } = this.#public;
    const known = subscriptions.get(feed, name);
    if (known !== undefined || name === '') return known;
    const meant = this.#otherwise(name);
    return meant && subscriptions.get(feed, meant);
  }

  /** The pair that `name` means, if that is not the name itself. */
  #otherwise(name: string): PairSymbol | undefined {
    const symbol = this.#market.instruments.resolve(name);
    return symbol === name ? undefined : symbol;
  }

  // ── From the socket ──────────────────────────────────────────────────────────────────────────────────

  #receive(message: KrakenMessage, receivedAt: number, connection: 'public' | 'private'): void {
    switch (message.kind) {
      case 'ticker':
        this.#countData(message, receivedAt);
        this.#onTicker(message, receivedAt);
        return;
      case 'book':
        this.#countData(message, receivedAt);
        this.#onBook(message, receivedAt);
        return;
      case 'trade':
        this.#countData(message, receivedAt);
        this.#trades.receive(message, receivedAt);
        return;
      case 'ohlc':
        this.#countData(message, receivedAt);
        this.#candles.receive(message, receivedAt);
        return;
      case 'balances':
        this.#countData(message, receivedAt);
        this.#account?.receiveBalances(message, receivedAt);
        return;
      case 'executions':
        this.#countData(message, receivedAt);
        this.#account?.receiveExecutions(message, receivedAt);
        return;
      case 'heartbeat':
        this.#counters.message('heartbeat', receivedAt);
        return;
      case 'status':
        this.#counters.message('status', receivedAt);
        this.#onStatus(message, connection, receivedAt);
        return;
      case 'instrument':
        this.#countData(message, receivedAt);
        this.#onInstruments(message, receivedAt);
        return;
      case 'pong':
      case 'acknowledged':
        this.#counters.message('method', receivedAt);
        return;
      case 'refused':
        this.#counters.error('method', receivedAt);
        return;
      case 'rateLimited':
        this.#counters.error('method', receivedAt);
        this.#config.logger.warn({ error: message.error }, 'Kraken limits our control messages');
        return;
      default:
        unreachable(message);
    }
  }

  /** Rows that were left out are errors of their channel. */
  #countData(message: DataMessage, receivedAt: number): void {
    this.#counters.message(message.kind, receivedAt);
    const [first] = message.skipped;
    if (first !== undefined) this.#onDroppedRows(message.kind, first, message.skipped.length);
  }

  #onDroppedRows(channel: ChannelName | 'status', detail: object, count: number): void {
    for (let left = count; left > 0; left -= 1) this.#counters.failure(channel);
    this.#config.logger.warn({ channel, rows: count, ...detail }, 'rows that make no sense were left out');
  }

  #onInstruments(message: InstrumentMessage, receivedAt: number): void {
    this.#public.subscriptions.received('instrument', '', receivedAt);
    const { instruments } = this.#market;
    const outcome = instruments.apply(message);
    this.#listeners.instruments(instruments, outcome);
    this.#onDelisting(outcome);
  }

  /** What is subscribed of a pair that is traded no more is over at once, and begins again when the pair does. */
  #onDelisting({ delisted, relisted }: InstrumentsOutcome): void {
    if (delisted.length + relisted.length === 0) return;
    for (const { topic } of [...this.#public.subscriptions.all()]) {
      if (!('symbol' in topic)) continue;
      if (delisted.includes(topic.symbol)) this.#listeners.state(topic, 'REJECTED');
      else if (relisted.includes(topic.symbol))
        this.#public.subscriptions.renew(feedOf(topic), topic.symbol, 0);
    }
  }

  #onStatus(message: StatusMessage, connection: 'public' | 'private', receivedAt: number): void {
    const before = this.#exchangeStatus;
    const status = nextExchangeStatus(before, message, connection, receivedAt);
    this.#exchangeStatus = status;
    const { system, version } = message;
    this.#config.logger.info(
      { system, version, maintenance: status.maintenance.length, emergencies: status.emergencies.length },
      'exchange status',
    );
    const [first] = message.skipped;
    if (first !== undefined) this.#onDroppedRows('status', first, message.skipped.length);
    if (!sameExchangeStatus(before, status)) this.#listeners.exchangeStatus(status);
  }

  #onTicker(message: TickerMessage, receivedAt: number): void {
    for (const row of message.data) {
      const isSnapshot = message.type === 'snapshot';
      if (!this.#public.subscriptions.received('ticker', row.symbol, receivedAt, isSnapshot)) continue;
      if (!isSnapshot && this.#market.hasTraded(row)) this.#evidence.traded('ticker', row.symbol, row.last);
      const ticker = new TickerUpdate(row, receivedAt);
      this.#market.setTicker(ticker);
      this.#evidence.quoted(row.symbol);
      this.#listeners.ticker(ticker, message.type === 'update');
    }
  }

  /** Data that come at trades alone: whoever gets an update may ask the other channels for the same trade. */
  #acceptsTrades(
    feed: FeedName,
    symbol: PairSymbol,
    receivedAt: number,
    type: 'snapshot' | 'update',
  ): boolean {
    const isSnapshot = type === 'snapshot';
    if (!this.#public.subscriptions.received(feed, symbol, receivedAt, isSnapshot)) return false;
    if (!isSnapshot) this.#evidence.traded(feed, symbol, undefined);
    return true;
  }

  /** A ticker that comes at every change of the best prices stands where the verified book stands. */
  #disagreement(symbol: PairSymbol): { readonly book: string; readonly ticker: string } | undefined {
    const ticker = this.#public.subscriptions.topicOf('ticker', symbol);
    const comparable =
      ticker?.channel === 'ticker' &&
      ticker.event_trigger === 'bbo' &&
      this.feedState('ticker', symbol) === 'LIVE' &&
      this.feedState('book', symbol) === 'LIVE';
    return comparable ? this.#market.disagreement(symbol) : undefined;
  }

  #onConnection(event: ConnectionEvent): void {
    if (event.type === 'CONNECTED') this.#evidence.start();
    else if (event.type === 'DISCONNECTED') this.#evidence.stop();
    this.#listeners.connection(event);
  }

  #onBook(message: BookMessage, receivedAt: number): void {
    for (const { name } of message.skipped) this.#onDamagedBook(message.type, name as PairSymbol | undefined);
    for (const row of message.data) {
      const topic = this.#public.subscriptions.topicOf('book', row.symbol);
      if (topic?.channel !== 'book') continue;
      const outcome = this.#market.books.apply(message.type, row, topic.depth, receivedAt);
      if (outcome === 'passedOver') continue;
      if (outcome === 'failed') {
        this.#counters.failure('book');
        this.#resyncBook(topic, 'a book failed its checksum');
        continue;
      }
      this.#public.subscriptions.received('book', row.symbol, receivedAt);
      this.#evidence.quoted(row.symbol);
      const declared = this.#declared.get('book', row.symbol);
      const depth = declared?.channel === 'book' ? declared.depth : undefined;
      this.#listeners.book(row.symbol, depth, message.type === 'update' ? row.timestamp : undefined);
    }
  }

  /** A row about a pair was left out: its book is not what the exchange has. */
  #onDamagedBook(type: BookMessage['type'], symbol: PairSymbol | undefined): void {
    const topic = symbol && this.#public.subscriptions.topicOf('book', symbol);
    if (topic?.channel !== 'book' || !this.#market.books.distrust(type, topic.symbol)) return;
    this.#resyncBook(topic, 'a row of a book was not understood');
  }

  #resyncBook(topic: SubscriptionTopic & { readonly channel: 'book' }, why: string): void {
    const { symbol } = topic;
    const delayMs = this.#market.books.resyncDelayMs(symbol);
    this.#config.logger.error({ symbol, delayMs }, why);
    this.#public.subscriptions.renew('book', symbol, delayMs);
    this.#listeners.state(topic, 'RESYNCING');
  }

  #onRoundTrip(...times: Parameters<ExchangeClock['roundTrip']>): void {
    this.#exchangeClock.roundTrip(...times);
    const skewMs = Math.round(this.#exchangeClock.skewMs ?? 0);
    const isWrong = Math.abs(skewMs) > SKEW_WARNING_MS;
    if (isWrong && !this.#warnedOfSkew) {
      const message = "this machine's clock differs from the exchange's, whose time is used; run NTP";
      this.#config.logger.warn({ skewMs }, message);
    }
    this.#warnedOfSkew = isWrong;
  }

  #onFault(error: unknown, message: KrakenMessage | undefined): void {
    const channel = message?.kind ?? 'other';
    this.#counters.failure(channel);
    this.#config.logger.error({ channel, err: error }, 'a frame could not be handled');
  }

  #onProtocolError(error: ProtocolError, text: string): void {
    this.#counters.error(error.channel, this.#config.clock.now());
    this.#config.logger.warn({ ...error, frame: text.slice(0, 200) }, 'a frame was not understood');
  }

  #onSubscriptionState(topic: SubscriptionTopic, state: SubscriptionState): void {
    this.#config.logger.debug({ topic, state }, 'subscription');
    this.#listeners.state(topic, state);
  }

  #onDropped(topic: SubscriptionTopic): void {
    if (topic.channel === 'ohlc') this.#candles.drop(topic.symbol, topic.interval);
    this.#market.drop(topic, this.#config.clock.now());
  }
}

/** A clock that is wrong by more is warned of. */
const SKEW_WARNING_MS = 2_000;

/** No pair has a longer name; comparing one with every pair would take its time. */
const LONGEST_NAME = 40;
