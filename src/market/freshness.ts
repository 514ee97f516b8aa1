import type { SubscriptionState } from '../kraken/subscription.ts';

/** How far a value can be trusted right now; `RESYNCING` is a book that waits for a new snapshot. */
export type FeedState = SubscriptionState | 'RESYNCING';

export interface Freshness {
  /** Wall-clock time at which the value was received. */
  readonly receivedAt: number;
  readonly ageMs: number;
  /** Whether the value may differ from the exchange's: every state but `LIVE`. */
  readonly stale: boolean;
  readonly state: FeedState;
  /** What is wrong, for people; undefined while it is `LIVE`. Found out when it is asked for. */
  readonly reason: () => string | undefined;
}

/**
 * Describes a value that was received at `receivedAt` and whose feed is in `state` now. A value without a
 * feed (nobody is subscribed) is as old as a disconnected one.
 */
export function freshness(
  receivedAt: number,
  state: FeedState | undefined,
  now: number,
  reason: () => string | undefined,
): Freshness {
  const known = state ?? 'DISCONNECTED';
  return { receivedAt, ageMs: Math.max(0, now - receivedAt), stale: known !== 'LIVE', state: known, reason };
}
