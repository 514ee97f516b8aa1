import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** A part of the process that may fail without the rest. */
export type Compartment = 'broadcast' | 'socket' | 'operation' | 'request' | 'timer';

/**
 * Stops an error that no one foresaw where it happened: it ends one compartment, is counted, and is logged under an id.
 * Errors that are part of an answer ({@link CodedError}) never get here.
 */
export class Containment {
  readonly #logger: Logger;
  readonly #counts = new Map<Compartment, number>();

  /** @param logger one that does not repeat itself: hostile input may cause the same error at every request */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Errors contained since the start, by compartment. */
  get counts(): ReadonlyMap<Compartment, number> {
    return this.#counts;
  }

  /**
   * Counts and logs an error.
   *
   * @returns the id under which the log has it
   */
  contain(compartment: Compartment, error: unknown): string {
    const id = randomUUID();
    this.#counts.set(compartment, (this.#counts.get(compartment) ?? 0) + 1);
    this.#logger.error({ err: error, id, compartment }, 'unexpected error contained');
    return id;
  }

  /** The same function, except that what it throws is contained. */
  guard<Arguments extends unknown[]>(
    compartment: Compartment,
    run: (...args: Arguments) => void,
  ): (...args: Arguments) => void {
    return (...args) => {
      try {
        run(...args);
      } catch (error) {
        this.contain(compartment, error);
      }
    };
  }
}

/** A clock whose callbacks cannot end the process. */
export function containedClock(clock: Clock, containment: Containment): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    random: () => clock.random(),
    after: (delayMs, callback) => clock.after(delayMs, containment.guard('timer', callback)),
    endOfTurn: callback => clock.endOfTurn(containment.guard('timer', callback)),
  };
}
