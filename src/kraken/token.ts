import type { Cancel, Clock } from '../lib/clock.ts';
import { isFinal, RestError, retryDelayMs } from './rest-error.ts';

/** Where WebSocket tokens come from: signed REST, or whoever else has the key. */
export type TokenSource = () => Promise<string>;

export interface TokenHandlers {
  /** A token is there. */
  available(): void;
  /** There is none. `permanent`: asking again would not help, and it is not done. */
  failed(error: Error, permanent: boolean): void;
}

/**
 * The token that private subscriptions carry: one request at a time, a new one for each connection, and a newer one
 * before it grows old.
 *
 * @see https://docs.kraken.com/api/docs/rest-api/get-websockets-token
 */
export class TokenKeeper {
  readonly #source: TokenSource;
  readonly #refreshMs: number;
  readonly #handlers: TokenHandlers;
  readonly #clock: Clock;
  #value: string | undefined;
  #obtainedMs: number | undefined;
  /** Numbers the requests: the answer to one that is no longer wanted is not taken. */
  #generation = 0;
  #requesting = false;
  #failures = 0;
  /** Kraken named a time before which it must not be asked again; that holds for every connection. */
  #notBeforeMs = 0;
  #cancelTimer: Cancel | undefined;

  constructor(source: TokenSource, refreshMs: number, handlers: TokenHandlers, clock: Clock) {
    this.#source = source;
    this.#refreshMs = refreshMs;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  get value(): string | undefined {
    return this.#value;
  }

  /** Since when the present token is held, in milliseconds; undefined without one. */
  get ageMs(): number | undefined {
    return this.#obtainedMs === undefined ? undefined : this.#clock.monotonicMs() - this.#obtainedMs;
  }

  /** The present token, if any, is not to be used again: fetches another. While one is fetched already, nothing more. */
  renew(): void {
    this.#value = undefined;
    this.#obtainedMs = undefined;
    if (!this.#requesting) this.#request();
  }

  /** Nobody needs a token for now. */
  stop(): void {
    this.#generation += 1;
    this.#requesting = false;
    this.#failures = 0;
    this.#value = undefined;
    this.#obtainedMs = undefined;
    this.#cancelTimer?.();
  }

  #request(): void {
    this.#cancelTimer?.();
    const waitMs = this.#notBeforeMs - this.#clock.monotonicMs();
    if (waitMs > 0) {
      this.#cancelTimer = this.#clock.after(waitMs, () => this.#request());
      return;
    }
    this.#requesting = true;
    const generation = ++this.#generation;
    const settled = (settle: () => void): void => {
      if (generation !== this.#generation) return;
      this.#requesting = false;
      settle();
    };
    this.#source().then(
      token => settled(() => this.#obtained(token)),
      (error: unknown) => settled(() => this.#failed(error)),
    );
  }

  #obtained(token: string): void {
    this.#failures = 0;
    this.#value = token;
    this.#obtainedMs = this.#clock.monotonicMs();
    // The present one serves until its successor is there.
    this.#cancelTimer = this.#clock.after(this.#refreshMs, () => this.#request());
    this.#handlers.available();
  }

  #failed(error: unknown): void {
    const permanent = isFinal(error);
    if (!permanent) {
      const delayMs = retryDelayMs(error, this.#failures, this.#clock.random());
      const leastMs = error instanceof RestError ? error.retryAfterMs : 0;
      this.#notBeforeMs = this.#clock.monotonicMs() + leastMs;
      this.#failures += 1;
      this.#cancelTimer = this.#clock.after(delayMs, () => this.#request());
    }
    this.#handlers.failed(error instanceof Error ? error : new Error(String(error)), permanent);
  }
}
