import type { Cancel } from '../lib/clock.ts';
import { type CodedError, limitExceeded } from '../lib/coded-error.ts';
import { type Topic, topicName, weightOf } from './topics.ts';

interface Held {
  readonly weight: number;
  holders: number;
}

/** What one client's connection holds of what all clients share. */
export interface ShareLimits {
  /** Upstream subscriptions, by {@link weightOf}. */
  readonly upstream: number;
  /** Bytes of the documents of its subscriptions. */
  readonly documentBytes: number;
}

/** What one connection holds: the same topic counts once, however many of its subscriptions read it. */
export class Share {
  readonly #limits: ShareLimits;
  readonly #held = new Map<string, Held>();
  #weight = 0;
  #documentBytes = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /**
   * Holds topics, and the document that reads them.
   *
   * @returns how to let go of them; calling it twice does nothing
   * @throws {CodedError} `LIMIT_EXCEEDED`; then nothing is held
   */
  hold(topics: readonly Topic[], documentBytes = 0): Cancel {
    const names = new Map(topics.map(topic => [topicName(topic), weightOf(topic)]));
    let more = 0;
    for (const [name, weight] of names) if (!this.#held.has(name)) more += weight;
    const { upstream, documentBytes: bytes } = this.#limits;
    if (this.#weight + more > upstream) throw beyond('upstream subscriptions', upstream);
    if (this.#documentBytes + documentBytes > bytes) throw beyond('bytes of documents', bytes);
    this.#documentBytes += documentBytes;
    for (const [name, weight] of names) this.#retain(name, weight);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#documentBytes -= documentBytes;
      for (const name of names.keys()) this.#release(name);
    };
  }

  #retain(name: string, weight: number): void {
    const held = this.#held.get(name);
    if (held !== undefined) {
      held.holders += 1;
      return;
    }
    this.#held.set(name, { weight, holders: 1 });
    this.#weight += weight;
  }

  #release(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    held.holders -= 1;
    if (held.holders > 0) return;
    this.#held.delete(name);
    this.#weight -= held.weight;
  }
}

function beyond(limit: string, allowed: number): CodedError {
  return limitExceeded(`This connection holds too many ${limit}`, { limit, allowed, retryAfterMs: 1_000 });
}
