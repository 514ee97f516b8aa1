import {
  BOOK_DEPTHS,
  type BookDepth,
  type CandleMinutes,
  type SubscriptionTopic,
} from '../kraken/messages.ts';
import { type CandleFeed, candleFeed } from '../kraken/subscription.ts';
import type { Asset, PairSymbol } from '../kraken/symbols.ts';

/** Something that broadcasts read and that changes. */
export type Topic =
  | { readonly kind: 'ticker'; readonly symbol: PairSymbol }
  | { readonly kind: 'book'; readonly symbol: PairSymbol; readonly depth: number }
  | { readonly kind: 'bookUpdates'; readonly symbol: PairSymbol; readonly depth: number }
  | { readonly kind: 'trades'; readonly symbol: PairSymbol }
  /** The latest candle of a pair; a change names the one, by its beginning. */
  | {
      readonly kind: 'ohlc';
      readonly symbol: PairSymbol;
      readonly interval: CandleMinutes;
      readonly begin?: string;
    }
  /** The list of pairs; a change names the one, as an `instrument`. */
  | { readonly kind: 'instruments' }
  | { readonly kind: 'instrument'; readonly symbol: PairSymbol }
  | { readonly kind: 'exchangeStatus' }
  /** Every asset of the account; a change names the one, as a `balance`. */
  | { readonly kind: 'balances' }
  | { readonly kind: 'balance'; readonly asset: Asset }
  /** Events of the public connection, and of the private one. */
  | { readonly kind: 'connection' }
  | { readonly kind: 'privateConnection' }
  /** Read by the clock: everything in it may have changed at any time. */
  | { readonly kind: 'status' };

/** Under which a topic is found, with its symbol. Candles of each interval are kept apart. */
export type TopicKey = Exclude<Topic['kind'], 'ohlc'> | CandleFeed;

/** What has to be subscribed at Kraken for a topic to move; undefined where nothing has. */
export function upstreamOf(topic: Topic): SubscriptionTopic | undefined {
  switch (topic.kind) {
    case 'ticker':
      return { channel: 'ticker', symbol: topic.symbol, event_trigger: 'bbo' };
    case 'book':
    case 'bookUpdates':
      return { channel: 'book', symbol: topic.symbol, depth: upstreamDepth(topic.depth) };
    case 'trades':
      return { channel: 'trade', symbol: topic.symbol };
    case 'ohlc':
      return { channel: 'ohlc', symbol: topic.symbol, interval: topic.interval };
    default:
      return undefined;
  }
}

/** The smallest depth that Kraken has of which `depth` levels are a slice. */
export function upstreamDepth(depth: number): BookDepth {
  return BOOK_DEPTHS.find(one => one >= depth) ?? 1_000;
}

/** Levels of a book that weigh as much as the subscription of another channel. */
const LEVELS_A_WEIGHT = 100;

/** How much an upstream subscription counts towards the limits: a book of 1,000 levels as much as ten tickers. */
export function upstreamWeight(upstream: SubscriptionTopic): number {
  return 'depth' in upstream ? Math.ceil(upstream.depth / LEVELS_A_WEIGHT) : 1;
}

/** The same of what a topic needs; 0 for one that needs nothing. */
export function weightOf(topic: Topic): number {
  const upstream = upstreamOf(topic);
  return upstream === undefined ? 0 : upstreamWeight(upstream);
}

/** A name that tells topics apart by what they need upstream. */
export function topicName(topic: Topic): string {
  const upstream = upstreamOf(topic);
  return upstream === undefined ? topic.kind : Object.values(upstream).join(' ');
}

function keyOf(topic: Topic): TopicKey {
  return topic.kind === 'ohlc' ? candleFeed(topic.interval) : topic.kind;
}

/** Items found by topic, two plain map lookups away and without making a key. */
export class TopicMap<Item> {
  readonly #byKey = new Map<TopicKey, Map<string, Item>>();

  get(key: TopicKey, symbol = ''): Item | undefined {
    return this.#byKey.get(key)?.get(symbol);
  }

  getOrAdd(topic: Topic, create: () => Item): Item {
    let items = this.#byKey.get(keyOf(topic));
    if (items === undefined) {
      items = new Map();
      this.#byKey.set(keyOf(topic), items);
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
    const items = this.#byKey.get(keyOf(topic));
    if (items?.get(symbolOf(topic)) === item) items.delete(symbolOf(topic));
  }
}

/** Whether a topic moves when the account does. */
export function isOfAccount({ kind }: Topic): boolean {
  return kind === 'balances' || kind === 'balance' || kind === 'privateConnection';
}

function symbolOf(topic: Topic): string {
  return 'symbol' in topic ? topic.symbol : '';
}
