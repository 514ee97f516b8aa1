import type { Cancel } from '../lib/clock.ts';
import { type CandleMinutes, type ChannelName, EVENT_TRIGGERS, type SubscriptionTopic } from './messages.ts';
import type { PairSymbol } from './symbols.ts';

/** A channel, and of candles one interval of it: under a feed, a symbol has at most one subscription. */
export type FeedName = Exclude<ChannelName, 'ohlc'> | CandleFeed;
export type CandleFeed = `ohlc ${CandleMinutes}`;

/** How far one subscription can be trusted right now. */
export type SubscriptionState = 'LIVE' | 'PENDING' | 'DISCONNECTED' | 'SILENT' | 'REJECTED';

/** One subscription as others may see it. */
export interface SubscriptionView {
  readonly topic: SubscriptionTopic;
  readonly state: SubscriptionState;
  /** Wall-clock time of its last data. */
  readonly lastMessageAt: number | undefined;
  /** Kraken's words, when it refused. */
  readonly error: string | undefined;
  /** Why it is not LIVE, for people; undefined while it is, and while the connection is the reason. */
  readonly reason: string | undefined;
}

/** What a silent subscription did not tell. */
export interface Silence {
  readonly what: string;
  /** Monotonic. */
  readonly sinceMs: number;
}

/** Where one subscription stands on the present connection. */
export type Phase =
  | { readonly kind: 'absent' }
  | { readonly kind: 'subscribing' }
  | { readonly kind: 'subscribed'; readonly sinceMs: number }
  | { readonly kind: 'unsubscribing' }
  | { readonly kind: 'waiting'; readonly cancelRetry: Cancel }
  | { readonly kind: 'rejected'; readonly error: string; readonly atMs: number };

/** Those who want a subscription in one variant: a book with one depth, a ticker with one trigger. */
export interface Claim {
  readonly topic: SubscriptionTopic;
  holders: number;
  /** Ends the time that the claim outlives its last holder. */
  cancelLinger: Cancel | undefined;
}

/** One subscription: who wants it, and where it stands. The reconciler in `subscriptions.ts` owns and changes it. */
export interface Subscription {
  /** What is subscribed, or was last: of a book, with the depth that is on the wire; of a ticker, with the trigger. */
  topic: SubscriptionTopic;
  phase: Phase;
  /** By variant. Upstream there is one at a time: the largest, of which the others are parts. */
  readonly claims: Map<number, Claim>;
  /** Asks for an unsubscribe and a new subscribe, to get a fresh snapshot. */
  renew: boolean;
  /** Whether what was received is wrong, until it is subscribed again: its requests go before all others. */
  broken: boolean;
  cancelRenewal: Cancel | undefined;
  /** Monotonic: no sooner is it renewed again because of a frame that could not be handled. */
  nextRenewalMs: number;
  /** Why it passes for silent: what it should have told, and did not; undefined while it does not. */
  silence: Silence | undefined;
  /** Times in a row that it was distrusted, and told nothing but a snapshot since. */
  distrusted: number;
  /** Times in a row that it was renewed because no snapshot came. */
  fruitlessRenewals: number;
  /** Frames since the last renewal, or the connection. */
  frames: number;
  /** Failed tries in a row. */
  failures: number;
  lastMessageMs: number | undefined;
  lastMessageAt: number | undefined;
  /** Whether data came on the present connection. */
  fresh: boolean;
  /** The variant under which the last data came. */
  heard: number;
}

export function createSubscription(topic: SubscriptionTopic): Subscription {
  return {
    topic,
    phase: { kind: 'absent' },
    claims: new Map(),
    renew: false,
    broken: false,
    cancelRenewal: undefined,
    nextRenewalMs: 0,
    silence: undefined,
    distrusted: 0,
    fruitlessRenewals: 0,
    frames: 0,
    failures: 0,
    lastMessageMs: undefined,
    lastMessageAt: undefined,
    fresh: false,
    heard: -1,
  };
}

/** The claim on this variant, made if there is none. */
export function claimOf(subscription: Subscription, topic: SubscriptionTopic): Claim {
  const known = subscription.claims.get(variantOf(topic));
  if (known !== undefined) return known;
  const claim: Claim = { topic, holders: 0, cancelLinger: undefined };
  subscription.claims.set(variantOf(topic), claim);
  return claim;
}

/** The largest variant that anyone wants; what is subscribed while nobody wants any. */
export function wantedTopic({ claims, topic }: Subscription): SubscriptionTopic {
  let wanted: SubscriptionTopic | undefined;
  for (const claim of claims.values()) {
    if (wanted === undefined || variantOf(claim.topic) > variantOf(wanted)) wanted = claim.topic;
  }
  return wanted ?? topic;
}

/** Subscriptions of one feed and symbol differ in this alone, and Kraken keeps one of them at a time. */
export function variantOf(topic: SubscriptionTopic): number {
  if ('depth' in topic) return topic.depth;
  return 'event_trigger' in topic ? EVENT_TRIGGERS.indexOf(topic.event_trigger) : 0;
}

export function feedOf(topic: SubscriptionTopic): FeedName {
  return topic.channel === 'ohlc' ? candleFeed(topic.interval) : topic.channel;
}

const CANDLE_FEEDS = new Map<CandleMinutes, CandleFeed>();

/** Made once for each interval: it is asked for at each frame. */
export function candleFeed(interval: CandleMinutes): CandleFeed {
  let feed = CANDLE_FEEDS.get(interval);
  if (feed === undefined) {
    feed = `ohlc ${interval}`;
    CANDLE_FEEDS.set(interval, feed);
  }
  return feed;
}

export function symbolOf(topic: SubscriptionTopic): PairSymbol | '' {
  return 'symbol' in topic ? topic.symbol : '';
}
