import type { ApiError } from '../api/error.ts';
import type { Connection } from '../api/link.ts';
import type { FeedState } from '../generated/operations.ts';
import { pageClock } from '../lib/page-clock.ts';
import type { LiveModel, Standing } from './freshness.ts';

/** Why something is shown as it is: what the server says of its feed, or what the page knows itself. */
type Cause = FeedState | 'EMPTY' | 'HALTED' | 'FAILED' | 'CHECKING' | 'LOST';

/** What is to be said beside a value, in the same words wherever it stands. */
export interface Trust {
  readonly cause: Cause;
  /** Whether it is what the exchange has now. */
  readonly live: boolean;
  readonly label: string;
  /** Age of what is shown; undefined when nothing is. */
  readonly ageMs: number | undefined;
}

export const LABELS: Readonly<Record<Exclude<Cause, 'HALTED'>, string>> = {
  LIVE: 'Live',
  EMPTY: 'Live',
  PENDING: 'Waiting for a value',
  DISCONNECTED: 'Disconnected',
  RESYNCING: 'Resyncing',
  SILENT: 'Silent',
  REJECTED: 'Refused by Kraken',
  FAILED: 'Not available',
  CHECKING: 'Checking the connection',
  LOST: 'Server not reached',
};

/** A feed that is silent is renewed, and is live again soon after: until then no more is known than that it is quiet. */
const QUIET_MS = 12_000;

/** What is known of a value beside what was heard of it. */
export interface Surroundings {
  readonly connection: Connection;
  /** Where the channel stands that brings it, if that is known. */
  readonly channel?: Standing | undefined;
  /** Why nothing comes. */
  readonly error?: ApiError | undefined;
  /** Whether a live channel has nothing to tell. */
  readonly empty?: boolean;
  /** What the exchange says of a pair that is not traded as usual. */
  readonly halt?: string | undefined;
}

/** The one judge of what is live. */
export function trustOf(standing: LiveModel['standing'], around: Surroundings): Trust {
  const ageMs = standing && pageClock.now() - standing.asOfMs;
  const cause = causeOf(standing, around);
  if (cause !== 'LIVE' && cause !== 'EMPTY') return { cause, live: false, label: LABELS[cause], ageMs };
  if (around.halt === undefined) return { cause, live: true, label: LABELS[cause], ageMs };
  return { cause: 'HALTED', live: true, label: around.halt, ageMs };
}

function causeOf(standing: LiveModel['standing'], around: Surroundings): Exclude<Cause, 'HALTED'> {
  const { connection, channel, error, empty = false } = around;
  if (connection === 'lost') return 'LOST';
  if (connection === 'checking') return 'CHECKING';
  if (error?.code === 'UPSTREAM_REJECTED') return 'REJECTED';
  // Whatever is not final is asked for again.
  if (error?.isFinal) return 'FAILED';
  if (standing === undefined) {
    if (empty && (channel === undefined || isLive(channel) || channel.state === 'PENDING')) return 'EMPTY';
    return channel === undefined || channel.state === 'LIVE' ? 'PENDING' : channel.state;
  }
  if (connection !== 'connected') return 'PENDING';
  // What was refused is refused, whatever is known from before.
  if (channel?.state === 'REJECTED') return 'REJECTED';
  return isLive(standing) ? 'LIVE' : standing.state;
}

function isLive({ state, quietSinceMs }: Standing): boolean {
  if (state === 'LIVE') return true;
  return quietSinceMs !== undefined && pageClock.now() - quietSinceMs < QUIET_MS;
}

/** What stands where a value would. */
export function absence(trust: Trust, what: string, nothing: string): string {
  if (trust.cause === 'EMPTY' || trust.cause === 'HALTED') return nothing;
  return trust.cause === 'PENDING' ? `Waiting for ${what}` : trust.label;
}
