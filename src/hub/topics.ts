import type { BookDepth, SubscriptionTopic } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';

/** Something that broadcasts read and that changes. */
export type Topic =
  | { readonly kind: 'ticker'; readonly symbol: PairSymbol }
  | { readonly kind: 'book'; readonly symbol: PairSymbol; readonly depth: BookDepth }
  | { readonly kind: 'instruments' }
  | { readonly kind: 'connection' }
  /** Read by the clock: everything in it may have changed at any time. */
  | { readonly kind: 'status' };

/** What has to be subscribed at Kraken for a topic to move; undefined where nothing has. */
export function upstreamOf(topic: Topic): SubscriptionTopic | undefined {
  if (topic.kind === 'ticker') return { channel: 'ticker', symbol: topic.symbol };
  if (topic.kind === 'book') return { channel: 'book', symbol: topic.symbol, depth: topic.depth };
  return undefined;
}

/** Items found by topic, two plain map lookups away and without making a key. */
export class TopicMap<Item> {
  readonly #byKind = new Map<Topic['kind'], Map<string, Item>>();

  get(kind: Topic['kind'], symbol = ''): Item | undefined {
    return this.#byKind.get(kind)?.get(symbol);
  }

  getOrAdd(topic: Topic, create: () => Item): Item {
    let items = this.#byKind.get(topic.kind);
    if (items === undefined) {
      items = new Map();
      this.#byKind.set(topic.kind, items);
    }
    const symbol = symbolOf(topic);
    let item = items.get(symbol);
    if (item === undefined) {
      item = create();
      items.set(symbol, item);
    }
    return item;
  }

  /** Forgets this very item; another that took its place stays. */
  delete(topic: Topic, item: Item): void {
    const items = this.#byKind.get(topic.kind);
    if (items?.get(symbolOf(topic)) === item) items.delete(symbolOf(topic));
  }
}

function symbolOf(topic: Topic): string {
  return 'symbol' in topic ? topic.symbol : '';
}
