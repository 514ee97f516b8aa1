import type { FeedSubscription } from '../generated/operations.ts';
import { LiveModel } from './freshness.ts';

export type Status = FeedSubscription['status'];

/** What the server says of itself and of its feed, once a second. */
export class FeedModel extends LiveModel {
  /** undefined until the first has come. */
  status: Status | undefined;
  /** Values delivered to all clients, a second; undefined until there are two statuses to tell. */
  deliveredPerSecond: number | undefined;
  #takenMs = 0;

  /** Whether it is what the server says now. */
  get isCurrent(): boolean {
    return this.standing?.stale === false;
  }

  take({ status }: FeedSubscription): void {
    const nowMs = performance.now();
    const before = this.status;
    // A server that was started anew counts from 0 again.
    this.deliveredPerSecond =
      before?.startedAt === status.startedAt
        ? ((status.clients.delivered - before.clients.delivered) * 1_000) / (nowMs - this.#takenMs)
        : undefined;
    this.status = status;
    this.#takenMs = nowMs;
    this.heard();
  }

  /** Milliseconds since something that the server says the time of, by the server's clock. */
  since(timestamp: string): number {
    if (this.status === undefined) return 0;
    const { startedAt, uptimeSeconds } = this.status;
    const serverMs = Date.parse(startedAt) + uptimeSeconds * 1_000 + (performance.now() - this.#takenMs);
    return Math.max(0, serverMs - Date.parse(timestamp));
  }
}
