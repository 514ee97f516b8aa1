/**
 * A query and a subscription by urql, over HTTP and WebSocket.
 *
 *     URL=http://127.0.0.1:4000/graphql npx node examples/clients/urql.ts
 */
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CandlesDocument, TradesStreamDocument } from '../../schema/generated/operations.ts';

const url = process.env['URL'] ?? 'http://127.0.0.1:4000/graphql';
const sockets = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket });
const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: sink => ({
          unsubscribe: sockets.subscribe(
            { query, variables: variables as Record<string, unknown> },
            sink as Parameters<typeof sockets.subscribe>[1],
          ),
        }),
      }),
    }),
  ],
});

const { data, error } = await client.query(CandlesDocument, {
  symbol: 'btc-usd',
  interval: 'ONE_HOUR',
  last: 3,
});
if (error) throw error;
for (const candle of data?.ohlc ?? [])
  console.log('candle', candle.intervalBegin, candle.close, candle.closed);

/** Where to go on after a restart: the cursor of each pair. */
const cursors = new Map<string, string>();
await new Promise<void>((resolve, reject) => {
  const { unsubscribe } = client
    .subscription(TradesStreamDocument, { symbols: ['BTC/USD'], after: [], last: 5 })
    .subscribe(result => {
      if (result.error) reject(result.error);
      const batch = result.data?.trades;
      if (!batch) return;
      cursors.set(batch.symbol, batch.cursor);
      for (const trade of batch.trades)
        console.log('trade', trade.tradeId, trade.side, trade.qty, '@', trade.price);
      // The subscription begins to answer before it has been handed over.
      queueMicrotask(() => unsubscribe());
      resolve();
    });
});
await sockets.dispose();
