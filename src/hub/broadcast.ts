import type { Cancel, Clock } from '../lib/clock.ts';
import { LatestOutbox, QueueOutbox } from './outbox.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import type { Topic } from './topics.ts';
import type { Flushable, Turn } from './turn.ts';

/** What one distinct subscription is, as the layer that speaks GraphQL describes it. */
export interface BroadcastPlan {
  /** Equal keys get equal results: normalised document, operation, coerced variables and grant. */
  readonly key: string;
  /** What it reads. */
  readonly topics: readonly Topic[];
  /** `latest`: only the newest value of each topic matters. `every`: each event does. */
  readonly delivery: 'latest' | 'every';
  /** Least time between two results for one topic; 0 for none. */
  readonly minIntervalMs: number;
  /** Produce a result at every interval, whether or not a topic was reported as changed. */
  readonly byTheClock: boolean;
  /** Executes and serialises for the topic as it is now; undefined while it has no value. */
  render(topic: Topic): string | undefined;
  /** Executes and serialises for one event. */
  renderEvent(event: unknown): string;
  /** What a newcomer gets at once, already serialised. */
  current(): readonly string[];
  /** The last result of a subscriber that was too slow. */
  renderSlowConsumer(): string;
}

export interface BroadcastEnvironment {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly counters: DeliveryCounters;
}

/** One distinct subscription: executed and serialised once for all its subscribers. */
export interface Broadcast extends Flushable {
  readonly plan: BroadcastPlan;
  readonly size: number;
  /** Gives the newcomer what is current, and from then on what comes. Returns how it leaves. */
  join(outlet: Outlet): Cancel;
  /** A topic of the plan changed; `event` says what happened where events matter. */
  changed(topic: Topic, event?: unknown): void;
  /** Completes every subscriber's operation. */
  close(): void;
}

export function createBroadcast(plan: BroadcastPlan, environment: BroadcastEnvironment): Broadcast {
  return plan.delivery === 'latest'
    ? new LatestBroadcast(plan, environment)
    : new EventBroadcast(plan, environment);
}

/** State topics: what changed since the last flush is executed once, as it is at the flush. */
class LatestBroadcast implements Broadcast {
  readonly plan: BroadcastPlan;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #counters: DeliveryCounters;
  readonly #outboxes = new Set<LatestOutbox>();
  /** Those of the above that are not up to date. */
  readonly #behind = new Set<LatestOutbox>();
  /** Topics changed since the last flush, each with the number of its latest change. */
  readonly #pending = new Map<Topic, number>();
  #mark = 0;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  /** Results of the flush under way. */
  readonly #results = new Map<Topic, string | undefined>();
  #wake: { readonly dueMs: number; readonly cancel: Cancel } | undefined;
  #cancelTick: Cancel | undefined;

  constructor(plan: BroadcastPlan, { clock, turn, counters }: BroadcastEnvironment) {
    this.plan = plan;
    this.#clock = clock;
    this.#turn = turn;
    this.#counters = counters;
    if (plan.byTheClock) this.#tickLater();
  }

  get size(): number {
    return this.#outboxes.size;
  }

  join(outlet: Outlet): Cancel {
    const results = this.plan.current();
    for (const result of results) outlet.send(result);
    this.#counters.delivered += results.length;
    const nowMs = this.#clock.monotonicMs();
    // A value that was just sent opens an interval of its own; without one the first may come at once.
    const notBeforeMs = results.length > 0 ? nowMs + this.plan.minIntervalMs : nowMs;
    const outbox = new LatestOutbox(outlet, this.#counters, this.#mark, notBeforeMs);
    this.#outboxes.add(outbox);
    this.#behind.add(outbox);
    outlet.onDrain(() => this.#turn.changed(this));
    return () => {
      this.#outboxes.delete(outbox);
      this.#behind.delete(outbox);
      if (this.#outboxes.size === 0) this.#stopTimers();
    };
  }

  changed(topic: Topic): void {
    this.#mark += 1;
    if (this.#pending.has(topic)) this.#counters.conflated += this.#outboxes.size;
    this.#pending.set(topic, this.#mark);
    this.#turn.changed(this);
  }

  flush(): void {
    if (this.#outboxes.size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    const dueMs = this.#lastFlushMs + this.plan.minIntervalMs;
    if (nowMs < dueMs) {
      this.#wakeAt(dueMs, nowMs);
      return;
    }
    if (this.#pending.size > 0) this.#deliverPending(nowMs);
    // Only together with a flush: whoever catches up in between would get the next one too soon.
    if (this.#behind.size > 0) this.#catchUp(nowMs);
    this.#results.clear();
  }

  close(): void {
    this.#stopTimers();
    for (const outbox of [...this.#outboxes]) outbox.outlet.end();
  }

  #deliverPending(nowMs: number): void {
    this.#lastFlushMs = nowMs;
    for (const [topic, mark] of this.#pending) {
      const result = this.#render(topic);
      if (result === undefined) continue;
      for (const outbox of this.#outboxes) {
        if (outbox.upToDate && !outbox.outlet.congested) {
          outbox.outlet.send(result);
          this.#counters.delivered += 1;
        } else {
          outbox.miss(topic, mark);
          this.#behind.add(outbox);
        }
      }
    }
    this.#pending.clear();
  }

  /** Brings those up to date that may be, and plans to come back for those that may be later. */
  #catchUp(nowMs: number): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const outbox of this.#behind) {
      // A congested reader tells when it can take more.
      if (outbox.outlet.congested) continue;
      if (outbox.notBeforeMs > nowMs) {
        if (outbox.hasMissed) nextMs = Math.min(nextMs, outbox.notBeforeMs);
        continue;
      }
      this.#behind.delete(outbox);
      for (const topic of outbox.takeMissed()) {
        const result = this.#render(topic);
        if (result === undefined) continue;
        this.#lastFlushMs = nowMs;
        outbox.outlet.send(result);
        this.#counters.delivered += 1;
      }
    }
    if (Number.isFinite(nextMs)) this.#wakeAt(nextMs, nowMs);
  }

  /** One execution a topic and flush, whoever gets it. */
  #render(topic: Topic): string | undefined {
    if (!this.#results.has(topic)) this.#results.set(topic, this.plan.render(topic));
    return this.#results.get(topic);
  }

  #wakeAt(dueMs: number, nowMs: number): void {
    if (this.#wake !== undefined && this.#wake.dueMs <= dueMs) return;
    this.#wake?.cancel();
    const cancel = this.#clock.after(dueMs - nowMs, () => {
      this.#wake = undefined;
      this.#turn.changed(this);
    });
    this.#wake = { dueMs, cancel };
  }

  #tickLater(): void {
    this.#cancelTick = this.#clock.after(this.plan.minIntervalMs, () => {
      for (const topic of this.plan.topics) this.changed(topic);
      this.#tickLater();
    });
  }

  #stopTimers(): void {
    this.#cancelTick?.();
    this.#wake?.cancel();
    this.#wake = undefined;
  }
}

/** Event topics: each event is executed once and delivered to everyone who had joined before it. */
class EventBroadcast implements Broadcast {
  readonly plan: BroadcastPlan;
  readonly #turn: Turn;
  readonly #counters: DeliveryCounters;
  readonly #outboxes = new Map<QueueOutbox, Cancel>();
  /** Events of the turn under way; a turn brings what one read from the socket holds, and no more. */
  #events: unknown[] = [];

  constructor(plan: BroadcastPlan, { turn, counters }: BroadcastEnvironment) {
    this.plan = plan;
    this.#turn = turn;
    this.#counters = counters;
  }

  get size(): number {
    return this.#outboxes.size;
  }

  join(outlet: Outlet): Cancel {
    // What happened in this turn belongs to the subscribers so far; the newcomer's first values include it.
    this.flush();
    const results = this.plan.current();
    for (const result of results) outlet.send(result);
    this.#counters.delivered += results.length;
    const outbox = new QueueOutbox(outlet, this.#counters);
    const leave = () => void this.#outboxes.delete(outbox);
    this.#outboxes.set(outbox, leave);
    outlet.onDrain(() => outbox.drain());
    return leave;
  }

  changed(_topic: Topic, event: unknown): void {
    this.#events.push(event);
    this.#turn.changed(this);
  }

  flush(): void {
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      const result = this.plan.renderEvent(event);
      for (const [outbox, leave] of this.#outboxes) {
        if (outbox.deliver(result)) continue;
        leave();
        outbox.giveUp();
        outbox.outlet.send(this.plan.renderSlowConsumer());
        outbox.outlet.end();
      }
    }
  }

  close(): void {
    for (const outbox of [...this.#outboxes.keys()]) outbox.outlet.end();
  }
}
