import type { FeedState } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';

/** What the API says of a value's freshness. */
interface Freshness {
  readonly state: FeedState;
  readonly stale: boolean;
  readonly ageMs: number;
}

/** How far what was heard last can be trusted. */
interface Standing {
  readonly state: FeedState;
  readonly stale: boolean;
  /** When the value arrived at the server, on this page's monotonic clock. */
  readonly asOfMs: number;
}

/** What is live only while it is being heard of. */
export abstract class LiveModel extends Model {
  /** undefined until something was heard. */
  standing: Standing | undefined;

  /** What was heard is the last known, until something new is: the subscription ended, or the connection did. */
  interrupted(): void {
    this.distrust('PENDING');
  }

  protected heard({ state, stale, ageMs }: Freshness = LIVE): void {
    this.standing = { state, stale, asOfMs: performance.now() - ageMs };
    this.changed();
  }

  protected distrust(state: FeedState): void {
    if (this.standing === undefined) return;
    this.standing = { ...this.standing, state, stale: true };
    this.changed();
  }
}

const LIVE: Freshness = { state: 'LIVE', stale: false, ageMs: 0 };

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
type Connection = 'connecting' | 'connected' | 'lost';

/** @param upstream where the channel stands that is to bring a first value, if that is known */
export function trustOf(
  standing: Standing | undefined,
  { state }: { readonly state: Connection },
  upstream: FeedState = 'PENDING',
): Trust {
  const ageMs = standing && performance.now() - standing.asOfMs;
  if (state === 'lost') return { live: false, label: 'Server not reached', ageMs };
  if (standing === undefined) {
    return { live: false, label: LABELS[upstream === 'LIVE' ? 'PENDING' : upstream], ageMs };
  }
  return { live: state === 'connected' && !standing.stale, label: LABELS[standing.state], ageMs };
}
