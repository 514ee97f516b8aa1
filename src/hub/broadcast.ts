import type { Cancel, Clock } from '../lib/clock.ts';
import type { DeliveryCounters, Outlet } from './outlet.ts';
import type { Result } from './result.ts';
import type { Topic } from './topics.ts';
import type { Flushable, Turn } from './turn.ts';

/** What one distinct subscription is, as the layer that speaks GraphQL describes it. */
export interface BroadcastPlan {
  /** Equal keys get equal results: normalised document, operation, coerced variables and grant. */
  readonly key: string;
  /** What it reads. */
  readonly topics: readonly Topic[];
  /**
   * `latest`: only the newest value of each topic matters. `every`: each event does. `mirror`: each step from one
   * state to the next does, and whoever misses one begins anew.
   */
  readonly delivery: 'latest' | 'every' | 'mirror';
  /** Least time between two results for one topic; 0 for none. */
  readonly minIntervalMs: number;
  /** Produce a result at every interval, whether or not a topic was reported as changed. */
  readonly byTheClock: boolean;
  /** Of state: executes and serialises for the topic as it is now; nothing while it has no value. */
  render(topic: Topic): readonly Result[];
  /** Of events: executes and serialises for one of them. */
  renderEvent(event: unknown): Result;
  /** Of a mirror: what happened to a topic since the last step. Of events: what else there is to say, a refusal. */
  step(topic: Topic): readonly Result[];
  /** Of events: where a topic stands, in the form of an event; undefined while there is none. */
  standing(topic: Topic): unknown;
  /** What a newcomer gets at once of a topic. Every subscriber brings its own. */
  current(topic: Topic, reason: 'SUBSCRIBED' | 'SLOW_CONSUMER'): readonly Result[];
  /** The last result of a subscriber that was too slow for every event, with the last events that it got. */
  renderSlowConsumer(events: Iterable<unknown>): Result;
  /** The last result of every subscriber when rendering threw: reports the error, and says what users may see of it. */
  renderFailure(error: unknown): Result;
}

export interface BroadcastEnvironment {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly counters: DeliveryCounters;
}

/** One distinct subscription: executed and serialised once for all its subscribers. */
export interface Broadcast extends Flushable {
  readonly plan: BroadcastPlan;
  readonly size: number;
  /**
   * Gives the newcomer what is current, by its own plan, and from then on what comes. Returns how it leaves.
   */
  join(outlet: Outlet, plan: BroadcastPlan): Cancel;
  /** A topic of the plan changed; `event` says what happened where events matter. */
  changed(topic: Topic, event?: unknown): void;
}
