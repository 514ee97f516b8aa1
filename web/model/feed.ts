import type { Link } from '../api/link.ts';
import type { FeedSubscription } from '../generated/operations.ts';
import { pageClock } from '../lib/page-clock.ts';
import { LiveModel } from './freshness.ts';
import { Recent } from './recent.ts';

export type Status = FeedSubscription['status'];

/** What the server says of itself and of its feed, once a second. */
export class FeedModel extends LiveModel {
  /** undefined until the first has come. */
  status: Status | undefined;
  /** Values delivered to all clients, a second; undefined until there are two statuses to tell. */
  deliveredPerSecond: number | undefined;
  /** By which of its counters of what went wrong have risen. */
  readonly recent = new Recent();
  readonly #link: Link;
  #takenMs = 0;

  constructor(link: Link) {
    super();
    this.#link = link;
  }

  /** Whether it is what the server says now. */
  get isCurrent(): boolean {
    return this.standing?.stale === false && this.#link.state === 'connected';
  }

  take({ status }: FeedSubscription): void {
    const nowMs = pageClock.now();
    const before = this.status;
    // A server that was started anew counts from 0 again.
    this.deliveredPerSecond =
      before?.startedAt === status.startedAt
        ? ((status.clients.delivered - before.clients.delivered) * 1_000) / (nowMs - this.#takenMs)
        : undefined;
    this.status = status;
    this.#takenMs = nowMs;
    this.recent.take('checksumFailures', status.books.checksumFailures);
    this.recent.take('tradesLost', status.trades.tradesLost);
    this.recent.take('errors', status.messages.errors);
    this.recent.take('slowConsumers', status.clients.slowConsumers);
    this.recent.take('refused', status.clients.refused);
    this.heard();
  }

  /** Milliseconds since something that the server says the time of, by the server's clock. */
  since(timestamp: string): number {
    if (this.status === undefined) return 0;
    const { startedAt, uptimeSeconds } = this.status;
    const serverMs = Date.parse(startedAt) + uptimeSeconds * 1_000 + (pageClock.now() - this.#takenMs);
    return Math.max(0, serverMs - Date.parse(timestamp));
  }
}
