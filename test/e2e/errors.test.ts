import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { connect, query, type Result, subscribe, subscribeByEvents } from '../support/client.ts';
import { fixturePath } from '../support/fixtures.ts';
import { type Pair, start } from '../support/server.ts';

let pair: Pair;
let client: Client;
before(async () => {
  pair = await start();
  client = connect(pair.url);
  // The list of pairs is there: names are checked against it from now on.
  await query(pair.url, '{ instruments { symbol } }');
});
after(async () => {
  await client.dispose();
  await pair[Symbol.asyncDispose]();
});

const extensionsOf = (result: Result): Readonly<Record<string, unknown>> =>
  result.errors?.[0]?.extensions ?? {};

describe('an unknown pair', () => {
  const assertUnknown = (extensions: Readonly<Record<string, unknown>>): void => {
    assert.equal(extensions['code'], 'UNKNOWN_SYMBOL');
    assert.ok((extensions['suggestions'] as string[]).includes('BTC/USDT'));
    assert.equal(extensions['http'], undefined);
  };

  test('in a query, as a literal and as a variable', async () => {
    assertUnknown(extensionsOf(await query(pair.url, '{ ticker(symbol: "BTC/UST") { bid } }')));
    assertUnknown(
      extensionsOf(
        await query(pair.url, 'query ($s: Symbol!) { ticker(symbol: $s) { bid } }', { s: 'BTC/UST' }),
      ),
    );
  });

  test('in a subscription: a literal is an error message, a variable a next with errors, as graphql-js does it', async () => {
    const literal = subscribe(client, 'subscription { ticker(symbols: ["BTC/UST"]) { bid } }');
    const [error] = (await literal.next().catch((errors: unknown) => errors)) as {
      extensions: Record<string, unknown>;
    }[];
    assertUnknown(error?.extensions ?? {});
    const variable = subscribe(client, 'subscription ($s: [Symbol!]!) { ticker(symbols: $s) { bid } }', {
      s: ['BTC/UST'],
    });
    assertUnknown(extensionsOf(await variable.next()));
    await variable.complete();
  });

  test('over server-sent events', async () => {
    await using values = subscribeByEvents(
      pair.url,
      'subscription ($s: [Symbol!]!) { ticker(symbols: $s) { bid } }',
      { s: ['BTC/UST'] },
    );
    assertUnknown(extensionsOf(await values.next()));
  });
});

test('a subscription to no pair at all is BAD_USER_INPUT', async () => {
  const values = subscribe(client, 'subscription { ticker(symbols: []) { bid } }');
  assert.equal(extensionsOf(await values.next())['code'], 'BAD_USER_INPUT');
});

test('a rate that is no rate is BAD_USER_INPUT', async () => {
  for (const maxRate of [0, -1]) {
    const values = subscribe(
      client,
      'subscription ($r: Float) { ticker(symbols: ["BTC/USD"], maxRate: $r) { bid } }',
      { r: maxRate },
    );
    assert.equal(extensionsOf(await values.next())['code'], 'BAD_USER_INPUT');
  }
});

test('a pair that Kraken refuses fails alone, with the words of Kraken', async () => {
  const symbols = ['BTC/USD', 'NOPE/USD'];
  // An exchange that never sends its list of pairs: names are taken at their word, and refused when subscribed.
  await using bare = await start({ withoutInstruments: true }, { SYMBOLS: 'BTC/USD' });
  const client = connect(bare.url);
  await using values = subscribe(client, 'subscription ($s: [Symbol!]!) { ticker(symbols: $s) { symbol } }', {
    s: symbols,
  });
  const results = [await values.next(), await values.next()];
  const refused = results.find(result => result.errors !== undefined);
  assert.deepEqual(extensionsOf(refused ?? {}), {
    code: 'UPSTREAM_REJECTED',
    symbol: 'NOPE/USD',
    reason: 'Currency pair not supported NOPE/USD',
  });
  assert.ok(results.some(result => result.data?.ticker?.symbol === 'BTC/USD'));
  bare.exchange.trade('BTC/USD');
  assert.equal((await values.next()).data.ticker.symbol, 'BTC/USD', 'the subscription goes on');

  const { data, errors } = await query(
    bare.url,
    'query ($s: [Symbol!]!) { tickers(symbols: $s) { symbol } }',
    { s: symbols },
  );
  assert.deepEqual(data.tickers, [{ symbol: 'BTC/USD' }, null]);
  assert.deepEqual(errors?.[0]?.path, ['tickers', 1]);
  assert.equal(errors?.[0]?.extensions?.['reason'], 'Currency pair not supported NOPE/USD');
  const { data: status } = await query(
    bare.url,
    '{ status { health subscriptions { symbol state error } } }',
  );
  assert.ok(status.status.subscriptions.some((one: { state: string }) => one.state === 'REJECTED'));
  await client.dispose();
});

test('a pair of which nothing comes is UPSTREAM_UNAVAILABLE after five seconds, with a time to try again', async () => {
  await using mute = await start({ replay: [fixturePath('ticker.jsonl')] });
  const { data, errors } = await query(mute.url, '{ ticker(symbol: "SOL/USD") { bid } }');
  assert.deepEqual(data, { ticker: null });
  assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_UNAVAILABLE');
  assert.ok(Number(errors?.[0]?.extensions?.['retryAfterMs']) >= 1_000);
});

describe('hostile or mistaken clients', () => {
  const upgrade = async (headers: Record<string, string>, path = '/graphql'): Promise<number | 'open'> => {
    const socket = new WebSocket(`${pair.url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', {
      headers,
    });
    try {
      return await new Promise((resolve, reject) => {
        socket.on('open', () => resolve('open'));
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        socket.on('error', reject);
      });
    } finally {
      socket.on('error', () => {});
      socket.terminate();
    }
  };

  test('a page of another origin gets no socket and no answer', async () => {
    assert.equal(await upgrade({ origin: 'https://evil.example' }), 403);
    assert.equal(await upgrade({ origin: 'null' }), 403);
    assert.equal(await upgrade({ origin: pair.url }), 'open');
    assert.equal(await upgrade({}), 'open');
    const response = await fetch(`${pair.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{"query":"{ status { health } }"}',
    });
    assert.equal(response.status, 403);
  });

  test('an upgrade elsewhere is refused', async () => {
    assert.equal(await upgrade({}, '/elsewhere'), 404);
  });

  test('a frame above 64 KiB closes the socket with 1009', async () => {
    const socket = new WebSocket(`${pair.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { blob: 'x'.repeat(65 * 1024) } }));
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1009);
  });

  test('paths that do not exist are not found', async () => {
    for (const path of ['/nothing', '/graphql/assets/../../package.json', '/graphql/assets/x.js']) {
      assert.equal((await fetch(`${pair.url}${path}`)).status, 404);
    }
  });
});
