type Read = () => number;

/** Two clocks that differ by more than this from one look to the next: one of them stood still, or was set. */
const JUMP_MS = 2_000;
/** A page that is not run at all for this long was frozen: it looks at its clock several times a second otherwise. */
const FROZEN_MS = 5_000;

/**
 * The page's time in milliseconds. It only goes forward, and it counts the time that the machine sleeps, which the browser's
 * monotonic clock may leave out. After a sleep, a freeze or a change of the clock, nothing that was heard before can be
 * taken for live: whoever listens is told.
 */
export class PageClock {
  readonly #monotonic: Read;
  readonly #wall: Read;
  readonly #listeners = new Set<() => void>();
  #asleepMs = 0;
  #lastMs: number;
  #lastWallMs: number;

  constructor(monotonic: Read, wall: Read) {
    this.#monotonic = monotonic;
    this.#wall = wall;
    this.#lastMs = monotonic();
    this.#lastWallMs = wall();
  }

  now(): number {
    this.check();
    return this.#lastMs + this.#asleepMs;
  }

  /** Compares both clocks with what they were at the last look. */
  check(): void {
    const [ms, wallMs] = [this.#monotonic(), this.#wall()];
    const passedMs = ms - this.#lastMs;
    const jumpMs = wallMs - this.#lastWallMs - passedMs;
    this.#lastMs = ms;
    this.#lastWallMs = wallMs;
    if (jumpMs > JUMP_MS) this.#asleepMs += jumpMs;
    if (Math.abs(jumpMs) > JUMP_MS || passedMs > FROZEN_MS) this.doubt();
  }

  /** What was heard until now may be old. */
  doubt(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Calls back at each doubt, until the returned function is called. */
  onDoubt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export const pageClock = new PageClock(
  () => performance.now(),
  () => Date.now(),
);
