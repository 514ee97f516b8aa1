import type { Clock } from '../lib/clock.ts';
import { FairLine } from '../lib/fair-line.ts';
import {
  isObject,
  JsonSyntaxError,
  type LosslessJson,
  type LosslessObject,
  parseLossless,
} from '../lib/lossless-json.ts';
import { TokenBucket } from '../lib/token-bucket.ts';
import { RestError, RestQueueFull, readRetryAfter, refusedByKraken } from './rest-error.ts';
import { signature } from './signature.ts';

export interface RestOptions {
  /** `https://api.kraken.com` */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** base64 */
  readonly apiSecret?: string | undefined;
  /** Public calls a second. Kraken counts them by address. */
  readonly ratePerSecond: number;
  readonly timeoutMs: number;
}

/** Statuses whose `Retry-After` counts. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
/** Public calls that may leave at once before the rate applies. */
const BURST = 5;
/** Public calls that may wait for their turn, and those of one client; more are refused. */
const MAX_WAITING = 1_000;
const MAX_WAITING_EACH = 10;
/** Private calls that may wait. */
const MAX_PRIVATE_WAITING = 100;

/** Whose call it is, and how pressing. */
export interface Asker {
  /** `urgent` goes before all that wait: a gap in what streams, before someone's history. */
  readonly urgency?: 'urgent' | 'patient';
  /** Clients take turns. Undefined for this process itself. */
  readonly client?: string | undefined;
}

/** Microseconds. */
const FIRST_NONCE_STEP = 60_000_000;
const NONCE_STEP_FACTOR = 8;

/**
 * Kraken's REST API: public calls at a bounded rate, private calls signed, one at a time, with a nonce that only
 * rises. Results keep their digits.
 *
 * @see https://docs.kraken.com/api/docs/rest-api
 */
export class RestClient {
  readonly #options: RestOptions;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #public = line('public', MAX_WAITING, MAX_WAITING_EACH);
  readonly #private = line('private', MAX_PRIVATE_WAITING, MAX_PRIVATE_WAITING);
  #calls = 0;
  #lastNonce = 0;
  #nonceStep = FIRST_NONCE_STEP / NONCE_STEP_FACTOR;

  constructor(options: RestOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#bucket = new TokenBucket(options.ratePerSecond, BURST, clock.monotonicMs());
  }

  /** Whether private calls can be signed. */
  get hasKey(): boolean {
    return this.#options.apiKey !== undefined && this.#options.apiSecret !== undefined;
  }

  /**
   * Equal calls that wait at the same time are one.
   *
   * @throws {RestError}
   */
  get(
    method: string,
    parameters: Readonly<Record<string, string>>,
    { urgency = 'patient', client }: Asker = {},
  ): Promise<LosslessObject> {
    const path = `/0/public/${method}?${new URLSearchParams(parameters)}`;
    const call = async (): Promise<LosslessObject> => {
      for (;;) {
        const waitMs = this.#bucket.take(this.#clock.monotonicMs());
        if (waitMs === 0) break;
        await new Promise<void>(resolve => this.#clock.after(waitMs, resolve));
      }
      return this.#call(path, { method: 'GET' });
    };
    return this.#public.enter(path, call, { client, urgent: urgency === 'urgent' });
  }

  /** @throws {RestError} */
  post(method: string, parameters: Readonly<Record<string, string>> = {}): Promise<LosslessObject> {
    this.#calls += 1;
    return this.#private.enter(String(this.#calls), async () => {
      const { apiKey, apiSecret } = this.#options;
      if (apiKey === undefined || apiSecret === undefined)
        throw new RestError('no API key is configured', false);
      const path = `/0/private/${method}`;
      const nonce = this.#nonce();
      const body = String(new URLSearchParams({ nonce, ...parameters }));
      try {
        return await this.#call(path, {
          method: 'POST',
          body,
          headers: {
            'API-Key': apiKey,
            'API-Sign': signature(apiSecret, path, nonce, body),
            'Content-Type': 'application/x-www-form-urlencoded',
          },
        });
      } catch (error) {
        if (/^EAPI:Invalid nonce/.test((error as Error).message)) this.#raiseNonce();
        throw error;
      }
    });
  }

  /** Microseconds, and above every one before even if the clock steps back. */
  #nonce(): string {
    this.#lastNonce = Math.max(this.#lastNonce + 1, this.#clock.now() * 1_000);
    return String(this.#lastNonce);
  }

  /**
   * Kraken has seen a higher nonce: an earlier run of this server had a clock that was ahead. The next one is higher by a
   * minute, then by eight, and so on, until it is above that.
   */
  #raiseNonce(): void {
    this.#nonceStep *= NONCE_STEP_FACTOR;
    this.#lastNonce += this.#nonceStep;
  }

  async #call(path: string, request: RequestInit): Promise<LosslessObject> {
    const abort = new AbortController();
    const { timeoutMs } = this.#options;
    const cancel = this.#clock.after(timeoutMs, () =>
      abort.abort(new Error(`no answer for ${timeoutMs} ms`)),
    );
    try {
      const response = await fetch(this.#options.url + path, {
        ...request,
        headers: { 'User-Agent': 'kraken-graphql', ...request.headers },
        signal: abort.signal,
      });
      const now = this.#clock.now();
      const retryAfterMs = BUSY.has(response.status)
        ? readRetryAfter(response.headers.get('retry-after'), now)
        : 0;
      return readEnvelope(response.status, await response.text(), now, retryAfterMs);
    } catch (error) {
      if (error instanceof RestError) throw error;
      throw new RestError(`REST API not reached: ${reasonOf(error)}`, true, 0, { cause: error });
    } finally {
      cancel();
    }
  }
}

/**
 * `{"error": [...], "result": {...}}`, or whatever a proxy on the way had to say. Only Kraken's own words can be final:
 * a page of somebody else passes, whatever its status.
 */
function readEnvelope(status: number, text: string, now: number, retryAfterMs: number): LosslessObject {
  let envelope: LosslessJson;
  try {
    envelope = parseLossless(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new RestError(`HTTP ${status} without JSON`, true, retryAfterMs, { cause: error });
  }
  if (!isObject(envelope)) throw new RestError(`HTTP ${status} with an unknown answer`, true, retryAfterMs);
  const listed = Array.isArray(envelope['error']) ? envelope['error'] : [];
  // An entry that begins with W is a warning.
  const errors = listed.filter(entry => typeof entry === 'string').filter(entry => !entry.startsWith('W'));
  if (errors.length > 0) throw refusedByKraken(errors, now, retryAfterMs);
  const { result } = envelope;
  if (isObject(result)) return result;
  throw new RestError(`HTTP ${status} without a result`, true, retryAfterMs);
}

/** Calls one after the other: the next leaves when the last is answered. */
function line(kind: string, waiting: number, waitingEach: number): FairLine<LosslessObject> {
  const full = (allowed: number): Error => new RestQueueFull(kind, allowed);
  return new FairLine({ atOnce: 1, atOnceEach: 1, waiting, waitingEach, full });
}

/** What `fetch` says is "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const reason = cause ?? error;
  return reason instanceof Error ? reason.message || reason.name : String(reason);
}
