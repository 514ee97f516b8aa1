import type { PairStateSubscription } from '../generated/operations.ts';
import { LiveModel, type Standing, standingAfter } from './freshness.ts';

/** Where the channels of one pair stand between Kraken and the server. */
export class Channels extends LiveModel {
  #standings = new Map<string, Standing>();

  /**
   * undefined while it is not known.
   *
   * @param minutes of a candle
   */
  of(channel: string, minutes?: number): Standing | undefined {
    return this.#standings.get(keyOf(channel, minutes));
  }

  take({ status: { subscriptions } }: PairStateSubscription): void {
    const before = this.#standings;
    this.#standings = new Map(
      subscriptions.map(({ channel, interval, state }) => {
        const key = keyOf(channel, interval);
        return [key, standingAfter(before.get(key), state)];
      }),
    );
    this.heard();
  }

  override interrupted(): void {
    this.#standings.clear();
    super.interrupted();
  }
}

function keyOf(channel: string, minutes: number | null | undefined): string {
  return minutes == null ? channel : `${channel} ${minutes}`;
}
