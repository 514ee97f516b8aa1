/** Canaries: values that are secret, and every byte that comes out of the process and its endpoints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { SIMULATED_KEY, SIMULATED_SECRET } from '../../src/simulator/account.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { eventually, query } from '../support/client.ts';
import { run } from '../support/processes.ts';

const TOKEN = 'canary-access-token-0123456789';

/** What somebody asks who is curious, hostile or mistaken; everything that was answered. */
async function answersOf(url: string): Promise<string> {
  const texts: string[] = [];
  const get = async (path: string, init: RequestInit = {}): Promise<void> => {
    const response = await fetch(`${url}${path}`, init);
    texts.push(JSON.stringify([...response.headers]), await response.text());
  };
  const json = { 'content-type': 'application/json' };
  for (const path of ['/', '/health', '/ready', '/metrics', '/nowhere', `/graphql?query={`]) await get(path);
  await get('/graphql', { headers: { accept: 'text/html' } });
  const bodies = [
    '{',
    '{"query":"{ status { private { lastError state } } }"}',
    '{"query":"{ balances { total } }"}',
  ];
  for (const body of bodies) {
    await get('/graphql', { method: 'POST', headers: json, body });
    const headers = { ...json, authorization: `Bearer ${TOKEN}` };
    await get('/graphql', { method: 'POST', headers, body });
    await get('/graphql', {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${TOKEN}x` },
      body,
    });
  }
  const everything = `{ status { private { lastError } balanceStreaming { denied holdsDenied } } portfolio { total } }`;
  texts.push(JSON.stringify(await query(url, everything, {}, TOKEN)));
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('message', data => texts.push(String(data)));
  socket.on('close', (code, reason) => texts.push(`${code} ${reason}`));
  socket.on('open', () => {
    socket.send(
      JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${TOKEN} wrong` } }),
    );
  });
  await eventually(
    () => socket.readyState,
    state => state === WebSocket.CLOSED,
  );
  return texts.join('\n');
}

const SECRET = Buffer.from('canary-of-the-secret').toString('base64');
const KEYS = {
  right: { KRAKEN_API_KEY: SIMULATED_KEY, KRAKEN_API_SECRET: SIMULATED_SECRET },
  wrong: { KRAKEN_API_KEY: 'canary-of-the-key', KRAKEN_API_SECRET: SECRET },
};

for (const [name, keys] of Object.entries(KEYS)) {
  test(`with a key that is ${name} no secret is in any output, at the most talkative level`, async context => {
    const exchange = new Exchange({ tradesPerSecond: 20 });
    await exchange.start();
    context.after(() => exchange.stop());
    await using server = run('src/main.ts', [], {
      PORT: '0',
      LOG_LEVEL: 'debug',
      ACCESS_TOKEN: TOKEN,
      KRAKEN_WS_URL: exchange.publicUrl,
      KRAKEN_WS_AUTH_URL: exchange.privateUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      ...keys,
    });
    const { url } = await server.listening();
    await server.written(name === 'right' ? /"channel":"balances".*LIVE/ : /Invalid key/);
    exchange.faults.failRest(2, 'html');
    exchange.dropAll('rst');
    const answers = await answersOf(url);
    server.signal('SIGTERM');
    assert.equal(await server.exit(), 0);
    const all = `${server.output}\n${answers}`;
    assert.ok(all.length > 10_000);
    const secrets = [TOKEN, ...Object.values(keys), ...exchange.account.tokens()];
    for (const secret of secrets) {
      for (const spelling of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
        assert.ok(!all.includes(spelling), `${secret} as ${spelling}`);
      }
    }
  });
}
