import type { SubscribeRequest, SubscriptionTopic } from './messages.ts';
import { feedOf, type Subscription, symbolOf, variantOf } from './subscription.ts';

/** One frame names at most this many symbols; a longer list takes several frames. */
const SYMBOLS_PER_REQUEST = 500;

/** Subscriptions that go into one request: same feed and variant, a bounded number of symbols. */
export class Batches {
  readonly #topicOf: (subscription: Subscription) => SubscriptionTopic;
  readonly #batches = new Map<string, Subscription[][]>();

  constructor(topicOf: (subscription: Subscription) => SubscriptionTopic) {
    this.#topicOf = topicOf;
  }

  add(subscription: Subscription): void {
    const topic = this.#topicOf(subscription);
    const key = `${feedOf(topic)} ${variantOf(topic)}`;
    const batches = this.#batches.get(key) ?? [];
    const last = batches.at(-1);
    if (last === undefined || last.length >= SYMBOLS_PER_REQUEST) batches.push([subscription]);
    else last.push(subscription);
    this.#batches.set(key, batches);
  }

  /** Channels without symbols first: the others are read against what they tell. */
  inOrder(): readonly Subscription[][] {
    const wide = (batch: readonly Subscription[]): number =>
      batch[0] && symbolOf(batch[0].topic) === '' ? 0 : 1;
    return [...this.#batches.values()].flat().sort((a, b) => wide(a) - wide(b));
  }
}

/** The request that subscribes a batch, or unsubscribes it; both name trigger, depth, interval and token. */
export function requestFor(
  method: 'subscribe' | 'unsubscribe',
  req_id: number,
  batch: readonly Subscription[],
  topic: SubscriptionTopic,
  token: string | undefined,
): SubscribeRequest {
  const symbols = batch.flatMap(one => ('symbol' in one.topic ? [one.topic.symbol] : []));
  return {
    method,
    params: {
      channel: topic.channel,
      ...(symbols.length > 0 && { symbol: symbols }),
      ...('event_trigger' in topic && { event_trigger: topic.event_trigger }),
      ...('depth' in topic && { depth: topic.depth }),
      ...('interval' in topic && { interval: topic.interval }),
      ...(token !== undefined && { token }),
      ...(method === 'subscribe' && snapshotOf(topic)),
    },
    req_id,
  };
}

/** Always said: what Kraken does without it differs by channel and has changed over time. */
function snapshotOf(topic: SubscriptionTopic): Partial<SubscribeRequest['params']> {
  if (topic.channel === 'executions') return { snap_orders: true, snap_trades: false };
  return { snapshot: true, ...(topic.channel === 'instrument' && { include_tokenized_assets: true }) };
}
