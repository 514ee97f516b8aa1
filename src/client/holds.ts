import type { RestClient } from '../kraken/rest.ts';
import { isFinal, retryDelayMs } from '../kraken/rest-error.ts';
import { type Hold, holdsOf } from '../kraken/rest-rows.ts';
import type { Asset } from '../kraken/symbols.ts';
import type { Cancel, Clock } from '../lib/clock.ts';

export interface HoldsHandlers {
  /** Undefined where what REST says of an asset makes no sense. */
  refreshed(holds: ReadonlyMap<Asset, Hold | undefined>): void;
  /** `permanent`: the key may not ask, and it is not asked again. */
  failed(error: Error, permanent: boolean): void;
  /** A handler threw. */
  fault(error: unknown): void;
}

/** What comes within this time of a trigger is served by the same request. */
const DEBOUNCE_MS = 500;

/** Keeps what open orders hold up to date: the socket does not tell it, REST's `BalanceEx` does when asked. */
export class Holds {
  readonly #rest: RestClient;
  readonly #handlers: HoldsHandlers;
  readonly #clock: Clock;
  #cancel: Cancel | undefined;
  #asking = false;
  #askAgain = false;
  #denied = false;
  #failures = 0;
  /** Rises when an answer under way is no longer wanted. */
  #generation = 0;

  constructor(rest: RestClient, handlers: HoldsHandlers, clock: Clock) {
    this.#rest = rest;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  /** Something happened that may have changed a hold. */
  refreshSoon(): void {
    if (this.#denied) return;
    // The answer under way may be from before.
    if (this.#asking) this.#askAgain = true;
    else this.#schedule(DEBOUNCE_MS);
  }

  /** A new connection: whoever was denied may have been given leave meanwhile. */
  resume(): void {
    this.#denied = false;
    this.refreshSoon();
  }

  stop(): void {
    this.#generation += 1;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#asking = false;
    this.#askAgain = false;
    this.#denied = false;
    this.#failures = 0;
  }

  #schedule(delayMs: number): void {
    if (this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#ask().catch((error: unknown) => {
        this.#asking = false;
        this.#handlers.fault(error);
      });
    });
  }

  async #ask(): Promise<void> {
    const generation = this.#generation;
    this.#asking = true;
    let refreshed: ReadonlyMap<Asset, Hold | undefined> | undefined;
    try {
      const holds = holdsOf(await this.#rest.post('BalanceEx'));
      if (generation !== this.#generation) return;
      this.#failures = 0;
      refreshed = holds;
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#onFailure(error instanceof Error ? error : new Error(String(error)));
    }
    this.#asking = false;
    if (this.#askAgain) {
      this.#askAgain = false;
      this.#schedule(DEBOUNCE_MS);
    }
    if (refreshed !== undefined) this.#handlers.refreshed(refreshed);
  }

  #onFailure(error: Error): void {
    this.#denied = isFinal(error);
    if (!this.#denied) {
      const delayMs = retryDelayMs(error, this.#failures, this.#clock.random());
      this.#failures += 1;
      this.#schedule(delayMs);
    }
    this.#handlers.failed(error, this.#denied);
  }
}
