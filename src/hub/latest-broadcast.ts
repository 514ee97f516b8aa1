import type { Cancel, Clock } from '../lib/clock.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { LatestOutbox } from './outbox.ts';
import { type DeliveryCounters, endAll, type Outlet } from './outlet.ts';
import type { Result } from './result.ts';
import type { Topic } from './topics.ts';
import type { Turn } from './turn.ts';

/** State topics: what changed since the last flush is executed once, as it is at the flush. */
export class LatestBroadcast implements Broadcast {
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
  readonly #results = new Map<Topic, readonly Result[]>();
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

  join(outlet: Outlet, plan: BroadcastPlan): Cancel {
    const results = plan.topics.flatMap(topic => plan.current(topic, 'SUBSCRIBED'));
    outlet.send(results);
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

  failed(error: unknown): void {
    this.#stopTimers();
    endAll(
      [...this.#outboxes].map(({ outlet }) => outlet),
      this.plan.renderFailure(error),
    );
  }

  #deliverPending(nowMs: number): void {
    this.#lastFlushMs = nowMs;
    for (const [topic, mark] of this.#pending) {
      const results = this.#render(topic);
      if (results.length === 0) continue;
      for (const outbox of this.#outboxes) {
        if (outbox.upToDate && !outbox.outlet.congested) {
          outbox.outlet.send(results);
          this.#counters.delivered += results.length;
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
        const results = this.#render(topic);
        if (results.length === 0) continue;
        this.#lastFlushMs = nowMs;
        outbox.outlet.send(results);
        this.#counters.delivered += results.length;
      }
    }
    if (Number.isFinite(nextMs)) this.#wakeAt(nextMs, nowMs);
  }

  /** One execution a topic and flush, whoever gets it. */
  #render(topic: Topic): readonly Result[] {
    let results = this.#results.get(topic);
    if (results === undefined) {
      results = this.plan.render(topic);
      this.#results.set(topic, results);
    }
    return results;
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
