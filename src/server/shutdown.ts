import type { Cancel, Clock } from '../lib/clock.ts';

/** A connection that outlives the request that opened it: a WebSocket or an event stream. */
export interface LongConnection {
  /** Ends it so that the client comes again by itself: nothing says that its subscriptions are complete. */
  close(): void;
  /** Ends it at once, whatever the client does. */
  drop(): void;
}

/** Connections that are closed at once, at the least; */
const SLICE = 20;
/** then there is a pause of this length, so many times at the most. */
const SLICE_MS = 20;
const MOST_SLICES = 150;

/** Knows the long connections of the server and ends them when it shuts down. */
export class Shutdown {
  readonly #clock: Clock;
  readonly #open = new Set<LongConnection>();
  #ended: Promise<void> | undefined;
  #whenEmpty: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether connections are being closed and new operations are refused. */
  get begun(): boolean {
    return this.#ended !== undefined;
  }

  /** Adds a connection; the returned function says that it is gone. */
  opened(connection: LongConnection): Cancel {
    this.#open.add(connection);
    // Of a request that came before the shutdown began.
    if (this.begun) connection.close();
    return () => {
      this.#open.delete(connection);
      if (this.#open.size === 0) this.#whenEmpty();
    };
  }

  /** Closes every connection, and drops those that are still there after the grace. Resolves when all are gone. */
  begin(graceMs: number): Promise<void> {
    this.#ended ??= this.#end(graceMs);
    return this.#ended;
  }

  #end(graceMs: number): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(graceMs, () => {
      for (const connection of [...this.#open]) connection.drop();
    });
    this.#whenEmpty = () => {
      cancel();
      resolve();
    };
    // Not all at once: the clients come again together, and the server that takes over has to serve them.
    this.#closeFrom([...this.#open], 0);
    return promise;
  }

  #closeFrom(connections: readonly LongConnection[], first: number): void {
    const next = first + Math.max(SLICE, Math.ceil(connections.length / MOST_SLICES));
    for (const connection of connections.slice(first, next)) {
      if (this.#open.has(connection)) connection.close();
    }
    if (next < connections.length) this.#clock.after(SLICE_MS, () => this.#closeFrom(connections, next));
  }
}
