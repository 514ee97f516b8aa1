import type { Agent } from 'node:https';
import type { ConnectionOptions } from '../kraken/connection.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Logger, silentLogger } from '../lib/logger.ts';

/** Options of `KrakenWebSocketV2`. Times are in milliseconds. */
export interface KrakenWebSocketConfig {
  /** Public channels. Default `wss://ws.kraken.com/v2`. */
  readonly publicUrl: string;
  /** Private channels. Default `wss://ws-auth.kraken.com/v2`. */
  readonly privateUrl: string;
  /** Tokens, holds, missed trades, history of candles. Default `https://api.kraken.com`. */
  readonly restUrl: string;
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
  /** Connection attempts in ten minutes: Kraken bans an address that makes more than about 150. Default 150. */
  readonly connectionAttempts: number;
  /** Control messages a second. Default 5. */
  readonly subscribeRate: number;
  /** How long an upstream subscription outlives its last holder. Default 30,000. */
  readonly subscriptionLingerMs: number;
  /** Age at which a WebSocket token is replaced. Default 780,000 (13 minutes). */
  readonly tokenRefreshMs: number;
  /** Public REST calls a second, after a few that may leave at once. Default 1. */
  readonly restRate: number;
  /** Default 10,000. */
  readonly restTimeoutMs: number;
  /**
   * Bound of any queue of upstream events: trades of a pair that are held back while earlier ones are fetched,
   * and what an async iterator of trades has not taken. Default 10,000.
   */
  readonly messageQueueSize: number;
  /** Opens the TCP connections of `wss://` sockets, through a proxy for one. Default: directly. */
  readonly agent?: Agent | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

export const DEFAULTS: KrakenWebSocketConfig = {
  publicUrl: 'wss://ws.kraken.com/v2',
  privateUrl: 'wss://ws-auth.kraken.com/v2',
  restUrl: 'https://api.kraken.com',
  connectTimeoutMs: 30_000,
  pingIntervalMs: 20_000,
  pingTimeoutMs: 10_000,
  heartbeatTimeoutMs: 5_000,
  reconnectDelayMs: 1_000,
  reconnectMaxDelayMs: 60_000,
  connectionAttempts: 150,
  subscribeRate: 5,
  subscriptionLingerMs: 30_000,
  tokenRefreshMs: 780_000,
  restRate: 1,
  restTimeoutMs: 10_000,
  messageQueueSize: 10_000,
  logger: silentLogger,
  clock: systemClock,
};

/** What of it concerns one connection. */
export function connectionOptions(config: KrakenWebSocketConfig, url: string): ConnectionOptions {
  return {
    url,
    connectTimeoutMs: config.connectTimeoutMs,
    pingIntervalMs: config.pingIntervalMs,
    pingTimeoutMs: config.pingTimeoutMs,
    heartbeatTimeoutMs: config.heartbeatTimeoutMs,
    reconnectDelayMs: config.reconnectDelayMs,
    reconnectMaxDelayMs: config.reconnectMaxDelayMs,
    attemptsCeiling: config.connectionAttempts,
    controlRate: config.subscribeRate,
    agent: url.startsWith('wss:') ? config.agent : undefined,
  };
}
