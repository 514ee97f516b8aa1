/** A user's program, in plain JavaScript: the client against the simulator, then the server that runs on it. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { KrakenWebSocketV2 } from 'kraken-graphql';
import { createApp, readConfig } from 'kraken-graphql/server';

const [publicUrl, restUrl] = process.argv.slice(2);

const kraken = new KrakenWebSocketV2(undefined, undefined, { publicUrl, restUrl });
kraken.connect();
for await (const ticker of kraken.streams.tickers(['xbt-usd'])) {
  console.log('client', ticker.symbol, kraken.feedState('ticker', 'BTC/USD'));
  break;
}
for await (const book of kraken.streams.orderbooks(['BTC/USD'])) {
  console.log('book', book.bids.length > 0);
  break;
}
kraken.disconnect();

const config = readConfig({
  PORT: '0',
  DATA_DIR: './data',
  KRAKEN_WS_URL: publicUrl,
  KRAKEN_REST_URL: restUrl,
});
const app = await createApp({ config });
const page = await fetch(`${app.url}/`);
console.log('dashboard', page.status);
const query = async headers => {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"query":"{ ticker(symbol: \\"BTC/USD\\") { symbol } }"}',
  });
  return (await response.json()).data.ticker.symbol;
};
console.log('query', await query({}));

const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
await once(socket, 'open');
socket.send('{"type":"connection_init"}');
await once(socket, 'message');
const subscription = 'subscription { ticker(symbols: ["BTC/USD"]) { symbol bid } }';
socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: subscription } }));
const [{ data }] = await once(socket, 'message');
console.log('subscription', JSON.parse(data).payload.data.ticker.symbol);
socket.close();
await app.close();

try {
  await createApp({ config: { ...config, httpsProxy: 'http://127.0.0.1:9' } }).then(app => app.close());
  console.log('proxy taken');
} catch (error) {
  console.log('proxy refused', error.code, error.message);
}
console.log('required', typeof createRequire(import.meta.url)('kraken-graphql').KrakenWebSocketV2);
process.exit(0);
