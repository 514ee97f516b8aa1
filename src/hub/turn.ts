import type { Clock } from '../lib/clock.ts';

/** Something that collects during an event-loop turn and acts once at its end. */
export interface Flushable {
  flush(): void;
}

/**
 * The end of an event-loop turn: first every changed broadcast produces its results, then every socket that
 * got some writes them in one go. Each is listed once however often it is touched.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #broadcasts = new Set<Flushable>();
  readonly #writers = new Set<Flushable>();
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  changed(broadcast: Flushable): void {
    this.#broadcasts.add(broadcast);
    this.#schedule();
  }

  touched(writer: Flushable): void {
    this.#writers.add(writer);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => this.#end());
  }

  #end(): void {
    try {
      for (const broadcast of this.#broadcasts) {
        // Before the flush: what it touches again comes again, and what throws does not come back for ever.
        this.#broadcasts.delete(broadcast);
        broadcast.flush();
      }
      for (const writer of this.#writers) {
        this.#writers.delete(writer);
        writer.flush();
      }
    } finally {
      this.#scheduled = false;
      if (this.#broadcasts.size > 0 || this.#writers.size > 0) this.#schedule();
    }
  }
}
