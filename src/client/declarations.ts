import type { SubscriptionTopic } from '../kraken/messages.ts';
import { type FeedName, feedOf } from '../kraken/subscription.ts';
import type { Subscriptions } from '../kraken/subscriptions.ts';
import type { PairSymbol } from '../kraken/symbols.ts';

type PairTopic = SubscriptionTopic & { readonly symbol: PairSymbol };

/** What a library's user subscribed to, as opposed to demand that comes and goes. */
export class Declarations {
  readonly #subscriptions: Subscriptions;
  readonly #byFeed = new Map<FeedName, Map<PairSymbol, PairTopic>>();

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions;
  }

  /** The same again changes nothing; another depth of a book replaces the one before. */
  add(topics: readonly PairTopic[]): void {
    for (const topic of topics) {
      const feed = feedOf(topic);
      const declared = this.#byFeed.get(feed) ?? new Map<PairSymbol, PairTopic>();
      this.#byFeed.set(feed, declared);
      const before = declared.get(topic.symbol);
      declared.set(topic.symbol, topic);
      // The new claim before the old one ends, so that nothing is unsubscribed in between.
      this.#subscriptions.retain(topic);
      if (before !== undefined) this.#subscriptions.release(before, 0);
    }
  }

  /** @param symbols all if absent */
  remove(channel: PairTopic['channel'], symbols?: readonly PairSymbol[]): void {
    for (const declared of this.#byFeed.values()) {
      for (const topic of [...declared.values()]) {
        if (topic.channel !== channel || symbols?.includes(topic.symbol) === false) continue;
        declared.delete(topic.symbol);
        this.#subscriptions.release(topic, 0);
      }
    }
  }

  /** The topic of this feed and pair, as it was declared. */
  get(feed: FeedName, symbol: PairSymbol): PairTopic | undefined {
    return this.#byFeed.get(feed)?.get(symbol);
  }

  /** The pair of this very spelling, if it is declared on any feed. */
  named(text: string): PairSymbol | undefined {
    const symbol = text as PairSymbol;
    return [...this.#byFeed.values()].some(declared => declared.has(symbol)) ? symbol : undefined;
  }

  symbols(feed: FeedName): readonly PairSymbol[] {
    return [...(this.#byFeed.get(feed)?.keys() ?? [])];
  }
}
