import type { Cancel, Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until told otherwise; timers fire in order, each at its own time. */
export class ManualClock implements Clock {
  #ms = 0;
  readonly #startedAt: number;
  #timers: { atMs: number; order: number; callback: () => void }[] = [];
  #turn: (() => void)[] = [];
  #order = 0;
  /** What `random` returns. */
  dice = 0.5;

  constructor(startedAt = Date.UTC(2026, 9, 9)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  random(): number {
    return this.dice;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { atMs: this.#ms + delayMs, order: this.#order++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer);
    };
  }

  endOfTurn(callback: () => void): void {
    this.#turn.push(callback);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Ends the turn under way, and the turns that its callbacks begin. */
  turn(): void {
    while (this.#turn.length > 0) for (const callback of this.#turn.splice(0)) callback();
  }

  /** Lets time pass, ending a turn after each timer. */
  advance(ms: number): void {
    this.turn();
    const untilMs = this.#ms + ms;
    for (;;) {
      const [next] = this.#timers
        .filter(timer => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (next === undefined) break;
      this.#timers = this.#timers.filter(timer => timer !== next);
      this.#ms = Math.max(this.#ms, next.atMs);
      next.callback();
      this.turn();
    }
    this.#ms = untilMs;
  }
}
