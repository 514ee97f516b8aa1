import type { Cancel } from '../lib/clock.ts';
import { Ring } from '../lib/ring.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { MAX_QUEUED, QueueOutbox } from './outbox.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import type { Topic } from './topics.ts';
import type { Turn } from './turn.ts';

/** An event, the topic that it is of, and its number in this broadcast. */
interface Happening {
  readonly topic: Topic;
  readonly event: unknown;
  readonly index: number;
}

/** Event topics: each event is executed once and delivered to everyone who had joined before it. */
export class EventBroadcast implements Broadcast {
  readonly plan: BroadcastPlan;
  readonly #turn: Turn;
  readonly #counters: DeliveryCounters;
  readonly #outboxes = new Map<QueueOutbox, Cancel>();
  /** Of the turn under way; a turn brings what one read from the socket holds, and no more. */
  #happenings: Happening[] = [];
  /** The latest, as far back as the slowest subscriber may be, so that it can be told where it stopped. */
  readonly #recent = new Ring<Happening>(MAX_QUEUED + 1);
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
    this.flush();
    // Its beginning first: if that fails, it has not joined.
    const beginnings = plan.topics.map(topic => plan.current(topic, 'SUBSCRIBED'));
    const outbox = new QueueOutbox(outlet, plan, this.#counters, this.#index);
    const leave = () => void this.#outboxes.delete(outbox);
    this.#outboxes.set(outbox, leave);
    outlet.onDrain(() => outbox.drain());
    for (const [index, topic] of plan.topics.entries()) outbox.begin(topic, beginnings[index] ?? []);
    return leave;
  }

  changed(topic: Topic, event: unknown): void {
    if (event === undefined) {
      // No event, but something about the topic that may have to be told: that it is refused.
      for (const result of this.plan.step(topic)) this.#deliver(result);
    } else if (isFirst(event)) {
      // Not news but what is known, and this very moment no more than that: each has as much of it as it asked for.
      this.flush();
      for (const outbox of [...this.#outboxes.keys()])
        outbox.begin(topic, outbox.plan.current(topic, 'SUBSCRIBED'));
    } else {
      this.#index += 1;
      this.#happenings.push({ topic, event, index: this.#index });
      this.#turn.changed(this);
    }
  }

  flush(): void {
    const happenings = this.#happenings;
    this.#happenings = [];
    for (const happening of happenings) {
      this.#remember(happening);
      this.#deliver(this.plan.renderEvent(happening.event));
    }
  }

  close(): void {
    for (const outbox of [...this.#outboxes.keys()]) outbox.outlet.end();
  }

  #deliver(result: string): void {
    for (const [outbox, leave] of this.#outboxes) {
      if (outbox.deliver(result)) continue;
      leave();
      outbox.giveUp(this.#lastBefore(outbox));
    }
  }

  #remember(happening: Happening): void {
    const oldest = this.#recent.size === MAX_QUEUED + 1 ? this.#recent.at(0) : undefined;
    if (oldest !== undefined) this.#earlier.set(oldest.topic, oldest);
    this.#recent.push(happening);
  }

  /** Of each topic what a subscriber got last: where it began, or an event since, but for those that wait in vain. */
  #lastBefore(outbox: QueueOutbox): Iterable<unknown> {
    const last = new Map(outbox.beginnings);
    // The one that did not fit any more is the very last.
    const recent = this.#recent.last(this.#recent.size).slice(0, -(outbox.waiting + 1));
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
