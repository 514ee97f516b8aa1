/**
 * Live tickers by graphql-ws, the client of the protocol that the server speaks, with generated types.
 *
 *     npm run demo
 *     URL=http://127.0.0.1:4000/graphql npx node examples/clients/graphql-ws.ts
 */
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { TickerStreamDocument, type TickerStreamSubscription } from '../../schema/generated/operations.ts';

const url = process.env['URL'] ?? 'http://127.0.0.1:4000/graphql';
const client = createClient({
  url: url.replace('http', 'ws'),
  // A browser has a WebSocket of its own.
  webSocketImpl: WebSocket,
  // For balances: the token travels with the handshake, never in a URL.
  connectionParams: process.env['ACCESS_TOKEN']
    ? { Authorization: `Bearer ${process.env['ACCESS_TOKEN']}` }
    : {},
});

let count = 0;
for await (const { data, errors } of client.iterate<TickerStreamSubscription>({
  query: print(TickerStreamDocument),
})) {
  if (errors) throw new Error(errors[0]?.message);
  const { symbol, bid, ask, freshness } = data?.ticker ?? {};
  console.log(symbol, bid, ask, freshness?.stale ? `stale: ${freshness.state}` : 'live');
  if (++count === 5) break;
}
await client.dispose();
