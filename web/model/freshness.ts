import type { FeedState } from '../generated/operations.ts';

/** What the API says of a value's freshness. */
export interface Freshness {
  readonly state: FeedState;
  readonly stale: boolean;
  readonly ageMs: number;
}

/** How far what was heard can be trusted. Times are of this page's monotonic clock. */
export interface Standing {
  readonly state: FeedState;
  readonly stale: boolean;
  /** When the value arrived at the server. */
  readonly asOfMs: number;
  /** When this page heard of it. */
  readonly heardMs: number;
}

export function standingOf({ state, stale, ageMs }: Freshness, nowMs = performance.now()): Standing {
  return { state, stale, asOfMs: nowMs - ageMs, heardMs: nowMs };
}

/** What is to be said beside a value. */
export interface Trust {
  readonly live: boolean;
  readonly label: string;
  /** Age of what is shown; undefined when nothing is. */
  readonly ageMs: number | undefined;
}

export const LABELS: Readonly<Record<FeedState, string>> = {
  LIVE: 'Live',
  PENDING: 'Waiting for a value',
  DISCONNECTED: 'Disconnected',
  RESYNCING: 'Resyncing',
  SILENT: 'Silent',
  REJECTED: 'Refused by Kraken',
};

/** The page's own connection, as far as it matters here. */
interface Connection {
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly sinceMs: number;
}

/** Live is what was heard as live on the present connection, and nothing else. */
export function trustOf(
  standing: Standing | undefined,
  { state, sinceMs }: Connection,
  nowMs = performance.now(),
): Trust {
  const ageMs = standing && nowMs - standing.asOfMs;
  if (state === 'connecting') return { live: false, label: 'Connecting', ageMs };
  if (state === 'lost') return { live: false, label: 'Server not reached', ageMs };
  if (standing === undefined || standing.heardMs < sinceMs) {
    return { live: false, label: LABELS.PENDING, ageMs };
  }
  return { live: !standing.stale, label: LABELS[standing.state], ageMs };
}
