import { exponentialDelayMs } from '../lib/backoff.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { unreachable } from '../lib/unreachable.ts';
import { Agenda, type Errand, Tidying } from './agenda.ts';
import { requestFor } from './batches.ts';
import { adviceFor } from './errors.ts';
import type { AcknowledgedMessage, KrakenRequest, RefusedMessage, SubscriptionTopic } from './messages.ts';
import {
  type Claim,
  claimOf,
  createSubscription,
  type FeedName,
  feedOf,
  type Phase,
  type Silence,
  type Subscription,
  type SubscriptionState,
  type SubscriptionView,
  symbolOf,
  variantOf,
  wantedTopic,
} from './subscription.ts';
import type { PairSymbol } from './symbols.ts';

export interface SubscriptionHandlers {
  /** {@link SubscriptionView.state} changed. */
  stateChanged(topic: SubscriptionTopic, state: SubscriptionState): void;
  /** Nobody wants it any more: whatever was kept of it will go stale. */
  dropped(topic: SubscriptionTopic): void;
  /** Kraken did not accept the token that a subscribe carried. */
  tokenRefused(error: string): void;
  /** Something went wrong that is worth a line in the log. */
  trouble(what: string, detail: object): void;
}

export interface SubscriptionOptions {
  /** How long a subscription outlives its last holder. */
  readonly lingerMs: number;
  /**
   * Sends if the rate allows and leaves `keep` more requests for others; returns 0 when sent, or milliseconds to wait
   * (Infinity: no connection).
   */
  readonly trySend: (request: KrakenRequest, keep: number) => number;
  /** Of private channels: the token that requests carry. While it is undefined none leaves; see {@link Subscriptions.nudge}. */
  readonly token?: () => string | undefined;
}

interface Request {
  /** Monotonic. */
  readonly sentMs: number;
  readonly method: 'subscribe' | 'unsubscribe';
  readonly feed: FeedName;
  /** What has not been answered yet. */
  readonly unanswered: Set<Subscription>;
  cancelTimeout: Cancel;
  /** Whether Kraken has said since that it ignores some. */
  doubted: boolean;
}

/** A refusal answers everyone who asks for the same within this time. */
const REJECTION_STANDS_MS = 10_000;
const ACK_TIMEOUT_MS = 10_000;
/** The same, once Kraken has said that it ignores some. */
const DOUBT_TIMEOUT_MS = 1_500;
const SWEEP_MS = 1_000;
/** A channel begins with a snapshot; without one for this long it is subscribed again, each time with more patience. */
const SNAPSHOT_MS = 10_000;
const MAX_DOUBLINGS = 5;
/** Of trades and candles: without a snapshot for this long there are none. */
const EMPTY_MS = 3_000;
/** Between renewals because of frames that could not be handled. */
const RENEWAL_MS = 30_000;
/** The same, at the most, of one that stays deaf. */
const MAX_RENEWAL_MS = 480_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Requests that may leave at once, and that tidying leaves to others. */
const KEPT_FOR_OTHERS = 1;

/**
 * What should be subscribed, against what Kraken has acknowledged. Callers declare ({@link retain},
 * {@link release}, {@link renew}); this reconciles: at the end of a turn it sends one request for each
 * channel, and after a reconnect everything again.
 */
export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #handlers: SubscriptionHandlers;
  readonly #clock: Clock;

  /** Feed, then symbol (`''` where the channel has none): found without making a key for each frame. */
  readonly #byFeed = new Map<string, Map<string, Subscription>>();
  /** Subscriptions whose phase may differ from what is wanted. */
  readonly #unsettled = new Set<Subscription>();
  readonly #requests = new Map<number, Request>();
  readonly #tidying = new Tidying();
  #nextRequestId = 1;
  #reconcileAsked = false;
  #cancelReconcile: Cancel | undefined;
  #cancelSweep: Cancel | undefined;
  #connected = false;
  #suspended = false;

  constructor(options: SubscriptionOptions, handlers: SubscriptionHandlers, clock: Clock) {
    this.#options = options;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  // ── What is wanted ───────────────────────────────────────────────────────────────────────────────────

  /** One more holder wants this topic. Every call is matched by one {@link release} of the same. */
  retain(topic: SubscriptionTopic): void {
    const subscription = this.#find(topic) ?? this.#add(topic);
    const before = this.#state(subscription);
    const claim = claimOf(subscription, topic);
    claim.holders += 1;
    claim.cancelLinger?.();
    claim.cancelLinger = undefined;
    // A refusal may be about yesterday: whoever asks later gets a new answer, but not every asker one.
    const { phase } = subscription;
    if (phase.kind === 'rejected' && this.#clock.monotonicMs() - phase.atMs > REJECTION_STANDS_MS) {
      this.#setPhase(subscription, { kind: 'absent' });
    } else this.#tellChange(subscription, before);
    this.#unsettle(subscription);
  }

  /** One holder less. After the last one the claim lingers, or ends at once if `lingerMs` is 0. */
  release(topic: SubscriptionTopic, lingerMs = this.#options.lingerMs): void {
    const subscription = this.#find(topic);
    const claim = subscription?.claims.get(variantOf(topic));
    if (subscription === undefined || claim === undefined || claim.holders === 0) return;
    claim.holders -= 1;
    if (claim.holders > 0) return;
    if (this.#suspended) {
      this.#endClaim(subscription, claim);
      return;
    }
    claim.cancelLinger = this.#clock.after(lingerMs, () => this.#endClaim(subscription, claim));
  }

  /** No connection is wanted any more: what only lingers ends now, and leaves no timer behind. */
  suspend(): void {
    this.#suspended = true;
    for (const subscription of this.#each()) {
      for (const claim of subscription.claims.values()) {
        claim.cancelLinger?.();
        if (claim.holders === 0) this.#endClaim(subscription, claim);
      }
    }
  }

  /** A connection is wanted again. */
  resume(): void {
    this.#suspended = false;
  }

  /**
   * What was received is wrong: asks for a new snapshot, after a while and before anything else. Unsubscribes, and
   * subscribes again when that is acknowledged.
   */
  renew(feed: FeedName, symbol: PairSymbol | '', delayMs: number): void {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    if (subscription === undefined) return;
    if (subscription.phase.kind === 'rejected') {
      // There is nothing to unsubscribe first.
      this.#setPhase(subscription, { kind: 'absent' });
      this.#unsettle(subscription);
      return;
    }
    subscription.broken = true;
    this.#renewLater(subscription, delayMs);
  }

  /** The same, once in half a minute however often it is asked for: what made it necessary may come again at once. */
  renewSoon(feed: FeedName, symbol: PairSymbol | ''): void {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    const nowMs = this.#clock.monotonicMs();
    if (subscription === undefined || nowMs < subscription.nextRenewalMs) return;
    subscription.nextRenewalMs = nowMs + RENEWAL_MS;
    this.#renewLater(subscription, 0);
  }

  #renewLater(subscription: Subscription, delayMs: number): void {
    const renew = (): void => {
      subscription.renew = true;
      this.#unsettle(subscription);
    };
    subscription.cancelRenewal?.();
    if (delayMs === 0) renew();
    else subscription.cancelRenewal = this.#clock.after(delayMs, renew);
  }

  /** A token has come: what waited for it may leave. */
  nudge(): void {
    for (const subscription of this.#each()) this.#unsettle(subscription);
  }

  // ── What is known ────────────────────────────────────────────────────────────────────────────────────

  get(feed: FeedName, symbol = ''): SubscriptionView | undefined {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    return subscription && this.#view(subscription);
  }

  /**
   * What is subscribed for a channel and symbol: of a book, with the depth that is on the wire. Undefined too when Kraken
   * refused it.
   */
  topicOf(feed: FeedName, symbol: PairSymbol): SubscriptionTopic | undefined {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    return subscription?.phase.kind === 'rejected' ? undefined : subscription?.topic;
  }

  /** How far it can be trusted; undefined when it is not subscribed. */
  stateOf(feed: FeedName, symbol: PairSymbol): SubscriptionState | undefined {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    return subscription && this.#state(subscription);
  }

  *all(): Iterable<SubscriptionView> {
    for (const subscriptions of this.#byFeed.values()) {
      for (const subscription of subscriptions.values()) yield this.#view(subscription);
    }
  }

  #view(subscription: Subscription): SubscriptionView {
    const { topic, lastMessageAt, phase } = subscription;
    const error = phase.kind === 'rejected' ? phase.error : undefined;
    return {
      topic,
      state: this.#state(subscription),
      lastMessageAt,
      error,
      reason: this.#reason(subscription),
    };
  }

  #state(subscription: Subscription): SubscriptionState {
    if (subscription.phase.kind === 'rejected') return 'REJECTED';
    if (!this.#connected) return 'DISCONNECTED';
    if (subscription.silence !== undefined) return 'SILENT';
    return subscription.fresh && !this.#wantsMore(subscription) ? 'LIVE' : 'PENDING';
  }

  #reason(subscription: Subscription): string | undefined {
    const { phase, silence } = subscription;
    switch (this.#state(subscription)) {
      case 'REJECTED':
        return `Kraken refused the subscription: ${phase.kind === 'rejected' ? phase.error : ''}`;
      case 'SILENT':
        return silence && `${silence.what} ${this.#agoText(silence.sinceMs)}, and is not told here`;
      case 'PENDING':
        return phase.kind === 'subscribed'
          ? 'no value has come since it was subscribed'
          : 'Kraken has not acknowledged the subscription yet';
      default:
        return undefined;
    }
  }

  #agoText(sinceMs: number): string {
    return `${((this.#clock.monotonicMs() - sinceMs) / 1_000).toFixed(1)} s ago`;
  }

  /** Monotonic time of the last data; undefined before there were any, and for what is not subscribed. */
  lastHeardMs(feed: FeedName, symbol: PairSymbol): number | undefined {
    return this.#byFeed.get(feed)?.get(symbol)?.lastMessageMs;
  }

  /** Pairs of a feed that are subscribed. */
  symbols(feed: FeedName): Iterable<PairSymbol> {
    return (this.#byFeed.get(feed)?.keys() ?? []) as Iterable<PairSymbol>;
  }

  /**
   * Whether its values promise less than someone wants: a ticker that came at trades alone says nothing of its bid and
   * ask from then on. (A book tells its own depth.)
   */
  #wantsMore(subscription: Subscription): boolean {
    return (
      subscription.topic.channel === 'ticker' && variantOf(wantedTopic(subscription)) > subscription.heard
    );
  }

  #tellChange(subscription: Subscription, before: SubscriptionState): void {
    const after = this.#state(subscription);
    if (after !== before) this.#handlers.stateChanged(subscription.topic, after);
  }

  // ── What the connection tells ────────────────────────────────────────────────────────────────────────

  /** A new connection: nothing is subscribed on it yet. */
  connectionOpened(): void {
    this.#connectionChanged(true);
    for (const subscription of this.#each()) this.#unsettle(subscription);
    this.#sweepLater();
  }

  connectionLost(): void {
    this.#cancelSweep?.();
    this.#cancelReconcile?.();
    for (const request of this.#requests.values()) request.cancelTimeout();
    this.#requests.clear();
    this.#tidying.done();
    this.#connectionChanged(false);
    for (const subscription of this.#each()) if (!this.#wanted(subscription)) this.#remove(subscription);
  }

  /** Whatever stood on the former connection does not stand on this one. */
  #connectionChanged(connected: boolean): void {
    const before = new Map([...this.#each()].map(one => [one, this.#state(one)]));
    this.#connected = connected;
    for (const [subscription, state] of before) {
      if (subscription.phase.kind === 'waiting') subscription.phase.cancelRetry();
      subscription.phase = { kind: 'absent' };
      subscription.fresh = false;
      subscription.heard = -1;
      subscription.silence = undefined;
      subscription.frames = 0;
      subscription.renew = false;
      subscription.broken = false;
      subscription.cancelRenewal?.();
      this.#tellChange(subscription, state);
    }
  }

  /**
   * Data of a topic arrived.
   *
   * @param isSnapshot whether it begins a subscription; other data may still be of the variant before
   * @returns false when nobody subscribed to it (a frame in flight after an unsubscribe): drop the frame
   */
  received(feed: FeedName, symbol: string, receivedAt: number, isSnapshot = false): boolean {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    // Nor is there anything to expect of a pair that Kraken has refused.
    if (subscription === undefined || subscription.phase.kind === 'rejected') return false;
    subscription.lastMessageMs = this.#clock.monotonicMs();
    subscription.lastMessageAt = receivedAt;
    subscription.frames += 1;
    subscription.fruitlessRenewals = 0;
    if (!isSnapshot) subscription.distrusted = 0;
    const variant = variantOf(subscription.topic);
    // Until the new variant has begun, frames of the one before may be in flight.
    const isHeard = subscription.phase.kind !== 'subscribing' || isSnapshot || subscription.heard === -1;
    if (!subscription.fresh || subscription.silence || (isHeard && subscription.heard !== variant)) {
      const before = this.#state(subscription);
      if (isHeard) subscription.heard = variant;
      subscription.fresh = true;
      subscription.silence = undefined;
      subscription.failures = 0;
      this.#tellChange(subscription, before);
    }
    return true;
  }

  acknowledged(message: AcknowledgedMessage): void {
    const request = this.#requestOf(message);
    // A late answer, or one to a request that a former connection carried: what is wanted stands elsewhere.
    if (request === undefined) return;
    for (const subscription of this.#answered(request, message.symbol)) this.#settle(request, subscription);
    this.#closeRequest(message.req_id, request);
  }

  refused(message: RefusedMessage): void {
    const request = this.#requestOf(message);
    if (request === undefined) {
      this.#handlers.trouble('Kraken refused a request that is not waiting for an answer', message);
      return;
    }
    for (const subscription of this.#answered(request, message.symbol)) {
      this.#refuse(request, subscription, message.error);
    }
    this.#closeRequest(message.req_id, request);
  }

  #requestOf(message: AcknowledgedMessage | RefusedMessage): Request | undefined {
    const request = message.req_id === undefined ? undefined : this.#requests.get(message.req_id);
    return request?.method === message.method ? request : undefined;
  }

  /** The subscriptions of a request that an answer is about: the one it names, or all that are left. */
  #answered(request: Request, symbol: PairSymbol | undefined): Subscription[] {
    const unanswered = [...request.unanswered];
    const about =
      symbol === undefined ? unanswered : unanswered.filter(one => symbolOf(one.topic) === symbol);
    for (const subscription of about) request.unanswered.delete(subscription);
    return about;
  }

  #closeRequest(id: number | undefined, request: Request): void {
    if (id === undefined || request.unanswered.size > 0) return;
    request.cancelTimeout();
    this.#requests.delete(id);
  }

  #settle(request: Request, subscription: Subscription): void {
    if (request.method === 'subscribe') {
      subscription.broken &&= subscription.renew;
      this.#setPhase(subscription, { kind: 'subscribed', sinceMs: this.#clock.monotonicMs() });
    } else {
      subscription.renew = false;
      this.#setPhase(subscription, { kind: 'absent' });
    }
    this.#unsettle(subscription);
  }

  #refuse(request: Request, subscription: Subscription, error: string): void {
    const advice = adviceFor(error);
    if (advice === 'alreadyDone' || request.method === 'unsubscribe') {
      // An unsubscribe that is refused leaves nothing to do but to take it as done.
      this.#settle(request, subscription);
      return;
    }
    switch (advice) {
      case 'reauthenticate':
        this.#handlers.tokenRefused(error);
        // Once at once, with a new token; then the token is not what is wrong.
        if (subscription.failures === 0 && this.#options.token !== undefined) {
          subscription.failures = 1;
          this.#setPhase(subscription, { kind: 'absent' });
          this.#unsettle(subscription);
        } else this.#tryAgainLater(subscription);
        break;
      case 'retryLater':
        this.#tryAgainLater(subscription);
        break;
      case 'giveUp':
      case 'ourMistake':
        this.#setPhase(subscription, { kind: 'rejected', error, atMs: this.#clock.monotonicMs() });
        break;
      default:
        unreachable(advice);
    }
    this.#handlers.trouble('Kraken refused a subscription', { topic: subscription.topic, error });
  }

  /** A second, doubling with each failure up to half a minute. */
  #retryDelayMs(subscription: Subscription): number {
    const delayMs = exponentialDelayMs(subscription.failures, RETRY_BASE_MS, RETRY_MAX_MS);
    subscription.failures += 1;
    return delayMs;
  }

  #tryAgainLater(subscription: Subscription): void {
    const cancelRetry = this.#clock.after(this.#retryDelayMs(subscription), () => {
      this.#setPhase(subscription, { kind: 'absent' });
      this.#unsettle(subscription);
    });
    this.#setPhase(subscription, { kind: 'waiting', cancelRetry });
  }

  /**
   * Kraken ignored a request because there were too many, and does not say which: those that are not answered soon are
   * the ones.
   */
  rateLimited(): void {
    for (const [id, request] of this.#requests) {
      if (request.doubted || this.#clock.monotonicMs() - request.sentMs > ACK_TIMEOUT_MS - DOUBT_TIMEOUT_MS)
        continue;
      request.doubted = true;
      request.cancelTimeout();
      request.cancelTimeout = this.#clock.after(DOUBT_TIMEOUT_MS, () => this.#ackTimedOut(id));
    }
  }

  #ackTimedOut(id: number): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    this.#requests.delete(id);
    this.#handlers.trouble('no acknowledgement', {
      method: request.method,
      feed: request.feed,
      symbols: [...request.unanswered].map(one => symbolOf(one.topic)),
    });
    for (const subscription of request.unanswered) {
      // Whether it was done is not known: it is asked again, and "not found" is an answer too.
      if (request.method === 'unsubscribe') this.#unsubscribeAgain(subscription);
      // Data came without an acknowledgement: it works, and that is what was asked for.
      else if ((subscription.lastMessageMs ?? -1) > request.sentMs) this.#settle(request, subscription);
      else this.#tryAgainLater(subscription);
    }
  }

  #unsubscribeAgain(subscription: Subscription): void {
    this.#setPhase(subscription, { kind: 'subscribed', sinceMs: this.#clock.monotonicMs() });
    this.#renewLater(subscription, this.#retryDelayMs(subscription));
  }

  // ── Silence ──────────────────────────────────────────────────────────────────────────────────────────

  #sweepLater(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => {
      this.#sweep();
      // Whoever hears of silence may have disconnected.
      if (this.#connected) this.#sweepLater();
    });
  }

  /**
   * Finds subscriptions that were acknowledged and have not begun: with a snapshot each channel begins at once. That of a
   * pair that never traded is empty and names no pair, so trades and candles that do not begin are live, and there are none.
   */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const subscription of this.#each()) {
      const { phase, frames, renew, topic } = subscription;
      if (phase.kind !== 'subscribed' || frames > 0 || renew) continue;
      const waitedMs = nowMs - phase.sinceMs;
      if (topic.channel === 'trade' || topic.channel === 'ohlc') {
        if (waitedMs >= EMPTY_MS && !subscription.fresh) this.#beginEmpty(subscription);
        continue;
      }
      const patience = 2 ** Math.min(subscription.fruitlessRenewals, MAX_DOUBLINGS);
      if (waitedMs < SNAPSHOT_MS * patience) continue;
      subscription.fruitlessRenewals += 1;
      this.#silence(subscription, { what: 'no snapshot came', sinceMs: phase.sinceMs });
    }
  }

  #beginEmpty(subscription: Subscription): void {
    const before = this.#state(subscription);
    subscription.fresh = true;
    subscription.heard = variantOf(subscription.topic);
    this.#tellChange(subscription, before);
  }

  /** A subscription did not tell what is known from elsewhere: it is silent until it is subscribed again. */
  distrust(feed: FeedName, symbol: PairSymbol, silence: Silence): void {
    const subscription = this.#byFeed.get(feed)?.get(symbol);
    if (subscription?.phase.kind !== 'subscribed' || subscription.silence || subscription.renew) return;
    const { distrusted, topic } = subscription;
    this.#handlers.trouble('a subscription is silent', { topic, what: silence.what });
    // One that stays deaf is renewed less and less often.
    const delayMs = distrusted === 0 ? 0 : exponentialDelayMs(distrusted - 1, RENEWAL_MS, MAX_RENEWAL_MS);
    subscription.distrusted += 1;
    this.#silence(subscription, silence, delayMs);
  }

  #silence(subscription: Subscription, silence: Silence, delayMs = 0): void {
    const before = this.#state(subscription);
    subscription.silence = silence;
    this.#tellChange(subscription, before);
    this.#renewLater(subscription, delayMs);
  }

  // ── Reconciling ──────────────────────────────────────────────────────────────────────────────────────

  #wanted(subscription: Subscription): boolean {
    return subscription.claims.size > 0;
  }

  #endClaim(subscription: Subscription, claim: Claim): void {
    const before = this.#state(subscription);
    subscription.claims.delete(variantOf(claim.topic));
    this.#tellChange(subscription, before);
    if (this.#suspended && !this.#wanted(subscription)) this.#remove(subscription);
    else this.#unsettle(subscription);
  }

  #unsettle(subscription: Subscription): void {
    this.#unsettled.add(subscription);
    if (this.#reconcileAsked) return;
    this.#reconcileAsked = true;
    this.#clock.endOfTurn(() => this.#reconcile());
  }

  #reconcile(): void {
    this.#reconcileAsked = false;
    this.#cancelReconcile?.();
    const agenda = new Agenda();
    for (const subscription of this.#unsettled) {
      switch (this.#stepFor(subscription)) {
        case 'subscribe':
          agenda.add('subscribe', subscription.broken ? 'resync' : 'subscribe', subscription);
          break;
        case 'unsubscribe':
          agenda.add('unsubscribe', this.#purposeOfUnsubscribe(subscription), subscription);
          break;
        case 'remove':
          this.#remove(subscription);
          break;
        case 'nothing':
          this.#unsettled.delete(subscription);
          break;
      }
    }
    if (this.#connected) this.#send(agenda);
  }

  #purposeOfUnsubscribe(subscription: Subscription): Errand['purpose'] {
    if (!this.#wanted(subscription)) return 'tidy';
    if (subscription.broken) return 'resync';
    // A deeper book is waited for.
    return variantOf(wantedTopic(subscription)) > variantOf(subscription.topic) ? 'subscribe' : 'renew';
  }

  /** Sends what the rate allows now, and plans to reconcile again for the rest. */
  #send(agenda: Agenda): void {
    const nowMs = this.#clock.monotonicMs();
    const tidy = [...agenda.inOrder('tidy')];
    if (tidy.length > 0) this.#tidying.wanted(nowMs);
    else this.#tidying.done();
    if (this.#tidying.isDue(nowMs)) {
      const due = tidy.shift();
      if (due !== undefined && !this.#request(due, 0)) return;
    }
    for (const errand of agenda.inOrder('resync', 'subscribe', 'renew')) {
      if (!this.#request(errand, 0)) return;
    }
    const gatherMs = this.#tidying.gatherMs(nowMs);
    if (tidy.length > 0 && gatherMs > 0) {
      this.#reconcileLater(gatherMs);
      return;
    }
    for (const errand of tidy) if (!this.#request(errand, KEPT_FOR_OTHERS)) return;
    this.#tidying.done();
  }

  #reconcileLater(delayMs: number): void {
    this.#cancelReconcile = this.#clock.after(delayMs, () => this.#reconcile());
  }

  #stepFor(subscription: Subscription): 'subscribe' | 'unsubscribe' | 'remove' | 'nothing' {
    const wanted = this.#wanted(subscription);
    switch (subscription.phase.kind) {
      case 'absent':
        return wanted ? 'subscribe' : 'remove';
      case 'waiting':
      case 'rejected':
        return wanted ? 'nothing' : 'remove';
      case 'subscribed':
        return wanted &&
          !subscription.renew &&
          variantOf(wantedTopic(subscription)) === variantOf(subscription.topic)
          ? 'nothing'
          : 'unsubscribe';
      case 'subscribing':
      case 'unsubscribing':
        return 'nothing';
      default:
        return unreachable(subscription.phase);
    }
  }

  /** Sends one batch, or plans to reconcile again when the rate allows; returns whether it was sent. */
  #request({ method, purpose, batch }: Errand, keep: number): boolean {
    const [first] = batch;
    if (first === undefined) return true;
    const id = this.#nextRequestId;
    const topic = method === 'subscribe' ? wantedTopic(first) : first.topic;
    const token = this.#options.token?.();
    if (this.#options.token !== undefined && token === undefined) return false;
    const waitMs = this.#options.trySend(requestFor(method, id, batch, topic, token), keep);
    if (waitMs > 0) {
      if (Number.isFinite(waitMs)) this.#reconcileLater(waitMs);
      return false;
    }
    this.#tidying.sent(purpose);
    this.#nextRequestId += 1;
    const cancelTimeout = this.#clock.after(ACK_TIMEOUT_MS, () => this.#ackTimedOut(id));
    this.#requests.set(id, {
      sentMs: this.#clock.monotonicMs(),
      method,
      feed: feedOf(first.topic),
      unanswered: new Set(batch),
      cancelTimeout,
      doubted: false,
    });
    const kind = method === 'subscribe' ? 'subscribing' : 'unsubscribing';
    for (const subscription of batch) {
      if (method === 'subscribe') {
        subscription.topic = wantedTopic(subscription);
        subscription.frames = 0;
      }
      this.#setPhase(subscription, { kind });
      this.#unsettled.delete(subscription);
    }
    return true;
  }

  // ── Bookkeeping ──────────────────────────────────────────────────────────────────────────────────────

  #setPhase(subscription: Subscription, phase: Phase): void {
    const before = this.#state(subscription);
    if (subscription.phase.kind === 'waiting') subscription.phase.cancelRetry();
    subscription.phase = phase;
    // A renewal keeps its data, and its state, until the new snapshot replaces it.
    this.#tellChange(subscription, before);
  }

  #find(topic: SubscriptionTopic): Subscription | undefined {
    return this.#byFeed.get(feedOf(topic))?.get(symbolOf(topic));
  }

  #add(topic: SubscriptionTopic): Subscription {
    const subscription = createSubscription(topic);
    let subscriptions = this.#byFeed.get(feedOf(topic));
    if (subscriptions === undefined) {
      subscriptions = new Map();
      this.#byFeed.set(feedOf(topic), subscriptions);
    }
    subscriptions.set(symbolOf(topic), subscription);
    return subscription;
  }

  #remove(subscription: Subscription): void {
    this.#unsettled.delete(subscription);
    if (subscription.phase.kind === 'waiting') subscription.phase.cancelRetry();
    subscription.cancelRenewal?.();
    const subscriptions = this.#byFeed.get(feedOf(subscription.topic));
    const symbol = symbolOf(subscription.topic);
    if (subscriptions?.get(symbol) !== subscription) return;
    subscriptions.delete(symbol);
    this.#handlers.dropped(subscription.topic);
  }

  *#each(): Iterable<Subscription> {
    for (const subscriptions of this.#byFeed.values()) yield* [...subscriptions.values()];
  }
}
