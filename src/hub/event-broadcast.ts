import type { Cancel } from '../lib/clock.ts';
import { Ring } from '../lib/ring.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { MAX_QUEUED, PORTION, QueueOutbox } from './outbox.ts';
import { type DeliveryCounters, endAll, type Outlet } from './outlet.ts';
import type { Result } from './result.ts';
import type { Topic } from './topics.ts';
import { flushAlone, type Turn } from './turn.ts';

/** An event, the topic that it is of, and its number in this broadcast. */
interface Happening {
  readonly topic: Topic;
  readonly event: unknown;
  readonly index: number;
}

/** As far back as the slowest subscriber may be: what it has not taken, and what there is no room for. */
const REMEMBERED = MAX_QUEUED + PORTION;

/** Event topics: each event is executed once and delivered to everyone who had joined before it. */
export class EventBroadcast implements Broadcast {
  readonly plan: BroadcastPlan;
  readonly #turn: Turn;
  readonly #counters: DeliveryCounters;
  readonly #outboxes = new Set<QueueOutbox>();
  /** Of the turn under way; a turn brings what one read from the socket holds, and no more. */
  #happenings: Happening[] = [];
  /** The latest, so that a subscriber can be told where it stopped. */
  readonly #recent = new Ring<Happening>(REMEMBERED);
  /** Of each topic the last one that is no longer among the recent. */
  readonly #earlier = new Map<Topic, Happening>();
  #index = 0;

  constructor(plan: BroadcastPlan, { turn, counters }: BroadcastEnvironment) {
    this.plan = plan;
    this.#turn = turn;
    this.#counters = counters;
  }

  get size(): number {
    return this.#outboxes.size;
  }

  join(outlet: Outlet, plan: BroadcastPlan): Cancel {
    // What happened in this turn belongs to the subscribers so far; the newcomer's first values include it.
    flushAlone(this);
    // Its beginning first: if that fails, it has not joined.
    const beginnings = plan.topics.map(topic => plan.current(topic, 'SUBSCRIBED'));
    const outbox = new QueueOutbox(outlet, plan, this.#counters, this.#index);
    this.#outboxes.add(outbox);
    outlet.onDrain(() => outbox.drain());
    for (const [index, topic] of plan.topics.entries()) outbox.begin(topic, beginnings[index] ?? []);
    return () => void this.#outboxes.delete(outbox);
  }

  changed(topic: Topic, event: unknown): void {
    if (event === undefined) {
      // No event, but something about the topic that may have to be told: that it is refused.
      this.#deliver(this.plan.step(topic));
    } else if (isFirst(event)) {
      // Not news but what is known, and this very moment no more than that: each has as much of it as it asked for.
      flushAlone(this);
      for (const outbox of [...this.#outboxes]) outbox.begin(topic, outbox.plan.current(topic, 'SUBSCRIBED'));
    } else {
      this.#index += 1;
      this.#happenings.push({ topic, event, index: this.#index });
      this.#turn.changed(this);
    }
  }

  flush(): void {
    const happenings = this.#happenings;
    this.#happenings = [];
    for (let first = 0; first < happenings.length; first += PORTION) {
      const portion = happenings.slice(first, first + PORTION);
      for (const happening of portion) this.#remember(happening);
      this.#deliver(portion.map(({ event }) => this.plan.renderEvent(event)));
    }
  }

  failed(error: unknown): void {
    this.#happenings = [];
    endAll(
      [...this.#outboxes].map(({ outlet }) => outlet),
      this.plan.renderFailure(error),
    );
  }

  #deliver(results: readonly Result[]): void {
    for (const outbox of this.#outboxes) {
      const refused = outbox.deliver(results);
      if (refused === 0) continue;
      this.#outboxes.delete(outbox);
      outbox.giveUp(this.#lastBefore(outbox, refused));
    }
  }

  #remember(happening: Happening): void {
    const oldest = this.#recent.size === REMEMBERED ? this.#recent.at(0) : undefined;
    if (oldest !== undefined) this.#earlier.set(oldest.topic, oldest);
    this.#recent.push(happening);
  }

  /**
   * Of each topic what a subscriber got last: where it began, or an event since, but for those that wait in vain and the
   * very last, which there was no room for.
   */
  #lastBefore(outbox: QueueOutbox, refused: number): Iterable<unknown> {
    const last = new Map(outbox.beginnings);
    const recent = this.#recent.last(this.#recent.size).slice(0, -(outbox.waiting + refused));
    for (const { topic, event, index } of [...this.#earlier.values(), ...recent]) {
      if (index > outbox.joinedAt) last.set(topic, event);
    }
    return last.values();
  }
}

/** Whether a value is what a topic begins with: the hub's clients say so by a member of this name. */
function isFirst(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'first' in event && event.first === true;
}
