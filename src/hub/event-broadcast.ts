import type { Cancel } from '../lib/clock.ts';
import { Ring } from '../lib/ring.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { MAX_QUEUED, QueueOutbox } from './outbox.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import type { Topic } from './topics.ts';
import type { Turn } from './turn.ts';

/** An event, and the topic that it is of. */
interface Happening {
  readonly topic: Topic;
  readonly event: unknown;
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
  /** Of each topic the last event that is no longer among the recent. */
  readonly #earlier = new Map<Topic, unknown>();

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
    const outbox = new QueueOutbox(outlet, plan, this.#counters);
    const leave = () => void this.#outboxes.delete(outbox);
    this.#outboxes.set(outbox, leave);
    outlet.onDrain(() => outbox.drain());
    for (const topic of plan.topics) outbox.begin(topic);
    return leave;
  }

  changed(topic: Topic, event: unknown): void {
    if (event === undefined) return;
    this.#happenings.push({ topic, event });
    this.#turn.changed(this);
  }

  flush(): void {
    const happenings = this.#happenings;
    this.#happenings = [];
    for (const happening of happenings) {
      if (isFirst(happening.event)) {
        // Not news but what is known: each subscriber has as much of it as it asked for.
        for (const outbox of [...this.#outboxes.keys()]) outbox.begin(happening.topic);
        continue;
      }
      this.#remember(happening);
      const result = this.plan.renderEvent(happening.event);
      for (const [outbox, leave] of this.#outboxes) {
        if (outbox.deliver(result)) continue;
        leave();
        outbox.giveUp(this.#lastBefore(outbox.waiting));
      }
    }
  }

  close(): void {
    for (const outbox of [...this.#outboxes.keys()]) outbox.outlet.end();
  }

  #remember(happening: Happening): void {
    const oldest = this.#recent.size === MAX_QUEUED + 1 ? this.#recent.at(0) : undefined;
    if (oldest !== undefined) this.#earlier.set(oldest.topic, oldest.event);
    this.#recent.push(happening);
  }

  /** Of each topic the last event before the latest `count`, which wait in vain. */
  #lastBefore(count: number): Iterable<unknown> {
    const last = new Map(this.#earlier);
    // The one that did not fit any more is the very last.
    for (const { topic, event } of this.#recent.last(this.#recent.size).slice(0, -(count + 1)))
      last.set(topic, event);
    return last.values();
  }
}

/** Whether a value is what a topic begins with: the hub's clients say so by a member of this name. */
function isFirst(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'first' in event && event.first === true;
}
