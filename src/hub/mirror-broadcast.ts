import type { Cancel } from '../lib/clock.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { type DeliveryCounters, endAll, type Outlet } from './outlet.ts';
import type { Topic } from './topics.ts';
import { flushAlone, type Turn } from './turn.ts';

/** One subscriber; while it keeps up it has no state of its own. */
interface Reader {
  readonly outlet: Outlet;
  /** Topics of which it missed a step; undefined while it keeps up. */
  behind: Set<Topic> | undefined;
}

/**
 * Mirrors: each step from one state to the next is executed once, for everyone who has the state before it. Whoever is
 * too slow for one gets no more of that topic until it drains, and then begins anew. Bounded by the number of topics.
 */
export class MirrorBroadcast implements Broadcast {
  readonly plan: BroadcastPlan;
  readonly #turn: Turn;
  readonly #counters: DeliveryCounters;
  readonly #readers = new Set<Reader>();
  readonly #changed = new Set<Topic>();
  /** Readers that have drained, and are to begin anew at the end of the turn. */
  readonly #drained = new Set<Reader>();

  constructor(plan: BroadcastPlan, { turn, counters }: BroadcastEnvironment) {
    this.plan = plan;
    this.#turn = turn;
    this.#counters = counters;
    // What is known already is the state from which it starts.
    for (const topic of plan.topics) plan.step(topic);
  }

  get size(): number {
    return this.#readers.size;
  }

  join(outlet: Outlet): Cancel {
    // What happened in this turn belongs to the readers so far; the newcomer's snapshot includes it.
    flushAlone(this);
    const reader: Reader = { outlet, behind: undefined };
    this.#readers.add(reader);
    for (const topic of this.plan.topics) this.#begin(reader, topic, 'SUBSCRIBED');
    outlet.onDrain(() => {
      if (reader.behind === undefined) return;
      this.#drained.add(reader);
      this.#turn.changed(this);
    });
    return () => {
      this.#readers.delete(reader);
      this.#drained.delete(reader);
    };
  }

  changed(topic: Topic): void {
    this.#changed.add(topic);
    this.#turn.changed(this);
  }

  flush(): void {
    for (const topic of this.#changed) this.#step(topic);
    this.#changed.clear();
    for (const reader of this.#drained) {
      if (reader.outlet.congested) continue;
      const topics = reader.behind ?? [];
      reader.behind = undefined;
      for (const topic of topics) this.#begin(reader, topic, 'SLOW_CONSUMER');
    }
    this.#drained.clear();
  }

  failed(error: unknown): void {
    this.#changed.clear();
    this.#drained.clear();
    endAll(
      [...this.#readers].map(({ outlet }) => outlet),
      this.plan.renderFailure(error),
    );
  }

  #step(topic: Topic): void {
    const results = this.plan.step(topic);
    if (results.length === 0) return;
    for (const reader of this.#readers) {
      if (reader.behind?.has(topic)) {
        this.#counters.conflated += results.length;
      } else if (reader.outlet.congested) {
        this.#counters.slowConsumers += reader.behind === undefined ? 1 : 0;
        this.#counters.conflated += results.length;
        reader.behind ??= new Set();
        reader.behind.add(topic);
      } else {
        reader.outlet.send(results);
        this.#counters.delivered += results.length;
      }
    }
  }

  #begin(reader: Reader, topic: Topic, reason: 'SUBSCRIBED' | 'SLOW_CONSUMER'): void {
    const results = this.plan.current(topic, reason);
    reader.outlet.send(results);
    this.#counters.delivered += results.length;
  }
}
