import { Connection, type ConnectionHandlers } from '../kraken/connection.ts';
import type { ConnectionState } from '../kraken/connection-state.ts';
import type { ProtocolError } from '../kraken/decode.ts';
import type { KrakenMessage, SubscriptionTopic } from '../kraken/messages.ts';
import { candleFeed, type FeedName, type SubscriptionState } from '../kraken/subscription.ts';
import { Subscriptions } from '../kraken/subscriptions.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { TokenKeeper, type TokenSource } from '../kraken/token.ts';
import type { ConnectionEvent } from './callbacks.ts';
import { connectionOptions, type KrakenWebSocketConfig } from './config.ts';

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

export const DISABLED: ConnectionView = {
  state: 'DISABLED',
  authenticated: false,
  connectedAt: undefined,
  lastMessageAt: undefined,
  reconnects: 0,
  latencyMs: undefined,
  lastError: undefined,
  retryAfterMs: 0,
};

export interface UpstreamHandlers {
  message(message: KrakenMessage, receivedAt: number): void;
  protocolError(error: ProtocolError, text: string): void;
  /** A handler threw; what was subscribed of that frame is renewed already. */
  fault(error: unknown, message: KrakenMessage | undefined): void;
  subscriptionChanged(topic: SubscriptionTopic, state: SubscriptionState): void;
  roundTrip: ConnectionHandlers['roundTrip'];
  /** Nobody wants the topic any more. */
  dropped(topic: SubscriptionTopic): void;
  connectionEvent(event: ConnectionEvent): void;
  /** There will be no token, and Kraken's words say that asking again would not help. */
  tokenDenied?(error: Error): void;
}

/** One endpoint of Kraken: a connection that is kept alive, what is subscribed on it, and the token it may need. */
export class Upstream {
  readonly name: 'public' | 'private';
  readonly #url: string;
  readonly #config: KrakenWebSocketConfig;
  readonly #handlers: UpstreamHandlers;
  readonly #connection: Connection;
  readonly #token: TokenKeeper | undefined;
  readonly subscriptions: Subscriptions;
  #connectedAt: number | undefined;
  #authenticated = false;
  #lastError: string | undefined;

  /** @param tokens where tokens come from, if requests here need one */
  constructor(
    name: 'public' | 'private',
    config: KrakenWebSocketConfig,
    handlers: UpstreamHandlers,
    tokens?: TokenSource,
  ) {
    this.name = name;
    this.#config = config;
    this.#handlers = handlers;
    this.#url = name === 'public' ? config.publicUrl : config.privateUrl;
    const { clock, logger } = config;
    this.#connection = new Connection(
      connectionOptions(config, this.#url),
      {
        message: (message, receivedAt) => this.#receive(message, receivedAt),
        protocolError: handlers.protocolError,
        roundTrip: handlers.roundTrip,
        fault: (error, message) => this.#onFault(error, message),
        stateChanged: (state, previous, reason) => this.#onState(state, previous, reason),
      },
      clock,
    );
    this.#token =
      tokens &&
      new TokenKeeper(
        tokens,
        config.tokenRefreshMs,
        {
          available: () => this.subscriptions.nudge(),
          failed: (error, permanent) => this.#onTokenFailure(error, permanent),
        },
        clock,
      );
    this.subscriptions = new Subscriptions(
      {
        lingerMs: config.subscriptionLingerMs,
        trySend: (request, keep) => this.#connection.trySend(request, keep),
        ...(this.#token && { token: () => this.#token?.value }),
      },
      {
        stateChanged: handlers.subscriptionChanged,
        dropped: handlers.dropped,
        tokenRefused: error => {
          this.#lastError = error;
          this.#token?.renew();
        },
        trouble: (what, detail) => logger.warn({ connection: name, ...detail }, what),
      },
      clock,
    );
  }

  connect(): void {
    this.subscriptions.resume();
    this.#connection.connect();
  }

  disconnect(): void {
    // In this order: a callback that hears of it may connect again.
    this.subscriptions.suspend();
    this.#connection.disconnect();
  }

  get isConnected(): boolean {
    return this.#connection.state.kind === 'open';
  }

  get isAuthenticated(): boolean {
    return this.#authenticated;
  }

  /** Why there is no connection, for people. */
  get disconnectedReason(): string {
    const error = this.#lastError ?? this.#connection.lastError;
    return `not connected to Kraken${error === undefined ? '' : `: ${error}`}`;
  }

  /** Age of the token in milliseconds; undefined without one. */
  get tokenAgeMs(): number | undefined {
    return this.#token?.ageMs;
  }

  view(): ConnectionView {
    const { lastMessageAt, reconnects, latencyMs, lastError, retryAfterMs, state } = this.#connection;
    return {
      state: CONNECTION_STATES[state.kind],
      authenticated: this.#authenticated,
      connectedAt: this.#connectedAt,
      lastMessageAt,
      reconnects,
      latencyMs: state.kind === 'open' ? latencyMs : undefined,
      lastError: this.#lastError ?? lastError,
      retryAfterMs,
    };
  }

  #receive(message: KrakenMessage, receivedAt: number): void {
    if (message.kind === 'acknowledged') {
      this.subscriptions.acknowledged(message);
      if (this.#token !== undefined && message.method === 'subscribe') this.#onAccepted();
    } else if (message.kind === 'refused') {
      this.subscriptions.refused(message);
    } else if (message.kind === 'rateLimited') {
      this.subscriptions.rateLimited();
    }
    this.#handlers.message(message, receivedAt);
  }

  /** What a frame left half done is not known: a new snapshot puts it right. */
  #onFault(error: unknown, message: KrakenMessage | undefined): void {
    this.#handlers.fault(error, message);
    for (const [feed, symbol] of feedsOf(message)) this.subscriptions.renewSoon(feed, symbol);
  }

  #onAccepted(): void {
    if (this.#authenticated) return;
    this.#authenticated = true;
    this.#lastError = undefined;
    this.#tell('AUTHENTICATED', undefined);
  }

  #onTokenFailure(error: Error, permanent: boolean): void {
    this.#lastError = error.message;
    this.#config.logger.warn(
      { connection: this.name, reason: error.message, permanent },
      'no WebSocket token',
    );
    if (permanent) this.#handlers.tokenDenied?.(error);
    else this.#tell('ERROR', `no WebSocket token: ${error.message}`);
  }

  #onState(state: ConnectionState, previous: ConnectionState, reason: string | undefined): void {
    const { logger, clock } = this.#config;
    if (state.kind === 'open') {
      this.#connectedAt = clock.now();
      logger.info({ connection: this.name, url: this.#url, attempt: state.attempt }, 'connected to Kraken');
      this.subscriptions.connectionOpened();
      this.#token?.renew();
      this.#tell('CONNECTED', undefined);
      return;
    }
    if (previous.kind === 'open') {
      this.#connectedAt = undefined;
      this.#authenticated = false;
      this.#token?.stop();
      this.subscriptions.connectionLost();
      this.#tell('DISCONNECTED', reason);
    } else if (previous.kind === 'connecting' && state.kind === 'backingOff') {
      this.#tell('ERROR', reason);
    }
    if (state.kind === 'backingOff') {
      const retryAfterMs = Math.round(this.#connection.retryAfterMs);
      logger.warn({ connection: this.name, reason, retryAfterMs }, 'not connected to Kraken');
    }
  }

  #tell(type: ConnectionEvent['type'], message: string | undefined): void {
    const at = this.#config.clock.now();
    this.#handlers.connectionEvent({ type, connection: this.name, at, message });
  }
}

const CONNECTION_STATES = {
  idle: 'CLOSED',
  connecting: 'CONNECTING',
  open: 'CONNECTED',
  backingOff: 'BACKING_OFF',
  closed: 'CLOSED',
} as const satisfies Record<ConnectionState['kind'], ConnectionView['state']>;

/** What a message is about. */
function feedsOf(message: KrakenMessage | undefined): Iterable<readonly [FeedName, PairSymbol | '']> {
  switch (message?.kind) {
    case 'ticker':
    case 'book':
    case 'trade':
      return distinct(message.data.map(({ symbol }) => [message.kind, symbol]));
    case 'ohlc':
      return distinct(message.data.map(({ symbol, interval }) => [candleFeed(interval), symbol]));
    case 'instrument':
    case 'balances':
    case 'executions':
      return [[message.kind, '']];
    default:
      return [];
  }
}

function distinct(
  feeds: readonly (readonly [FeedName, PairSymbol])[],
): Iterable<readonly [FeedName, PairSymbol]> {
  return new Map(feeds.map(feed => [feed.join(' '), feed])).values();
}
