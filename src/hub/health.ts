import type { KrakenWebSocketV2 } from '../client.ts';
import { feedOf } from '../kraken/subscription.ts';

export type Health = 'HEALTHY' | 'DEGRADED' | 'DOWN';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words; undefined when ready. */
  readonly reason: string | undefined;
}

/**
 * `DOWN` without a connection. `DEGRADED` while the exchange itself says that it is not online, while something that the
 * operator wants does not stream (declared subscriptions, the list of pairs, the account's channels), or while what
 * anyone reads is being repaired: its integrity is the server's own business. What a reader asked for and Kraken does not
 * serve says nothing of the feed. `HEALTHY` otherwise.
 */
export function healthOf(client: KrakenWebSocketV2): Health {
  if (!client.isConnected) return 'DOWN';
  if (client.exchangeStatus !== undefined && client.exchangeStatus !== 'online') return 'DEGRADED';
  const isAccountWanted = client.getBalanceStreamingStatus().enabled;
  for (const { topic, state: subscribed } of client.getSubscriptions()) {
    if ('symbol' in topic) {
      const feed = feedOf(topic);
      if (subscribed !== 'REJECTED' && client.isBeingRepaired(feed, topic.symbol)) return 'DEGRADED';
      const isLive = client.feedState(feed, topic.symbol) === 'LIVE';
      if (!isLive && client.isDeclared(feed, topic.symbol)) return 'DEGRADED';
    } else {
      const state = topic.channel === 'balances' ? client.balancesState : subscribed;
      if (state !== 'LIVE' && (topic.channel === 'instrument' || isAccountWanted)) return 'DEGRADED';
    }
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
