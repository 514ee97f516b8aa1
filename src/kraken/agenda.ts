import { Batches } from './batches.ts';
import { type Subscription, symbolOf, wantedTopic } from './subscription.ts';

/**
 * What a request is for, most pressing first: a book that failed, data that someone waits for, a fresh snapshot of
 * what is readable meanwhile, and the end of what no one reads.
 */
export type Purpose = 'resync' | 'subscribe' | 'renew' | 'tidy';

/** Subscriptions that go into one request. */
export interface Errand {
  readonly method: 'subscribe' | 'unsubscribe';
  readonly purpose: Purpose;
  readonly batch: readonly Subscription[];
}

/** What is to be asked of Kraken, in the order in which it leaves when not everything may leave at once. */
export class Agenda {
  readonly #groups = new Map<string, Batches>();
  readonly #places = new Map<Subscription, number>();

  /** Whoever has waited longest is added first. */
  add(method: Errand['method'], purpose: Purpose, subscription: Subscription): void {
    this.#places.set(subscription, this.#places.size);
    const key = `${method} ${purpose}`;
    let batches = this.#groups.get(key);
    if (batches === undefined) {
      batches = new Batches(method === 'subscribe' ? wantedTopic : one => one.topic);
      this.#groups.set(key, batches);
    }
    batches.add(subscription);
  }

  /** Of one purpose, channels without symbols first, and then what has waited longest. */
  inOrder(...purposes: readonly Purpose[]): readonly Errand[] {
    return purposes.flatMap(purpose =>
      [...this.#of('unsubscribe', purpose), ...this.#of('subscribe', purpose)].sort(
        (a, b) => this.#placeOf(a) - this.#placeOf(b),
      ),
    );
  }

  #of(method: Errand['method'], purpose: Purpose): readonly Errand[] {
    const batches = this.#groups.get(`${method} ${purpose}`)?.inOrder() ?? [];
    return batches.map(batch => ({ method, purpose, batch }));
  }

  #placeOf({ batch: [first] }: Errand): number {
    return first === undefined || symbolOf(first.topic) === '' ? -1 : (this.#places.get(first) ?? 0);
  }
}

/** Departures are gathered for this long, so that they share a frame. */
const GATHER_MS = 1_000;
/** After this long tidying no longer waits for a quiet moment; */
const OVERDUE_MS = 10_000;
/** then one request of it leaves after so many others. */
const OTHERS_BETWEEN = 4;

/**
 * When unsubscribes that no one waits for may leave: gathered, and while tokens are left. What has waited for long
 * gets one token in five under any load, so that it ends.
 */
export class Tidying {
  #sinceMs: number | undefined;
  #others = OTHERS_BETWEEN;

  /** There is something to tidy up; it may have been there before. */
  wanted(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** Nothing is left to tidy up. */
  done(): void {
    this.#sinceMs = undefined;
  }

  /** Milliseconds until what there is has been gathered. */
  gatherMs(nowMs: number): number {
    return Math.max(0, (this.#sinceMs ?? nowMs) + GATHER_MS - nowMs);
  }

  /** Whether one request of it goes before everything else. */
  isDue(nowMs: number): boolean {
    return nowMs - (this.#sinceMs ?? nowMs) >= OVERDUE_MS && this.#others >= OTHERS_BETWEEN;
  }

  sent(purpose: Purpose): void {
    this.#others = purpose === 'tidy' ? 0 : this.#others + 1;
  }
}
