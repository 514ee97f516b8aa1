import type { BroadcastPlan } from './broadcast.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import type { Result } from './result.ts';
import type { Topic } from './topics.ts';

/**
 * One subscriber of state topics. While it keeps up it has no state of its own; when it falls behind, or has
 * just joined a rate-limited broadcast, it remembers which topics it missed, and gets their latest value when it
 * may. Bounded by the number of topics: a value that was missed is replaced by the next.
 */
export class LatestOutbox {
  readonly outlet: Outlet;
  readonly #counters: DeliveryCounters;
  /** undefined while it keeps up. */
  #missed: Set<Topic> | undefined;
  /** Changes marked up to here were part of what it got when it joined. */
  #joinedAtMark: number;
  #countedAsSlow = false;
  /** Not before this time, so that a newcomer's first value counts against its rate. */
  readonly notBeforeMs: number;

  /** A newcomer, which starts behind until the broadcast has nothing left of before it joined. */
  constructor(outlet: Outlet, counters: DeliveryCounters, joinedAtMark: number, notBeforeMs: number) {
    this.outlet = outlet;
    this.#counters = counters;
    this.#joinedAtMark = joinedAtMark;
    this.notBeforeMs = notBeforeMs;
    this.#missed = new Set();
  }

  /** Whether it gets every result as it comes. */
  get upToDate(): boolean {
    return this.#missed === undefined;
  }

  get hasMissed(): boolean {
    return this.#missed !== undefined && this.#missed.size > 0;
  }

  /** A change passes it by, because it is slow or has just joined. */
  miss(topic: Topic, mark: number): void {
    if (mark <= this.#joinedAtMark) return;
    if (this.outlet.congested && !this.#countedAsSlow) {
      this.#countedAsSlow = true;
      this.#counters.slowConsumers += 1;
    }
    this.#missed ??= new Set();
    if (this.#missed.has(topic)) this.#counters.conflated += 1;
    this.#missed.add(topic);
  }

  /** Hands over what it missed, after which it is up to date. */
  takeMissed(): Iterable<Topic> {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    this.#joinedAtMark = 0;
    this.#countedAsSlow = false;
    return missed;
  }
}

/** Events that a subscriber may be behind before it is given up. */
export const MAX_QUEUED = 1_000;
/** Characters of them. */
const MAX_QUEUED_CHARACTERS = 8 * 1024 * 1024;
/** Events that are handed over at once, between two looks at whether the reader still takes them. */
export const PORTION = 100;

/** One subscriber of events, none of which may be lost: they queue while it is slow, up to a bound. */
export class QueueOutbox {
  readonly outlet: Outlet;
  /** Its own: newcomers may ask for different beginnings. */
  readonly plan: BroadcastPlan;
  readonly #counters: DeliveryCounters;
  /** The number of the last event before it joined. */
  readonly joinedAt: number;
  /** Where each topic stood when it began, in the form of an event. */
  readonly beginnings = new Map<Topic, unknown>();
  /** Results that it has not been sent; undefined while it keeps up. */
  #queue: Result[] | undefined;
  #characters = 0;

  constructor(outlet: Outlet, plan: BroadcastPlan, counters: DeliveryCounters, joinedAt: number) {
    this.outlet = outlet;
    this.plan = plan;
    this.#counters = counters;
    this.joinedAt = joinedAt;
  }

  /** Results that it has not been sent. */
  get waiting(): number {
    return this.#queue?.length ?? 0;
  }

  /** Sends what is known of a topic. */
  begin(topic: Topic, results: readonly Result[]): void {
    const standing = this.plan.standing(topic);
    if (standing !== undefined) this.beginnings.set(topic, standing);
    this.outlet.send(results);
    this.#counters.delivered += results.length;
  }

  /**
   * Sends or queues results.
   *
   * @returns how many there was no room for: when there are any, the subscriber has to be given up
   */
  deliver(results: readonly Result[]): number {
    if (this.#queue === undefined && !this.outlet.congested) {
      this.outlet.send(results);
      this.#counters.delivered += results.length;
      return 0;
    }
    if (this.#queue === undefined) this.#counters.slowConsumers += 1;
    this.#queue ??= [];
    for (const [index, result] of results.entries()) {
      this.#characters += result.length;
      const isFull = this.#queue.length >= MAX_QUEUED || this.#characters > MAX_QUEUED_CHARACTERS;
      if (isFull) return results.length - index;
      this.#queue.push(result);
    }
    return 0;
  }

  /** It is told that it was too slow, and where it stopped; what queued is of no use any more. */
  giveUp(lastEvents: Iterable<unknown>): void {
    this.#queue = undefined;
    this.#characters = 0;
    this.outlet.send([this.plan.renderSlowConsumer(lastEvents)]);
    this.outlet.end();
  }

  /** The reader can take more. */
  drain(): void {
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    this.#characters = 0;
    // In portions: what fills the socket again leaves the rest to wait.
    for (let first = 0; first < queue.length; first += PORTION) {
      this.deliver(queue.slice(first, first + PORTION));
    }
  }
}
