import type { ConnectionEvent } from '../client/callbacks.ts';
import type { ClientObserver } from '../client/listeners.ts';
import type { KrakenWebSocketV2 } from '../client.ts';
import type { CandleMinutes, SubscriptionTopic } from '../kraken/messages.ts';
import { candleFeed, feedOf, symbolOf } from '../kraken/subscription.ts';
import type { Asset, PairSymbol } from '../kraken/symbols.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { CodedError, limitExceeded } from '../lib/coded-error.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { TradeDelivery } from '../market/trade-tape.ts';
import type { Broadcast, BroadcastPlan } from './broadcast.ts';
import { createBroadcast } from './create-broadcast.ts';
import { Lag, type TimedChannel } from './lag.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import { Share } from './share.ts';
import {
  isOfAccount,
  type Topic,
  type TopicKey,
  TopicMap,
  upstreamOf,
  upstreamWeight,
  weightOf,
} from './topics.ts';
import { Turn } from './turn.ts';

/** Counts of the clients of this server. */
export interface ClientStatistics extends Readonly<DeliveryCounters> {
  /** Open WebSockets and event streams. */
  readonly connections: number;
  /** TCP connections for which there was no room. */
  readonly refused: number;
  /** Sockets that were dropped because their readers took nothing any more. */
  readonly stalled: number;
  readonly subscriptions: number;
  /** Distinct subscriptions that are executed. */
  readonly broadcasts: number;
}

/** Who reads a topic. Exists while someone does. */
interface Readers {
  readonly topic: Topic;
  readonly broadcasts: Set<Broadcast>;
  /** Called at each change: queries that wait for a first value. */
  readonly waiters: Set<() => void>;
}

/** What all clients together may ask of this server. */
export interface HubLimits {
  /** Distinct subscriptions. */
  readonly broadcasts: number;
  /** Subscriptions at Kraken, by `upstreamWeight`. */
  readonly upstreamSubscriptions: number;
  /** How long a subscription at Kraken outlives the query that asked for it. */
  readonly lingerMs: number;
}

/** Bytes of documents that subscriptions hold, over all clients. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;
/** The part of each limit that one connection may have. */
const SHARE = 0.2;

/** Candles of one series that can be told apart while they wait for readers; as many as are kept. */
const MAX_CANDLE_TOPICS = 1_500;
/** How long a query waits for the first value of a pair that was not streamed. */
const FIRST_VALUE_TIMEOUT_MS = 5_000;

/**
 * Between the market and its readers: which broadcasts read which topic, what that demands upstream, and
 * when they flush. A change of a topic that nobody reads costs two map lookups.
 */
export class Hub implements ClientObserver {
  readonly #client: KrakenWebSocketV2;
  readonly #clock: Clock;
  readonly #readers = new TopicMap<Readers>();
  readonly #broadcasts = new Map<string, Broadcast>();
  readonly #counters: DeliveryCounters = { delivered: 0, conflated: 0, slowConsumers: 0 };
  /** The same of what moves when the account does. */
  readonly #accountCounters: DeliveryCounters = { delivered: 0, conflated: 0, slowConsumers: 0 };
  /** A topic for each asset of the account and for each pair of the list, always the same one. */
  readonly #assetTopics = new Map<Asset, Topic>();
  readonly #instrumentTopics = new Map<PairSymbol, Topic>();
  /** The same of the last candles that changed, by the topic of their series. */
  readonly #candleTopics = new WeakMap<Topic, Map<string, Topic>>();
  readonly #lastConnectionEvents = new Map<ConnectionEvent['connection'], ConnectionEvent>();
  readonly turn: Turn;
  readonly lag = new Lag();
  readonly #limits: HubLimits;
  /** What ends the shares of queries whose topics linger. */
  readonly #lingering = new Set<Cancel>();
  /** Of the documents of all subscribers. */
  #documentBytes = 0;
  #connections = 0;
  #refused = 0;
  #stalled = 0;

  constructor(client: KrakenWebSocketV2, clock: Clock, limits: HubLimits) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
    this.turn = new Turn(clock, () => this.lag.written(clock.now()));
    client.observe(this);
  }

  // ── Subscribers ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds a subscriber to the broadcast with the plan's key, which the first subscriber creates and the last one
   * leaving removes.
   *
   * @param share of the connection that the subscriber is on
   * @param documentBytes that the subscriber's document takes, estimated
   * @returns how the subscriber leaves; calling it twice does nothing
   * @throws {CodedError} `LIMIT_EXCEEDED`
   */
  join(plan: BroadcastPlan, outlet: Outlet, share: Share, documentBytes = 0): Cancel {
    if (this.#documentBytes + documentBytes > MAX_DOCUMENT_BYTES) {
      throw beyond('bytes of documents', MAX_DOCUMENT_BYTES);
    }
    const letGo = share.hold(plan.topics, documentBytes);
    let broadcast: Broadcast | undefined;
    try {
      broadcast = this.#broadcasts.get(plan.key) ?? this.#open(plan);
      const joined = broadcast;
      const leave = joined.join(outlet, plan);
      this.#documentBytes += documentBytes;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        this.#documentBytes -= documentBytes;
        leave();
        letGo();
        this.#removeIfEmpty(joined);
      };
    } catch (error) {
      letGo();
      if (broadcast !== undefined) this.#removeIfEmpty(broadcast);
      throw error;
    }
  }

  /** What a connection may hold; each has one of its own. */
  share(): Share {
    return new Share({
      upstream: Math.ceil(this.#limits.upstreamSubscriptions * SHARE),
      documentBytes: MAX_DOCUMENT_BYTES * SHARE,
    });
  }

  #removeIfEmpty(broadcast: Broadcast): void {
    if (broadcast.size === 0 && this.#broadcasts.get(broadcast.plan.key) === broadcast)
      this.#remove(broadcast);
  }

  #open(plan: BroadcastPlan): Broadcast {
    const { broadcasts } = this.#limits;
    if (this.#broadcasts.size >= broadcasts) throw beyond('distinct subscriptions', broadcasts);
    this.#checkUpstream(plan.topics);
    const broadcast = createBroadcast(plan, {
      clock: this.#clock,
      turn: this.turn,
      counters: plan.topics.some(isOfAccount) ? this.#accountCounters : this.#counters,
    });
    this.#broadcasts.set(plan.key, broadcast);
    for (const topic of plan.topics) {
      this.#readersOf(topic).broadcasts.add(broadcast);
      this.#demand(topic);
    }
    return broadcast;
  }

  #remove(broadcast: Broadcast): void {
    this.#broadcasts.delete(broadcast.plan.key);
    for (const topic of broadcast.plan.topics) {
      const readers = this.#readersOf(topic);
      readers.broadcasts.delete(broadcast);
      this.#forgetIfUnread(readers);
      this.#undemand(topic);
    }
  }

  // ── Queries ──────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The value of a topic, subscribing upstream on demand and waiting for the first value if there is none yet.
   * The subscription outlives the query for the linger time.
   *
   * @throws {CodedError} `UPSTREAM_REJECTED` with Kraken's words in `reason`, or `UPSTREAM_UNAVAILABLE` with
   * `retryAfterMs` when no value came within five seconds
   */
  async first<Value>(topic: Topic, read: () => Value | undefined, share?: Share): Promise<Value> {
    const letGo = this.#askFor(topic, share);
    const readers = this.#readersOf(topic);
    try {
      const value = this.#outcome(topic, read);
      if (value !== undefined) return value;
      return await new Promise<Value>((resolve, reject) => {
        const settle = (): void => {
          try {
            const outcome = this.#outcome(topic, read);
            if (outcome === undefined) return;
            resolve(outcome);
          } catch (error) {
            reject(error);
          }
          readers.waiters.delete(settle);
          cancelTimeout();
        };
        const cancelTimeout = this.#clock.after(FIRST_VALUE_TIMEOUT_MS, () => {
          readers.waiters.delete(settle);
          reject(this.#unavailable(topic));
        });
        readers.waiters.add(settle);
      });
    } finally {
      this.#forgetIfUnread(readers);
      this.#undemand(topic);
      letGo();
    }
  }

  /** A query's demand: what it alone asks for counts towards its connection's share for as long as it lingers. */
  #askFor(topic: Topic, share: Share | undefined): Cancel {
    const isNew = share !== undefined && !this.#isSubscribed(topic);
    if (isNew) this.#checkUpstream([topic]);
    const letGo = isNew ? share.hold([topic]) : undefined;
    this.#demand(topic);
    return () => {
      if (letGo === undefined) return;
      const cancel = this.#clock.after(this.#limits.lingerMs, () => {
        this.#lingering.delete(cancel);
        letGo();
      });
      this.#lingering.add(cancel);
    };
  }

  /** Leaves no timer behind. */
  stop(): void {
    for (const cancel of this.#lingering) cancel();
    this.#lingering.clear();
  }

  #isSubscribed(topic: Topic): boolean {
    const upstream = upstreamOf(topic);
    if (upstream === undefined) return true;
    const known = this.#client.getSubscription(feedOf(upstream), symbolOf(upstream) || undefined)?.topic;
    return known !== undefined && upstreamWeight(known) >= upstreamWeight(upstream);
  }

  /** @throws {CodedError} `LIMIT_EXCEEDED` when these topics need more at Kraken than all clients together may have */
  #checkUpstream(topics: readonly Topic[]): void {
    const missing = topics.filter(topic => !this.#isSubscribed(topic));
    if (missing.length === 0) return;
    const { upstreamSubscriptions } = this.#limits;
    let weight = 0;
    for (const topic of missing) weight += weightOf(topic);
    for (const { topic } of this.#client.getSubscriptions()) weight += upstreamWeight(topic);
    if (weight > upstreamSubscriptions) throw beyond('subscriptions at Kraken', upstreamSubscriptions);
  }

  /** Keeps a topic streaming until the returned function is called; it lingers after that. */
  hold(topic: Topic, share?: Share): Cancel {
    const letGo = this.#askFor(topic, share);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#undemand(topic);
      letGo();
    };
  }

  #outcome<Value>(topic: Topic, read: () => Value | undefined): Value | undefined {
    // What is known says itself how far it can be trusted.
    const value = read();
    const rejection = value === undefined ? this.rejectionOf(topic) : undefined;
    if (rejection !== undefined) throw rejection;
    return value;
  }

  /** Kraken's refusal to stream a topic, if it refused. */
  rejectionOf(topic: Topic): CodedError | undefined {
    const upstream = upstreamOf(topic);
    if (upstream === undefined || !('symbol' in upstream)) return undefined;
    const { channel, symbol } = upstream;
    const feed = feedOf(upstream);
    if (this.#client.feedState(feed, symbol) !== 'REJECTED') return undefined;
    return new CodedError('UPSTREAM_REJECTED', `Kraken refused ${channel} of ${symbol}`, {
      symbol,
      reason: this.#client.getSubscription(feed, symbol)?.error ?? this.#client.feedReason(feed, symbol),
    });
  }

  #unavailable(topic: Topic): CodedError {
    const { retryAfterMs, state } = this.#client.getConnectionStatus().public;
    const what = 'symbol' in topic ? `${topic.kind} of ${topic.symbol}` : topic.kind;
    return new CodedError('UPSTREAM_UNAVAILABLE', `No ${what} from Kraken yet (connection: ${state})`, {
      retryAfterMs: Math.max(1_000, Math.ceil(retryAfterMs)),
    });
  }

  // ── Changes, from the client ─────────────────────────────────────────────────────────────────────────

  tickerChanged(symbol: PairSymbol, timestamp?: string): void {
    if (this.#changed('ticker', symbol)) this.#happened('ticker', timestamp);
  }

  bookChanged(symbol: PairSymbol, timestamp?: string): void {
    const isRead = this.#changed('book', symbol);
    if (this.#changed('bookUpdates', symbol) || isRead) this.#happened('book', timestamp);
  }

  tradesReceived(symbol: PairSymbol, delivery: TradeDelivery | undefined): void {
    const isRead = this.#changed('trades', symbol, delivery);
    // What was known before, or recovered, is as late as it is: that says nothing of how fast values leave.
    const news = delivery?.first ? undefined : delivery?.trades[0];
    if (isRead && !news?.recovered) this.#happened('trade', news?.timestamp);
  }

  candlesChanged(
    symbol: PairSymbol,
    interval: CandleMinutes,
    candles: readonly { readonly intervalBegin: string }[],
  ): void {
    const readers = this.#readers.get(candleFeed(interval), symbol);
    if (readers === undefined) return;
    // None: how far the latest can be trusted has changed.
    const changed = candles.length > 0 ? candles : this.#client.market.candles(symbol, interval, 1);
    const topics = (changed ?? []).map(({ intervalBegin: begin }) =>
      this.#candleTopic(readers.topic, { kind: 'ohlc', symbol, interval, begin }),
    );
    if (topics.length === 0) topics.push(readers.topic);
    for (const broadcast of readers.broadcasts) for (const topic of topics) broadcast.changed(topic);
    for (const wake of readers.waiters) wake();
  }

  /** A topic for each candle, always the same one: a slow reader gets the latest of each. */
  #candleTopic(series: Topic, candle: Topic & { readonly begin: string }): Topic {
    const topics = this.#candleTopics.get(series) ?? new Map<string, Topic>();
    this.#candleTopics.set(series, topics);
    const known = topics.get(candle.begin);
    if (known !== undefined) return known;
    topics.set(candle.begin, candle);
    const [oldest] = topics.keys();
    if (topics.size > MAX_CANDLE_TOPICS && oldest !== undefined) topics.delete(oldest);
    return candle;
  }

  balancesChanged(assets: readonly Asset[]): void {
    const readers = this.#readers.get('balances');
    if (readers === undefined) return;
    // No asset: something about the account as a whole, that it is denied.
    if (assets.length === 0) this.#changed('balances');
    else this.#changedWithin(readers, assets, this.#assetTopics, asset => ({ kind: 'balance', asset }));
  }

  instrumentsChanged(pairs: readonly PairSymbol[], arrived: boolean): void {
    const readers = this.#readers.get('instruments');
    // The first list as a whole: none of its pairs is new.
    if (arrived) this.#changed('instruments');
    else if (readers !== undefined) {
      this.#changedWithin(readers, pairs, this.#instrumentTopics, symbol => ({ kind: 'instrument', symbol }));
    }
    for (const symbol of pairs) this.#changed('ticker', symbol);
  }

  exchangeStatusChanged(): void {
    this.#changed('exchangeStatus');
  }

  /** Tells the readers of a whole which of its parts changed, each under a topic that is made once. */
  #changedWithin<Part>(
    { broadcasts, waiters }: Readers,
    parts: readonly Part[],
    topics: Map<Part, Topic>,
    topicOf: (part: Part) => Topic,
  ): void {
    for (const part of parts) {
      let topic = topics.get(part);
      if (topic === undefined) {
        topic = topicOf(part);
        topics.set(part, topic);
      }
      for (const broadcast of broadcasts) tell(broadcast, topic);
    }
    for (const wake of waiters) wake();
  }

  connectionEvent(event: ConnectionEvent): void {
    this.#lastConnectionEvents.set(event.connection, event);
    this.#changed(event.connection === 'private' ? 'privateConnection' : 'connection', '', event);
  }

  lastConnectionEvent(connection: ConnectionEvent['connection']): ConnectionEvent | undefined {
    return this.#lastConnectionEvents.get(connection);
  }

  #happened(channel: TimedChannel, timestamp: string | undefined): void {
    // Of a reader with a rate nothing leaves at the end of this turn.
    if (this.turn.pending) this.lag.happened(channel, timestamp);
  }

  /** Returns whether anybody reads it. */
  #changed(key: TopicKey, symbol = '', event?: unknown): boolean {
    const readers = this.#readers.get(key, symbol);
    if (readers === undefined) return false;
    for (const broadcast of readers.broadcasts) tell(broadcast, readers.topic, event);
    for (const wake of readers.waiters) wake();
    return readers.broadcasts.size > 0;
  }

  // ── Counts ───────────────────────────────────────────────────────────────────────────────────────────

  /** A client's connection opened; the returned function tells that it closed. */
  countConnection(): Cancel {
    this.#connections += 1;
    let open = true;
    return () => {
      if (open) this.#connections -= 1;
      open = false;
    };
  }

  /** A socket was dropped because its reader took nothing any more. */
  countStalled(): void {
    this.#stalled += 1;
  }

  countRefusal(): void {
    this.#refused += 1;
  }

  statistics(): ClientStatistics {
    const { delivered, conflated, slowConsumers } = this.#accountCounters;
    const market = this.marketStatistics();
    return {
      ...market,
      delivered: market.delivered + delivered,
      conflated: market.conflated + conflated,
      slowConsumers: market.slowConsumers + slowConsumers,
    };
  }

  /** The same without the values that were delivered because the account moved. */
  marketStatistics(): ClientStatistics {
    let subscriptions = 0;
    for (const broadcast of this.#broadcasts.values()) subscriptions += broadcast.size;
    return {
      ...this.#counters,
      connections: this.#connections,
      refused: this.#refused,
      stalled: this.#stalled,
      subscriptions,
      broadcasts: this.#broadcasts.size,
    };
  }

  /** GraphQL subscriptions that read this topic now. */
  subscribersOf(upstream: SubscriptionTopic): number {
    let subscribers = 0;
    for (const key of readersOf(upstream)) {
      const broadcasts = this.#readers.get(key, symbolOf(upstream))?.broadcasts ?? [];
      for (const broadcast of broadcasts) subscribers += broadcast.size;
    }
    return subscribers;
  }

  // ── Bookkeeping ──────────────────────────────────────────────────────────────────────────────────────

  #demand(topic: Topic): void {
    const upstream = upstreamOf(topic);
    if (upstream !== undefined) this.#client.retain(upstream);
  }

  #undemand(topic: Topic): void {
    const upstream = upstreamOf(topic);
    if (upstream !== undefined) this.#client.release(upstream);
  }

  #readersOf(topic: Topic): Readers {
    return this.#readers.getOrAdd(topic, () => ({ topic, broadcasts: new Set(), waiters: new Set() }));
  }

  #forgetIfUnread(readers: Readers): void {
    if (readers.broadcasts.size === 0 && readers.waiters.size === 0)
      this.#readers.delete(readers.topic, readers);
  }
}

function beyond(limit: string, allowed: number): CodedError {
  return limitExceeded(`This server has too many ${limit}`, { limit, allowed, retryAfterMs: 10_000 });
}

/** Tells a broadcast of a change; what it throws ends it alone. */
function tell(broadcast: Broadcast, topic: Topic, event?: unknown): void {
  try {
    broadcast.changed(topic, event);
  } catch (error) {
    broadcast.failed(error);
  }
}

/** The topics that an upstream subscription moves. */
function readersOf(upstream: SubscriptionTopic): readonly TopicKey[] {
  switch (upstream.channel) {
    case 'ticker':
      return ['ticker'];
    case 'book':
      return ['book', 'bookUpdates'];
    case 'trade':
      return ['trades'];
    case 'ohlc':
      return [candleFeed(upstream.interval)];
    case 'instrument':
      return ['instruments'];
    case 'balances':
    case 'executions':
      return ['balances'];
    default:
      return unreachable(upstream);
  }
}
