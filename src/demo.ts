/** `npm run demo`: the server against the bundled exchange simulator; no network, no key. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { say } from './logging.ts';
import { run } from './run.ts';
import { SIMULATED_KEY, SIMULATED_SECRET } from './simulator/account.ts';
import { Exchange } from './simulator/exchange.ts';

/** Runs both as this process, until a signal ends it. */
export async function runDemo(): Promise<void> {
  const exchange = new Exchange({ tradesPerSecond: 50 });
  await exchange.start();
  const directory = mkdtempSync(join(tmpdir(), 'kraken-graphql-demo-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const accessToken = process.env['ACCESS_TOKEN'] || randomBytes(16).toString('base64url');
  const { url } = await run({
    environment: {
      // Nothing of a demo outlives it.
      DATA_DIR: directory,
      ...process.env,
      KRAKEN_WS_URL: exchange.publicUrl,
      KRAKEN_WS_AUTH_URL: exchange.privateUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      KRAKEN_API_KEY: SIMULATED_KEY,
      KRAKEN_API_SECRET: SIMULATED_SECRET,
      ACCESS_TOKEN: accessToken,
      // The demo has an account of its own, whatever files the shell names.
      KRAKEN_API_KEY_FILE: '',
      KRAKEN_API_SECRET_FILE: '',
      ACCESS_TOKEN_FILE: '',
    },
    alsoClose: () => exchange.stop(),
  });

  const query = '{ ticker(symbol: "BTC/USD") { bid ask last spread freshness { state ageMs } } }';
  say(`
  kraken-graphql demo: the data are simulated

  Dashboard       ${url}/   (open it in a browser)
  GraphiQL        ${url}/graphql   (open it in a browser)
  GraphQL         ${url}/graphql   (POST, SSE)
  WebSocket       ${url.replace('http', 'ws')}/graphql   (graphql-transport-ws)
  Access token    ${accessToken}   (for balances: a bearer token)
  Health          ${url}/health
  Readiness       ${url}/ready
  Exchange        ${exchange.publicUrl}   (the simulator, for any Kraken V2 client)

  Paste this:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '${JSON.stringify({ query })}'

`);
}
