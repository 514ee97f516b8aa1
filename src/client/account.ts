import type { BalancesMessage, ExecutionsMessage, SubscriptionTopic } from '../kraken/messages.ts';
import type { RestClient } from '../kraken/rest.ts';
import type { Hold } from '../kraken/rest-rows.ts';
import { feedOf, type SubscriptionState } from '../kraken/subscription.ts';
import type { Asset } from '../kraken/symbols.ts';
import type { TokenSource } from '../kraken/token.ts';
import { exponentialDelayMs } from '../lib/backoff.ts';
import type { Balances } from '../market/balances.ts';
import type { FeedState } from '../market/freshness.ts';
import type { ConnectionEvent } from './callbacks.ts';
import type { KrakenWebSocketConfig } from './config.ts';
import { Holds } from './holds.ts';
import { type ConnectionView, Upstream, type UpstreamHandlers } from './upstream.ts';

/** How the account's balances are kept up to date. */
export interface BalanceStreamingStatus {
  /** Whether credentials are there and the private connection is wanted. */
  readonly enabled: boolean;
  /** Whether balances stream, unbroken. */
  readonly healthy: boolean;
  readonly tokenAvailable: boolean;
  readonly tokenAgeSeconds: number | undefined;
  /** Wall-clock milliseconds of the last change. */
  readonly lastUpdateAt: number | undefined;
  /** Of the last message. */
  readonly sequence: number | undefined;
  /** Times that a message did not follow the one before it. */
  readonly sequenceGaps: number;
  /** Why there is nothing to expect: a permission that the key lacks, or Kraken's words. */
  readonly denied: string | undefined;
  /** Why `holdTrade` is not known and will not be, while balances stream. */
  readonly holdsDenied: string | undefined;
}

export const BALANCES_DISABLED: BalanceStreamingStatus = {
  enabled: false,
  healthy: false,
  tokenAvailable: false,
  tokenAgeSeconds: undefined,
  lastUpdateAt: undefined,
  sequence: undefined,
  sequenceGaps: 0,
  denied: undefined,
  holdsDenied: undefined,
};

export interface AccountHandlers {
  message: UpstreamHandlers['message'];
  protocolError: UpstreamHandlers['protocolError'];
  roundTrip: UpstreamHandlers['roundTrip'];
  fault: UpstreamHandlers['fault'];
  connectionEvent(event: ConnectionEvent): void;
  /** What is known of these assets changed, or how far it can be trusted. */
  changed(assets: readonly Asset[]): void;
}

const TOPICS: readonly SubscriptionTopic[] = [{ channel: 'balances' }, { channel: 'executions' }];
const RESYNC_BASE_MS = 1_000;
const RESYNC_MAX_MS = 30_000;
/** Updates without a snapshot for this long after it was asked for: it is asked for again. */
const SNAPSHOT_TIMEOUT_MS = 20_000;
/** Without executions nothing tells that a hold changed. */
const POLL_HOLDS_MS = 30_000;

/**
 * The private side: connection, token, balances and what orders hold of them. Whatever goes wrong here, public
 * data go on.
 */
export class Account {
  readonly #config: KrakenWebSocketConfig;
  readonly #balances: Balances;
  readonly #handlers: AccountHandlers;
  readonly #upstream: Upstream;
  readonly #holds: Holds | undefined;
  #wanted = false;
  #denied: string | undefined;
  #holdsDenied: string | undefined;
  #lastUpdateAt: number | undefined;
  /** Broken sequences in a row. */
  #breaks = 0;
  #resyncAskedMs = 0;
  /** Of the last message on `executions`; undefined while a snapshot is awaited. */
  #executionsSequence: number | undefined;
  #executionsGaps = 0;
  #cancelPoll: (() => void) | undefined;

  constructor(
    config: KrakenWebSocketConfig,
    balances: Balances,
    rest: RestClient | undefined,
    tokens: TokenSource,
    handlers: AccountHandlers,
  ) {
    this.#config = config;
    this.#balances = balances;
    this.#handlers = handlers;
    this.#upstream = new Upstream(
      'private',
      config,
      {
        message: handlers.message,
        protocolError: handlers.protocolError,
        roundTrip: handlers.roundTrip,
        fault: handlers.fault,
        connectionEvent: event => this.#onConnection(event),
        subscriptionChanged: (topic, state) => this.#onSubscription(topic, state),
        dropped: () => {},
        tokenDenied: error =>
          this.#deny(`GetWebSocketsToken: ${error.message}${hint(error.message, TOKEN_PERMISSION)}`),
      },
      tokens,
    );
    // Somebody else's token is no key, and may be of another account: then holds stay unknown.
    this.#holds = rest?.hasKey
      ? new Holds(
          rest,
          {
            refreshed: holds => this.#onHolds(holds),
            fault: error => config.logger.error({ err: error }, 'a handler of holds failed'),
            failed: (error, permanent) => this.#onHoldsFailure(error, permanent),
          },
          config.clock,
        )
      : undefined;
    for (const topic of TOPICS) this.#upstream.subscriptions.retain(topic);
  }

  connect(): void {
    this.#wanted = true;
    this.#denied = undefined;
    this.#upstream.connect();
  }

  disconnect(): void {
    this.#wanted = false;
    this.#upstream.disconnect();
    this.#holds?.stop();
  }

  get isAuthenticated(): boolean {
    return this.#upstream.isAuthenticated;
  }

  get subscriptions(): Upstream['subscriptions'] {
    return this.#upstream.subscriptions;
  }

  view(): ConnectionView {
    const view = this.#upstream.view();
    return { ...view, lastError: this.#denied ?? view.lastError };
  }

  /** How far the balances can be trusted now. */
  get state(): FeedState {
    if (this.#denied !== undefined) return 'REJECTED';
    const state = this.#upstream.subscriptions.get('balances')?.state ?? 'DISCONNECTED';
    return state === 'LIVE' && !this.#balances.whole ? 'RESYNCING' : state;
  }

  /** Why the balances cannot be trusted now, for people; undefined while they can. */
  get reason(): string | undefined {
    switch (this.state) {
      case 'LIVE':
        return undefined;
      case 'REJECTED':
        return this.#denied ?? this.#upstream.subscriptions.get('balances')?.reason;
      case 'RESYNCING':
        return 'a message was missed, and a new snapshot is on its way';
      case 'DISCONNECTED':
        return this.#upstream.disconnectedReason;
      default:
        return this.#upstream.subscriptions.get('balances')?.reason;
    }
  }

  status(): BalanceStreamingStatus {
    const { tokenAgeMs } = this.#upstream;
    return {
      enabled: this.#wanted,
      healthy: this.state === 'LIVE',
      tokenAvailable: tokenAgeMs !== undefined,
      tokenAgeSeconds: tokenAgeMs === undefined ? undefined : tokenAgeMs / 1_000,
      lastUpdateAt: this.#lastUpdateAt,
      sequence: this.#balances.sequence,
      sequenceGaps: this.#balances.sequenceGaps + this.#executionsGaps,
      denied: this.#denied,
      holdsDenied: this.#holdsDenied,
    };
  }

  // ── From the socket ──────────────────────────────────────────────────────────────────────────────────

  receiveBalances(message: BalancesMessage, receivedAt: number): void {
    const outcome = this.#balances.apply(message, receivedAt);
    this.#upstream.subscriptions.received('balances', '', receivedAt);
    if (outcome.broken !== undefined) {
      const delayMs =
        this.#breaks === 0 ? 0 : exponentialDelayMs(this.#breaks - 1, RESYNC_BASE_MS, RESYNC_MAX_MS);
      this.#breaks += 1;
      this.#config.logger.error({ why: outcome.broken, delayMs }, 'balances need a new snapshot');
      this.#resync(delayMs);
      this.#tell(this.#balances.assets());
    } else if (this.#balances.sequence === undefined) {
      // What came belongs to the break; if that lasts, the snapshot got lost.
      if (this.#config.clock.monotonicMs() - this.#resyncAskedMs > SNAPSHOT_TIMEOUT_MS) this.#resync(0);
    } else {
      // A snapshot alone does not prove that the messages after it will follow.
      if (message.type === 'update' && outcome.changed.length > 0 && this.#balances.whole) this.#breaks = 0;
      if (message.type === 'snapshot' || outcome.changed.length > 0) this.#lastUpdateAt = receivedAt;
      this.#tell(outcome.changed);
    }
    this.#holds?.refreshSoon();
  }

  receiveExecutions(message: ExecutionsMessage, receivedAt: number): void {
    this.#upstream.subscriptions.received('executions', '', receivedAt);
    const expected = this.#executionsSequence === undefined ? undefined : this.#executionsSequence + 1;
    if (message.type === 'snapshot' || message.sequence === expected) {
      this.#executionsSequence = message.sequence;
    } else {
      this.#executionsSequence = undefined;
      if (expected !== undefined) {
        this.#executionsGaps += 1;
        this.#config.logger.warn({ sequence: message.sequence, expected }, 'executions missed a message');
        this.#upstream.subscriptions.renew('executions', '', 0);
      }
    }
    // What it says is not needed; that something happened to an order is.
    this.#holds?.refreshSoon();
  }

  #resync(delayMs: number): void {
    this.#resyncAskedMs = this.#config.clock.monotonicMs() + delayMs;
    this.#upstream.subscriptions.renew('balances', '', delayMs);
  }

  // ── What goes wrong ──────────────────────────────────────────────────────────────────────────────────

  #onConnection(event: ConnectionEvent): void {
    if (event.type === 'CONNECTED' || event.type === 'DISCONNECTED') {
      this.#balances.expectSnapshot();
      this.#executionsSequence = undefined;
    }
    this.#handlers.connectionEvent(event);
    if (event.type === 'AUTHENTICATED') {
      this.#holdsDenied = undefined;
      this.#holds?.resume();
    }
    if (event.type === 'DISCONNECTED') {
      this.#cancelPoll?.();
      this.#tell(this.#balances.assets());
    }
  }

  #onSubscription(topic: SubscriptionTopic, state: SubscriptionState): void {
    this.#config.logger.debug({ topic, state }, 'subscription');
    if (state === 'REJECTED') {
      const error = this.#upstream.subscriptions.get(feedOf(topic))?.error ?? '';
      if (topic.channel === 'balances') this.#deny(`balances: ${error}${hint(error, 'Query funds')}`);
      else {
        const permission = hint(error, 'Query open orders & trades');
        this.#config.logger.warn({ error: error + permission }, 'no executions: holds are polled');
        this.#pollHolds();
      }
    }
    if (topic.channel === 'balances' && state !== 'LIVE') this.#tell(this.#balances.assets());
  }

  #pollHolds(): void {
    this.#cancelPoll?.();
    this.#cancelPoll = this.#config.clock.after(POLL_HOLDS_MS, () => {
      this.#holds?.refreshSoon();
      this.#pollHolds();
    });
  }

  #onHolds(holds: ReadonlyMap<Asset, Hold | undefined>): void {
    const unknown = [...holds].filter(([, hold]) => hold === undefined).map(([asset]) => asset);
    if (unknown.length > 0) {
      this.#config.logger.warn({ assets: unknown.slice(0, 10), of: unknown.length }, 'holds make no sense');
    }
    this.#tell(this.#balances.setHolds(holds));
  }

  #onHoldsFailure(error: Error, permanent: boolean): void {
    const reason = `BalanceEx: ${error.message}${hint(error.message, 'Query funds')}`;
    this.#config.logger.warn({ reason, permanent }, 'what orders hold is not known');
    if (!permanent) return;
    // An old hold would pass for a present one.
    this.#holdsDenied = reason;
    this.#balances.forgetHolds();
    this.#fail(reason);
    this.#tell(this.#balances.assets());
  }

  /** Kraken says no for good: no loop, one clear error, and public data are left alone. */
  #deny(reason: string): void {
    this.#denied = reason;
    this.#config.logger.error({ reason }, 'private data are denied; public data go on');
    this.#upstream.disconnect();
    this.#holds?.stop();
    this.#fail(reason);
    this.#handlers.changed(this.#balances.assets());
  }

  #fail(message: string): void {
    this.#handlers.connectionEvent({
      type: 'ERROR',
      connection: 'private',
      at: this.#config.clock.now(),
      message,
    });
  }

  #tell(assets: readonly Asset[]): void {
    if (assets.length > 0) this.#handlers.changed(assets);
  }
}

const TOKEN_PERMISSION = 'Access WebSockets API';

/** What to tick on Kraken's page of API keys. */
function hint(error: string, permission: string): string {
  return /Permission denied|Invalid permissions/i.test(error) ? ` (the API key lacks "${permission}")` : '';
}
