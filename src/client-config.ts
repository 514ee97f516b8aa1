import type { ConnectionOptions } from './kraken/connection.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { type Logger, silentLogger } from './lib/logger.ts';

/** Options of `KrakenWebSocketV2`. Times are in milliseconds. */
export interface KrakenWebSocketConfig {
  /** Public channels. Default `wss://ws.kraken.com/v2`. */
  readonly publicUrl: string;
  /** From the first byte to Kraken's first frame. Default 30,000. */
  readonly connectTimeoutMs: number;
  /** Between application pings, whose answers give the round-trip time. Default 20,000. */
  readonly pingIntervalMs: number;
  /** Default 10,000. */
  readonly pingTimeoutMs: number;
  /** No frame at all for this long means a dead socket, once something is subscribed. Default 5,000. */
  readonly heartbeatTimeoutMs: number;
  /** Upper bound of the first wait before a reconnect; doubles with each failure. Default 1,000. */
  readonly reconnectDelayMs: number;
  /** Default 60,000. */
  readonly reconnectMaxDelayMs: number;
  /** Control messages a second. Default 5. */
  readonly subscribeRate: number;
  /** How long an upstream subscription outlives its last holder. Default 30,000. */
  readonly subscriptionLingerMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

export const DEFAULTS: KrakenWebSocketConfig = {
  publicUrl: 'wss://ws.kraken.com/v2',
  connectTimeoutMs: 30_000,
  pingIntervalMs: 20_000,
  pingTimeoutMs: 10_000,
  heartbeatTimeoutMs: 5_000,
  reconnectDelayMs: 1_000,
  reconnectMaxDelayMs: 60_000,
  subscribeRate: 5,
  subscriptionLingerMs: 30_000,
  logger: silentLogger,
  clock: systemClock,
};

/** What of it concerns one connection. */
export function connectionOptions(config: KrakenWebSocketConfig): ConnectionOptions {
  return {
    url: config.publicUrl,
    connectTimeoutMs: config.connectTimeoutMs,
    pingIntervalMs: config.pingIntervalMs,
    pingTimeoutMs: config.pingTimeoutMs,
    heartbeatTimeoutMs: config.heartbeatTimeoutMs,
    reconnectDelayMs: config.reconnectDelayMs,
    reconnectMaxDelayMs: config.reconnectMaxDelayMs,
    controlRate: config.subscribeRate,
  };
}
