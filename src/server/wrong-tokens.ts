import type { IncomingMessage } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { groupOf } from './connection-caps.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;
/** From the first delay to the longest. */
const DOUBLINGS = Math.ceil(Math.log2(LONGEST_DELAY_MS / FIRST_DELAY_MS));
/** An address that has sent nothing wrong for this long begins anew; half of it halves twice, and so on. */
const FORGOTTEN_MS = 60_000;
/** Addresses that are remembered; the one that has been good for longest is forgotten first. */
const MAX_ADDRESSES = 10_000;
/** Answers that wait at once; beyond them the answer is given at once. */
const MAX_DELAYED = 100;

/** Wrong access tokens: counted, told in the log, and answered the later the more of them an address has sent. */
export class WrongTokens {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #byAddress = new Map<string, { readonly doublings: number; readonly atMs: number }>();
  #delayed = 0;
  #count = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when a request with a wrong token may be answered. A right one has nothing to wait for. */
  seen({ socket }: Pick<IncomingMessage, 'socket'>): Promise<void> {
    const address = groupOf(socket.remoteAddress ?? '');
    this.#count += 1;
    this.#logger.warn({ address }, 'a wrong access token');
    const delayMs = this.#delayOf(address);
    if (this.#delayed >= MAX_DELAYED) return Promise.resolve();
    this.#delayed += 1;
    return new Promise(resolve => {
      this.#clock.after(delayMs, () => {
        this.#delayed -= 1;
        resolve();
      });
    });
  }

  #delayOf(address: string): number {
    const nowMs = this.#clock.monotonicMs();
    const last = this.#byAddress.get(address);
    const forgotten = last === undefined ? 0 : Math.floor(((nowMs - last.atMs) / FORGOTTEN_MS) * DOUBLINGS);
    const doublings =
      last === undefined ? 0 : Math.max(0, Math.min(DOUBLINGS, last.doublings + 1 - forgotten));
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { doublings, atMs: nowMs });
    if (this.#byAddress.size > MAX_ADDRESSES) {
      for (const oldest of this.#byAddress.keys()) {
        this.#byAddress.delete(oldest);
        break;
      }
    }
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** doublings);
  }
}
