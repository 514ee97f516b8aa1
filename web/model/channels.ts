import type { FeedState, PairStateSubscription } from '../generated/operations.ts';
import { LiveModel } from './freshness.ts';

/** Where the channels of one pair stand between Kraken and the server. */
export class Channels extends LiveModel {
  readonly #states = new Map<string, FeedState>();

  /** undefined while it is not known. */
  state(channel: string): FeedState | undefined {
    return this.#states.get(channel);
  }

  take({ status: { subscriptions } }: PairStateSubscription): void {
    this.#states.clear();
    for (const { channel, state } of subscriptions) this.#states.set(channel, state);
    this.heard();
  }

  override interrupted(): void {
    this.#states.clear();
    super.interrupted();
  }
}
