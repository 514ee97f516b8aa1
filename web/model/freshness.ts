import type { ApiError } from '../api/error.ts';
import type { FeedState } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { pageClock } from '../lib/page-clock.ts';

/** What the API says of a value's freshness. */
interface Freshness {
  readonly state: FeedState;
  readonly stale: boolean;
  readonly ageMs: number;
}

/** Where a feed stands, and since when it has been no more than quiet. */
export interface Standing {
  readonly state: FeedState;
  /** On the page's clock; undefined unless it is silent, or renewed because it was. */
  readonly quietSinceMs: number | undefined;
}

/** How far what was heard last can be trusted. */
interface ValueStanding extends Standing {
  readonly stale: boolean;
  /** When the value arrived at the server, on the page's clock. */
  readonly asOfMs: number;
}

/** The standing that follows another one. A feed that is renewed because it was silent has been quiet since before. */
export function standingAfter(before: Standing | undefined, state: FeedState): Standing {
  const quietSinceMs =
    state === 'SILENT'
      ? (before?.quietSinceMs ?? pageClock.now())
      : state === 'PENDING'
        ? before?.quietSinceMs
        : undefined;
  return { state, quietSinceMs };
}

/** What is live only while it is being heard of. */
export abstract class LiveModel extends Model {
  /** undefined until something was heard. */
  standing: ValueStanding | undefined;
  /** What failed last, while nothing has come since. */
  error: ApiError | undefined;

  /** What was heard is the last known, until something new is: the subscription ended, or the connection did. */
  interrupted(): void {
    if (this.standing === undefined) return;
    this.standing = { ...this.standing, state: 'PENDING', quietSinceMs: undefined, stale: true };
    this.changed();
  }

  failed(error: ApiError): void {
    this.error = error;
    this.changed();
  }

  protected heard({ state, stale, ageMs }: Freshness = LIVE): void {
    this.standing = {
      ...standingAfter(this.standing, state),
      stale,
      asOfMs: pageClock.now() - ageMs,
    };
    this.error = undefined;
    this.changed();
  }

  protected distrust(state: FeedState): void {
    if (this.standing === undefined) return;
    this.standing = { ...this.standing, ...standingAfter(this.standing, state), stale: true };
    this.changed();
  }
}

const LIVE: Freshness = { state: 'LIVE', stale: false, ageMs: 0 };
