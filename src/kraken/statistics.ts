import { EventRate } from '../lib/event-rate.ts';

/** What came in on one channel. */
export interface ChannelStatistics {
  readonly channel: string;
  readonly total: number;
  readonly errors: number;
  /** Over the last ten seconds. */
  readonly ratePerSecond: number;
  /** Wall-clock time of the last message. */
  readonly lastMessageAt: number | undefined;
}

/** What came in at all. */
export interface MessageStatistics {
  readonly total: number;
  readonly errors: number;
  readonly ratePerSecond: number;
  readonly channels: readonly ChannelStatistics[];
}

interface Counter {
  readonly rate: EventRate;
  errors: number;
  lastMessageAt: number | undefined;
}

/** Frames are named by whoever sends them: unknown channels share one counter, so that names can not pile up. */
const OTHER = 'other';
const MAX_CHANNELS = 32;

/** Counts upstream frames by channel. Answers to requests count as the channel `method`. */
export class MessageCounters {
  readonly #all: Counter;
  readonly #channels = new Map<string, Counter>();

  constructor(nowMs: number) {
    this.#all = { rate: new EventRate(nowMs), errors: 0, lastMessageAt: undefined };
  }

  /** @param receivedAt wall-clock milliseconds */
  message(channel: string, receivedAt: number): void {
    this.#all.rate.count(receivedAt);
    const counter = this.#channel(channel, receivedAt);
    counter.rate.count(receivedAt);
    counter.lastMessageAt = receivedAt;
  }

  error(channel: string | undefined, receivedAt: number): void {
    this.message(channel ?? OTHER, receivedAt);
    this.#all.errors += 1;
    this.#channel(channel ?? OTHER, receivedAt).errors += 1;
  }

  /** A message that was counted turned out to be wrong. */
  failure(channel: string): void {
    this.#all.errors += 1;
    const counter = this.#channels.get(channel);
    if (counter !== undefined) counter.errors += 1;
  }

  snapshot(nowMs: number): MessageStatistics {
    return {
      total: this.#all.rate.total,
      errors: this.#all.errors,
      ratePerSecond: this.#all.rate.perSecond(nowMs),
      channels: [...this.#channels].map(([channel, counter]) => ({
        channel,
        total: counter.rate.total,
        errors: counter.errors,
        ratePerSecond: counter.rate.perSecond(nowMs),
        lastMessageAt: counter.lastMessageAt,
      })),
    };
  }

  #channel(name: string, nowMs: number): Counter {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    if (this.#channels.size >= MAX_CHANNELS && name !== OTHER) return this.#channel(OTHER, nowMs);
    const counter = { rate: new EventRate(nowMs), errors: 0, lastMessageAt: undefined };
    this.#channels.set(name, counter);
    return counter;
  }
}
