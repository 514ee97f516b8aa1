import type { KrakenWebSocketV2 } from '../client.ts';
import { feedOf } from '../kraken/subscription.ts';

export type Health = 'HEALTHY' | 'DEGRADED' | 'DOWN';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words; undefined when ready. */
  readonly reason: string | undefined;
}

/**
 * `DOWN` without a connection; `DEGRADED` while something that is subscribed does not stream, or the exchange
 * itself says that it is not online; `HEALTHY` otherwise.
 */
export function healthOf(client: KrakenWebSocketV2): Health {
  if (!client.isConnected) return 'DOWN';
  if (client.exchangeStatus !== undefined && client.exchangeStatus !== 'online') return 'DEGRADED';
  for (const { topic, state } of client.getSubscriptions()) {
    if (state === 'LIVE') continue;
    // That Kraken refuses what some client asked for says nothing of the feed; that it refuses ours does.
    const declared = 'symbol' in topic && client.declaredSymbols(feedOf(topic)).includes(topic.symbol);
    if (state !== 'REJECTED' || declared) return 'DEGRADED';
  }
  return 'HEALTHY';
}

/**
 * Whether public data is live: the connection is up, and of the pairs that are always streamed at least one
 * streams (without such pairs, the list of instruments does).
 */
export function readinessOf(client: KrakenWebSocketV2): Readiness {
  if (!client.isConnected) {
    const { state, lastError } = client.getConnectionStatus().public;
    return notReady(`not connected to Kraken (${state})${lastError === undefined ? '' : `: ${lastError}`}`);
  }
  const symbols = client.declaredSymbols('ticker');
  if (symbols.length === 0) {
    return client.market.instruments.known ? READY : notReady('the list of pairs has not arrived yet');
  }
  const states = symbols.map(symbol => client.feedState('ticker', symbol) ?? 'PENDING');
  if (states.includes('LIVE')) return READY;
  return notReady(
    `no ticker is live: ${symbols.map((symbol, index) => `${symbol} ${states[index]}`).join(', ')}`,
  );
}

const READY: Readiness = { ready: true, reason: undefined };

function notReady(reason: string): Readiness {
  return { ready: false, reason };
}
