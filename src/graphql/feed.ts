import type { Topic } from '../hub/topics.ts';
import { CodedError } from '../lib/coded-error.ts';

/**
 * What a subscription field reads. Fields return it from `subscribe`, where plain GraphQL has an async
 * iterable: the hub pushes, and one execution serves every subscriber.
 */
export interface Feed<Value> {
  readonly topics: readonly Topic[];
  readonly delivery: 'latest' | 'every';
  readonly minIntervalMs: number;
  readonly byTheClock: boolean;
  /** The field's value for a topic now; undefined for none yet, an error to report it in the field's place. */
  read(topic: Topic): Value | Error | undefined;
  /** What a newcomer gets at once. */
  current(): Iterable<Value | Error>;
}

/** State topics: a newcomer gets the value of each, then whatever changes. */
export function latestFeed<Value>(
  topics: readonly Topic[],
  maxRate: number | null | undefined,
  read: (topic: Topic) => Value | Error | undefined,
): Feed<Value> {
  return {
    topics,
    delivery: 'latest',
    minIntervalMs: intervalOf(maxRate),
    byTheClock: false,
    read,
    current: () => topics.map(read).filter(value => value !== undefined),
  };
}

/** A state that changes with time itself: read at every interval. */
export function clockFeed<Value>(topic: Topic, rate: number, read: () => Value): Feed<Value> {
  return {
    topics: [topic],
    delivery: 'latest',
    minIntervalMs: intervalOf(rate),
    byTheClock: true,
    read,
    current: () => [read()],
  };
}

/** Events: each is delivered; a newcomer gets `current` first. */
export function eventFeed<Value>(topics: readonly Topic[], current: () => Iterable<Value>): Feed<Value> {
  return { topics, delivery: 'every', minIntervalMs: 0, byTheClock: false, read: () => undefined, current };
}

/** Lets a feed stand where a schema builder wants an async iterable of what `resolve` gets. */
export function asSource<Value>(feed: Feed<Value>): AsyncIterable<Value | Error> {
  return feed as unknown as AsyncIterable<Value | Error>;
}

/** The `resolve` of every subscription field. */
export function unwrap<Value>(value: Value | Error): Value {
  if (value instanceof Error) throw value;
  return value;
}

/** Above this a rate is no limit: a turn of the event loop takes longer. */
const HIGHEST_RATE = 1_000;
/** A timer takes no more than 2^31 - 1 ms; nobody waits a day for a value. */
const LONGEST_INTERVAL_MS = 86_400_000;

/** @throws {CodedError} `BAD_USER_INPUT` */
function intervalOf(maxRate: number | null | undefined): number {
  if (maxRate === null || maxRate === undefined) return 0;
  if (!(maxRate > 0 && Number.isFinite(maxRate))) {
    throw new CodedError('BAD_USER_INPUT', `maxRate is a number of values a second above 0, not ${maxRate}`);
  }
  return maxRate >= HIGHEST_RATE ? 0 : Math.min(LONGEST_INTERVAL_MS, 1_000 / maxRate);
}
