import type { Subscription } from './subscription.ts';

/** No data for this long while the connection carries other things: the subscription is silent. */
const SILENCE_MS = 60_000;
/** The same, when other data of the same pair say that there should have been some. */
const SILENCE_BESIDE_SIBLING_MS = 15_000;
/** A sibling that moved this long after the last frame moves on its own. */
const LATER_MS = 5_000;
/** A channel that may be silent for hours still begins with a snapshot. */
const SNAPSHOT_MS = 10_000;
const MAX_DOUBLINGS = 5;

/**
 * The channel that says that this one should have had a frame. A trade is told by all of them. A change of the best
 * prices is told by ticker and book alone, and a change below them by the book alone.
 */
const SIBLINGS = { ticker: 'trade', book: 'ticker', trade: 'ticker', ohlc: 'ticker' } as const;

type Judged = keyof typeof SIBLINGS;

/** The feed to judge a subscription by; undefined for channels that change once in a while, and may be silent after their snapshot. */
export function siblingOf(channel: string): (typeof SIBLINGS)[Judged] | undefined {
  return SIBLINGS[channel as Judged];
}

/**
 * Whether a subscription has been without data for too long. Each renewal that brought a snapshot and no more
 * doubles the limits: a pair that nobody trades is not renewed for ever.
 */
export function isSilent(
  subscription: Subscription,
  sibling: Subscription | undefined,
  nowMs: number,
): boolean {
  if (subscription.phase.kind !== 'subscribed' || subscription.renew) return false;
  const lastMs = Math.max(subscription.phase.sinceMs, subscription.lastMessageMs ?? 0);
  const patience = 2 ** Math.min(subscription.quietRenewals, MAX_DOUBLINGS);
  const silentMs = nowMs - lastMs;
  const { channel } = subscription.topic;
  if (siblingOf(channel) === undefined) {
    return subscription.frames === 0 && silentMs >= SNAPSHOT_MS * patience;
  }
  if (silentMs >= SILENCE_MS * patience) return true;
  const movedMs = channel === 'book' ? sibling?.lastMessageMs : sibling?.lastTradeMs;
  const neededMs = SILENCE_BESIDE_SIBLING_MS * patience;
  if ((movedMs ?? 0) > lastMs + LATER_MS && silentMs >= neededMs) return true;
  return nowMs - Math.max(lastMs, subscription.contradictedMs ?? nowMs) >= neededMs;
}
