import type { Clock } from '../lib/clock.ts';

/** Something that collects during an event-loop turn and acts once at its end. */
export interface Flushable {
  flush(): void;
  /** {@link flush} threw: this one ends, and the others of the turn go on. */
  failed(error: unknown): void;
}

/** After a flush nothing is flushed for this many times as long as it took, */
const REST_PER_WORK = 5;
/** but for no longer than this. */
const MAX_REST_MS = 10;
/** A broadcast whose flush took longer than this is heavy until one of its flushes is shorter. */
const HEAVY_MS = 1;
/** Heavy broadcasts share this much time of a turn; the others of them follow in the next one. */
const HEAVY_BUDGET_MS = 8;

/**
 * The end of an event-loop turn: first every changed broadcast produces its results, then every socket that
 * got some writes them in one go. Each is listed once however often it is touched.
 *
 * A flush costs what its writes cost, however little each of them carries. So the next one waits in proportion to what
 * the last one took: with few subscribers that is nothing, with thousands of them milliseconds in which results gather.
 *
 * Broadcasts that take long (deep books with many fields) come after all others and take turns among themselves, so that
 * they delay each other and no one else.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #light = new Set<Flushable>();
  readonly #heavy = new Set<Flushable>();
  /** Broadcasts that are heavy, whether they have changed or not. */
  readonly #slow = new WeakSet<Flushable>();
  /** Each once: a writer touches when it gets its first result. */
  readonly #writers: Flushable[] = [];
  #scheduled = false;
  /** What the last flush took. */
  #tookMs = Number.POSITIVE_INFINITY;
  /** Monotonic. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  /** @param onEnd called after every turn, when all of it is written */
  constructor(clock: Clock, onEnd: () => void = () => {}) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Whether something waits for the end of the turn. */
  get pending(): boolean {
    return this.#scheduled;
  }

  changed(broadcast: Flushable): void {
    (this.#slow.has(broadcast) ? this.#heavy : this.#light).add(broadcast);
    this.#schedule();
  }

  touched(writer: Flushable): void {
    this.#writers.push(writer);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const waitMs = this.#notBeforeMs - this.#clock.monotonicMs();
    if (waitMs < 1) this.#clock.endOfTurn(() => this.#end());
    else this.#clock.after(waitMs, () => this.#end());
  }

  #end(): void {
    const startMs = this.#clock.monotonicMs();
    let written = 0;
    try {
      const lightMs = this.#flushBroadcasts(this.#light, startMs, Number.POSITIVE_INFINITY);
      this.#flushBroadcasts(this.#heavy, lightMs, lightMs + HEAVY_BUDGET_MS);
      while (written < this.#writers.length) {
        written += 1;
        flushAlone(this.#writers[written - 1] as Flushable);
      }
      this.#onEnd();
    } finally {
      this.#writers.splice(0, written);
      const endMs = this.#clock.monotonicMs();
      const tookMs = endMs - startMs;
      // The shorter of two: what held up one of them, a collection of garbage or another process, is no work.
      const workMs = Math.min(tookMs, this.#tookMs);
      this.#tookMs = tookMs;
      this.#notBeforeMs = endMs + Math.min(MAX_REST_MS, workMs * REST_PER_WORK);
      this.#scheduled = false;
      if (this.#light.size > 0 || this.#heavy.size > 0 || this.#writers.length > 0) this.#schedule();
    }
  }

  /** Flushes until all are done or the time is over; returns when that was. */
  #flushBroadcasts(broadcasts: Set<Flushable>, startMs: number, untilMs: number): number {
    let nowMs = startMs;
    for (const broadcast of broadcasts) {
      if (nowMs >= untilMs) break;
      // Before the flush: what it touches again comes again, at the end of the line.
      broadcasts.delete(broadcast);
      flushAlone(broadcast);
      const endMs = this.#clock.monotonicMs();
      if (endMs - nowMs > HEAVY_MS) this.#slow.add(broadcast);
      else this.#slow.delete(broadcast);
      nowMs = endMs;
    }
    return nowMs;
  }
}

/** Flushes one; what it throws ends it alone. */
export function flushAlone(one: Flushable): void {
  try {
    one.flush();
  } catch (error) {
    one.failed(error);
  }
}
