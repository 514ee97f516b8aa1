import type { Clock } from '../lib/clock.ts';

/** Something that collects during an event-loop turn and acts once at its end. */
export interface Flushable {
  flush(): void;
}

/** After a flush nothing is flushed for this many times as long as it took, */
const REST_PER_WORK = 5;
/** but for no longer than this. */
const LONGEST_REST_MS = 10;

/**
 * The end of an event-loop turn: first every changed broadcast produces its results, then every socket that
 * got some writes them in one go. Each is listed once however often it is touched.
 *
 * A flush costs what its writes cost, however little each of them carries. So the next one waits in proportion to what
 * the last one took: with few subscribers that is nothing, with thousands of them milliseconds in which results gather.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  readonly #broadcasts = new Set<Flushable>();
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
    this.#broadcasts.add(broadcast);
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
      for (const broadcast of this.#broadcasts) {
        // Before the flush: what it touches again comes again, and what throws does not come back for ever.
        this.#broadcasts.delete(broadcast);
        broadcast.flush();
      }
      while (written < this.#writers.length) {
        written += 1;
        this.#writers[written - 1]?.flush();
      }
      this.#onEnd();
    } finally {
      this.#writers.splice(0, written);
      const endMs = this.#clock.monotonicMs();
      const tookMs = endMs - startMs;
      // The shorter of two: what held up one of them, a collection of garbage or another process, is no work.
      const workMs = Math.min(tookMs, this.#tookMs);
      this.#tookMs = tookMs;
      this.#notBeforeMs = endMs + Math.min(LONGEST_REST_MS, workMs * REST_PER_WORK);
      this.#scheduled = false;
      if (this.#broadcasts.size > 0 || this.#writers.length > 0) this.#schedule();
    }
  }
}
