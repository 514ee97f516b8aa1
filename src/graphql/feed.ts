import type { Topic } from '../hub/topics.ts';
import { CodedError } from '../lib/coded-error.ts';

/**
 * What a subscription field reads. Fields return it from `subscribe`, where plain GraphQL has an async
 * iterable: the hub pushes, and one execution serves every subscriber. A value may be an error, which is then reported
 * in the field's place.
 */
export interface Feed<Value> {
  readonly topics: readonly Topic[];
  readonly delivery: 'latest' | 'every' | 'mirror';
  readonly minIntervalMs: number;
  readonly byTheClock: boolean;
  /** Of state: the values of a topic now, as a rule one; none while there is none. */
  read(topic: Topic): readonly (Value | Error)[];
  /** Of a mirror: what happened to a topic since the last step. Of events: what else there is to say, a refusal. */
  step(topic: Topic): readonly (Value | Error)[];
  /** Of events: where a topic stands, in the form of an event. */
  standing(topic: Topic): unknown;
  /** What a newcomer gets at once of a topic. */
  current(topic: Topic, reason: 'SUBSCRIBED' | 'SLOW_CONSUMER'): readonly (Value | Error)[];
  /** What goes with the error of a subscriber that was too slow, after these events. */
  slowConsumer(events: Iterable<unknown>): Readonly<Record<string, unknown>>;
  /**
   * What has to be fetched before `current` can be asked; undefined if nothing has. Waits as long as it takes, or until
   * whoever asked has gone.
   */
  prepare(gone: AbortSignal): Promise<void> | undefined;
}

const QUIET: Omit<Feed<never>, 'topics' | 'delivery'> = {
  minIntervalMs: 0,
  byTheClock: false,
  read: () => [],
  step: () => [],
  standing: () => undefined,
  current: () => [],
  slowConsumer: () => ({}),
  prepare: () => undefined,
};

/** State topics: a newcomer gets the value of each, then whatever changes. */
export function latestFeed<Value>(
  topics: readonly Topic[],
  maxRate: number | null | undefined,
  read: (topic: Topic) => readonly (Value | Error)[],
  current: (topic: Topic) => readonly (Value | Error)[] = read,
): Feed<Value> {
  return { ...QUIET, topics, delivery: 'latest', minIntervalMs: intervalOf(maxRate), read, current };
}

/** A state that changes with time itself: read at every interval. */
export function clockFeed<Value>(topic: Topic, rate: number, read: () => Value): Feed<Value> {
  const values = (): readonly Value[] => [read()];
  return { ...latestFeed([topic], rate, values), byTheClock: true };
}

/** Events: each is delivered; a newcomer gets `current` first. */
export function eventFeed<Value>(
  topics: readonly Topic[],
  rest: Pick<Feed<Value>, 'current'> &
    Partial<Pick<Feed<Value>, 'slowConsumer' | 'prepare' | 'step' | 'standing'>>,
): Feed<Value> {
  return { ...QUIET, topics, delivery: 'every', ...rest };
}

/** Mirrors: a newcomer gets the state as of the last step, then each step. */
export function mirrorFeed<Value>(
  topics: readonly Topic[],
  rest: Pick<Feed<Value>, 'step' | 'current'>,
): Feed<Value> {
  return { ...QUIET, topics, delivery: 'mirror', ...rest };
}

/** Says once that Kraken refuses a topic, each time that it begins to. */
export function refusals(
  rejectionOf: (topic: Topic) => Error | undefined,
): (topic: Topic) => readonly Error[] {
  const told = new Set<Topic>();
  return topic => {
    const rejection = rejectionOf(topic);
    if (rejection === undefined) {
      told.delete(topic);
      return [];
    }
    if (told.has(topic)) return [];
    told.add(topic);
    return [rejection];
  };
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
