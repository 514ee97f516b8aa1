import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { connect, eventually, query, type Result, subscribe, subscribeByEvents } from '../support/client.ts';
import { run } from '../support/processes.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

let pair: Pair;
before(async () => {
  pair = await start({}, WITH_ACCOUNT);
});
after(() => pair[Symbol.asyncDispose]());

const PRIVATE_QUERIES = [
  '{ balances { asset balance } }',
  '{ balance(asset: "BTC") { balance } }',
  '{ portfolio { total } }',
];
const SUBSCRIPTION = 'subscription { balances { asset balance } }';

async function overWebSocket(url: string, text: string, token?: string): Promise<Result> {
  const client = connect(url, token);
  const result = await subscribe(client, text).next();
  await client.dispose();
  return result;
}
async function overEvents(url: string, text: string, token?: string): Promise<Result> {
  await using stream = subscribeByEvents(url, text, {}, token);
  return await stream.next();
}

describe('balances', () => {
  for (const [name, ask] of Object.entries({
    POST: query,
    WebSocket: overWebSocket,
    'server-sent events': overEvents,
  })) {
    test(`are denied without the token, and given with it, over ${name}`, async () => {
      const texts = name === 'POST' ? PRIVATE_QUERIES : [...PRIVATE_QUERIES, SUBSCRIPTION];
      for (const text of texts) {
        const send = (token?: string): Promise<Result> =>
          name === 'POST'
            ? query(pair.url, text, {}, token)
            : (ask as typeof overEvents)(pair.url, text, token);
        const denied = await send();
        assert.equal(denied.errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED', text);
        assert.ok(!JSON.stringify(denied).includes('1.2435'));
        const given = await eventually(
          () => send(TOKEN),
          ({ data }) => data !== undefined && data !== null,
        );
        assert.equal(given.errors, undefined, text);
      }
    });
  }

  test('are not to be had with a wrong token: nothing is', async () => {
    for (const token of ['wrong', `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()]) {
      const response = await fetch(`${pair.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: '{"query":"{ status { health } }"}',
      });
      assert.equal(response.status, 401);
      assert.equal(((await response.json()) as Result).errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED');
      await assert.rejects(overWebSocket(pair.url, '{ status { health } }', token), { code: 4403 });
    }
    const byUrl = await fetch(
      `${pair.url}/graphql?access_token=${TOKEN}&query=${encodeURIComponent('{ balances { asset } }')}`,
    );
    assert.equal(
      ((await byUrl.json()) as Result).errors?.[0]?.extensions?.['code'],
      'UNAUTHENTICATED',
      'never by URL',
    );
  });

  test('of one who has the token are not shared with one who has not, though they ask the same', async () => {
    const owner = connect(pair.url, TOKEN);
    const stranger = connect(pair.url);
    await using owned = subscribe(owner, SUBSCRIPTION);
    assert.equal((await owned.next()).errors, undefined);
    const strangers = await subscribe(stranger, SUBSCRIPTION).next();
    assert.equal(strangers.errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED');
    assert.equal(strangers.data ?? null, null);
    const ticker = 'subscription { ticker(symbols: ["BTC/USD"]) { bid } }';
    await using first = subscribe(owner, ticker);
    await using second = subscribe(stranger, ticker);
    assert.deepEqual((await first.next()).data, (await second.next()).data);
    await owner.dispose();
    await stranger.dispose();
  });

  test('without an API key are BALANCES_DISABLED, whoever asks', async () => {
    await using open = await start({}, { ACCESS_TOKEN: TOKEN });
    for (const token of [undefined, TOKEN]) {
      for (const text of PRIVATE_QUERIES) {
        const { errors } = await query(open.url, text, {}, token);
        assert.equal(errors?.[0]?.extensions?.['code'], 'BALANCES_DISABLED', text);
      }
    }
    const { data } = await query(open.url, '{ status { private { state } balanceStreaming { enabled } } }');
    assert.deepEqual(data.status, { private: { state: 'DISABLED' }, balanceStreaming: { enabled: false } });
  });

  test('that Kraken denies are told so, with its words', async () => {
    await using denied = await start({}, WITH_ACCOUNT);
    denied.exchange.account.permissions.delete('websockets');
    denied.exchange.dropAll();
    const { data } = await eventually(
      () => query(denied.url, '{ status { balanceStreaming { healthy denied } } }', {}, TOKEN),
      ({ data }) => data.status.balanceStreaming.denied !== null,
    );
    assert.match(data.status.balanceStreaming.denied, /the API key lacks "Access WebSockets API"/);
    const { errors } = await query(denied.url, '{ balances { asset } }', {}, TOKEN);
    assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_REJECTED');
  });
});

test('a server with an API key and no token makes one and prints it once; no secret is in what it writes', async () => {
  const environment = {
    PORT: '0',
    KRAKEN_WS_URL: pair.exchange.publicUrl,
    KRAKEN_WS_AUTH_URL: pair.exchange.privateUrl,
    KRAKEN_REST_URL: pair.exchange.restUrl,
    KRAKEN_API_KEY: WITH_ACCOUNT.KRAKEN_API_KEY,
    KRAKEN_API_SECRET: WITH_ACCOUNT.KRAKEN_API_SECRET,
    ACCESS_TOKEN: '',
    LOG_LEVEL: 'debug',
  };
  await using server = run('src/main.ts', [], environment);
  const [, token = ''] = await server.written(/^ACCESS_TOKEN=(\S+) /m);
  const [, url = ''] = await server.written(/"?url"?[:=] ?"?(http:\/\/[\d.:]+)/);
  const { data } = await eventually(
    () => query(url, '{ balance(asset: "BTC") { balance } }', {}, token),
    result => result.errors === undefined,
  );
  assert.equal(data.balance.balance, pair.exchange.account.truth().get('BTC')?.balance);
  assert.equal(server.output.split(token).length, 2, 'printed once');
  assert.ok(!server.output.includes(WITH_ACCOUNT.KRAKEN_API_SECRET));
  assert.ok(!server.output.includes(WITH_ACCOUNT.KRAKEN_API_KEY));
});

describe('GraphQL over HTTP, audited', () => {
  // The address is known when the audits run.
  const audits = serverAudits({ url: () => `${pair.url}/graphql` });
  test('there are 61 audits', () => assert.equal(audits.length, 61));
  for (const audit of audits) {
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', 'reason' in result ? result.reason : '');
    });
  }
});
