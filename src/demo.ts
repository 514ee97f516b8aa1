/** `npm run demo`: the server against the bundled exchange simulator; no network, no key. */
import { run } from './run.ts';
import { Exchange } from './simulator/exchange.ts';

const exchange = new Exchange({ tradesPerSecond: 50 });
await exchange.start();
const { url } = await run({
  environment: { ...process.env, KRAKEN_WS_URL: exchange.publicUrl },
  alsoClose: () => exchange.stop(),
});

const query = '{ ticker(symbol: "BTC/USD") { bid ask last spread freshness { state ageMs } } }';
process.stdout.write(`
  kraken-graphql demo: the data are simulated

  GraphiQL        ${url}/graphql   (open it in a browser)
  GraphQL         ${url}/graphql   (POST, SSE)
  WebSocket       ${url.replace('http', 'ws')}/graphql   (graphql-transport-ws)
  Health          ${url}/health
  Readiness       ${url}/ready
  Exchange        ${exchange.publicUrl}   (the simulator, for any Kraken V2 client)

  Paste this:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '${JSON.stringify({ query })}'

`);
