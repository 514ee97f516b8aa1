import type { KrakenWebSocketV2 } from '../client.ts';
import type { Hub } from '../hub/hub.ts';
import type { Share } from '../hub/share.ts';
import type { Clock } from '../lib/clock.ts';
import type { Compartment } from '../lib/containment.ts';
import type { FairLine } from '../lib/fair-line.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import type { CursorSigner } from './cursor.ts';
import type { Grant } from './grant.ts';
import type { Loaders } from './loaders.ts';

/** What every operation may use; one object for the life of the server. */
export interface Services {
  readonly client: KrakenWebSocketV2;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly version: string;
  /** Wall-clock milliseconds. */
  readonly startedAt: number;
  /** The same, monotonic. */
  readonly startedMs: number;
  /** Signs and reads the cursors that clients get. */
  readonly cursors: CursorSigner;
  /** Trades that are fetched for those who go on from a cursor. */
  readonly replays: FairLine<readonly TradeUpdate[] | undefined>;
  /** Bytes that one result may have. */
  readonly maxResultBytes: number;
  /** Takes an error that users must not see the inside of to the log; returns the id under which they see it. */
  readonly reportUnexpected: (error: unknown, compartment?: Compartment) => string;
}

/** What the resolvers of a broadcast may use: nothing that belongs to one of its subscribers. */
export interface BroadcastContext {
  readonly services: Services;
  /** The same for every subscriber of a broadcast. */
  readonly grant: Grant;
}

/** What one operation may use. */
export interface Context extends BroadcastContext {
  readonly loaders: Loaders;
  /** What the connection that it came on may hold. */
  readonly share: Share;
  /** Tells clients apart that take turns at what is scarce. */
  readonly clientKey: string;
}
