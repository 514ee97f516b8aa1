import type { Result } from './result.ts';

/**
 * Where one subscription's results go: a GraphQL operation on a WebSocket, or an SSE stream. The transport
 * implements it; the hub fills it.
 */
export interface Outlet {
  /** Takes results, in order. They leave with everything else of this turn. */
  send(results: readonly Result[]): void;
  /** Whether the reader is so slow that nothing more should be sent for now. */
  readonly congested: boolean;
  /** Called once by the hub: the transport calls `drained` when {@link congested} turns false again. */
  onDrain(drained: () => void): void;
  /** No more results will come: completes the operation after what was sent. */
  end(): void;
}

/** Sends each a last result and ends it. One that throws does not keep the others from ending. */
export function endAll(outlets: Iterable<Outlet>, last: Result): void {
  for (const outlet of [...outlets]) {
    try {
      outlet.send([last]);
      outlet.end();
    } catch {
      // Its transport has failed, and ends it with its socket.
    }
  }
}

/** Counts of what subscribers got, kept across broadcasts. */
export interface DeliveryCounters {
  delivered: number;
  /** Values that a later one replaced before they were delivered. */
  conflated: number;
  /** Times that a reader fell behind. */
  slowConsumers: number;
}
