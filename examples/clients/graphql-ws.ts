/**
 * Live trades by graphql-ws, the client of the protocol that the server speaks, with generated types. Goes on by itself
 * when the network fails or the server restarts, and misses nothing.
 *
 *     npm run demo
 *     URL=http://127.0.0.1:4000/graphql npx node examples/clients/graphql-ws.ts
 */
import { setTimeout as delay } from 'node:timers/promises';
import { print } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { TradesStreamDocument, type TradesStreamSubscription } from '../../schema/generated/operations.ts';

/** A client that comes again for as long as it takes. */
export function createPersistentClient(url: string, accessToken?: string): Client {
  let noPong: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.replace('http', 'ws'),
    // A browser has a WebSocket of its own.
    webSocketImpl: WebSocket,
    // For balances: the token travels with the handshake, never in a URL.
    connectionParams: accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` },
    // A refused connection counts too: the server may be starting. By default it would end every subscription.
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    // Half a second at first, ten seconds at most, and not at the same time as everyone else.
    retryWait: retries => delay(Math.min(10_000, 500 * 2 ** retries) * (0.5 + Math.random())),
    // A connection that is dead without a word is noticed by a ping that nothing answers.
    keepAlive: 10_000,
    on: {
      ping: received => {
        if (!received) noPong = setTimeout(() => client.terminate(), 5_000);
      },
      pong: received => {
        if (received) clearTimeout(noPong);
      },
      closed: () => clearTimeout(noPong),
    },
  });
  return client;
}

export type Trades = TradesStreamSubscription['trades'];

/** Every trade of these pairs, once and in order, however often the connection is lost. Returns how to stop. */
export function followTrades(
  client: Client,
  symbols: readonly string[],
  onTrades: (trades: Trades) => void,
  onError: (error: unknown) => void,
): () => void {
  const cursors = new Map<string, string>();
  // The client sends this very object again with each retry: so it has to say how far we have come.
  const variables = { symbols, last: 1, after: [] as string[] };
  return client.subscribe<TradesStreamSubscription>(
    { query: print(TradesStreamDocument), variables },
    {
      next: ({ data, errors }) => {
        if (errors) onError(errors);
        if (!data) return;
        cursors.set(data.trades.symbol, data.trades.cursor);
        variables.after = [...cursors.values()];
        onTrades(data.trades);
      },
      error: onError,
      complete: () => {},
    },
  );
}

if (import.meta.main) {
  const url = process.env['URL'] ?? 'http://127.0.0.1:4000/graphql';
  const client = createPersistentClient(url, process.env['ACCESS_TOKEN']);
  let left = Number(process.env['COUNT'] ?? 5);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = followTrades(
    client,
    ['BTC/USD', 'ETH/USD'],
    ({ symbol, trades, gap }) => {
      if (gap) console.log(symbol, gap.missing, 'trades are not to be had');
      for (const { tradeId, side, qty, price } of trades) console.log(symbol, tradeId, side, qty, '@', price);
      left -= 1;
      if (left === 0) resolve();
    },
    reject,
  );
  await promise;
  stop();
  await client.dispose();
}
