import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe, subscribeByEvents } from '../support/client.ts';
import { start, startServer } from '../support/server.ts';

const TICKER = 'subscription { ticker(symbols: ["BTC/USD"]) { bid freshness { stale state ageMs } } }';

async function ready(url: string): Promise<{ status: number; reason: string | undefined }> {
  const response = await fetch(`${url}/ready`);
  const { reason } = (await response.json()) as { reason?: string };
  return { status: response.status, reason };
}

test('when the exchange goes, subscribers keep the last value marked stale; when it returns, values live on the same socket', async () => {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const { port } = exchange;
  const again = new Exchange({ tradesPerSecond: 0, seed: 2 });
  const app = await startServer(exchange.publicUrl);
  const client = connect(app.url);
  let sockets = 0;
  client.on('opened', () => {
    sockets += 1;
  });
  const values = subscribe(client, TICKER);
  const events = subscribeByEvents(app.url, TICKER);
  const lifecycle = subscribe(client, 'subscription { connectionEvents { type connection message } }');
  try {
    const live = await values.until(({ data }) => data.ticker.freshness.state === 'LIVE');
    await events.until(({ data }) => data.ticker.freshness.state === 'LIVE');
    assert.equal(live.data.ticker.freshness.stale, false);
    assert.deepEqual(await ready(app.url), { status: 200, reason: undefined });
    assert.equal((await lifecycle.next()).data.connectionEvents.type, 'CONNECTED');

    await exchange.stop();
    for (const reader of [values, events]) {
      const { data } = await reader.until(({ data }) => data.ticker.freshness.state === 'DISCONNECTED');
      assert.equal(data.ticker.freshness.stale, true);
      assert.equal(data.ticker.bid, live.data.ticker.bid, 'the last value known');
    }
    const down = await ready(app.url);
    assert.equal(down.status, 503);
    assert.match(down.reason ?? '', /^not connected to Kraken/);
    assert.equal((await lifecycle.next()).data.connectionEvents.type, 'DISCONNECTED');
    const cached = await query(
      app.url,
      '{ ticker(symbol: "BTC/USD") { bid freshness { state } } status { health public { state } } }',
    );
    assert.deepEqual(cached.data.ticker, { bid: live.data.ticker.bid, freshness: { state: 'DISCONNECTED' } });
    assert.equal(cached.data.status.health, 'DOWN');

    await again.start(port);
    for (const reader of [values, events]) {
      const { data } = await reader.until(({ data }) => data.ticker.freshness.state === 'LIVE');
      assert.equal(data.ticker.freshness.stale, false);
    }
    await lifecycle.until(({ data }) => data.connectionEvents.type === 'CONNECTED');
    assert.equal((await ready(app.url)).status, 200);
    again.trade('BTC/USD');
    const next = await values.next();
    assert.ok(again.tickerText('BTC/USD').includes(`"bid":${next.data.ticker.bid},`));
    assert.equal(sockets, 1, 'the client never had to reconnect');
  } finally {
    await values.stop();
    await events.stop();
    await again.stop();
    await lifecycle.stop();
    await client.dispose();
    await app.close();
  }
});

test('a server that starts before the exchange is not ready, answers, and becomes ready', async () => {
  const reserved = new Exchange({ tradesPerSecond: 0 });
  await reserved.start();
  const { port, publicUrl } = reserved;
  await reserved.stop();
  const exchange = new Exchange({ tradesPerSecond: 0 });
  const app = await startServer(publicUrl);
  try {
    assert.equal((await ready(app.url)).status, 503);
    assert.equal((await fetch(`${app.url}/health`)).status, 200);
    assert.equal((await query(app.url, '{ status { health exchange } }')).data.status.health, 'DOWN');
    const waiting = query(app.url, '{ ticker(symbol: "SOL/USD") { symbol } }');
    await exchange.start(port);
    assert.deepEqual((await waiting).data, { ticker: { symbol: 'SOL/USD' } });
    await eventually(
      () => ready(app.url),
      ({ status }) => status === 200,
    );
  } finally {
    await app.close();
    await exchange.stop();
  }
});

test('frames that are malformed, unknown or no JSON are counted and never fatal', async () => {
  await using pair = await start();
  const client = connect(pair.url);
  const values = subscribe(client, TICKER);
  await values.next();
  const errors = async (): Promise<Record<string, number>> => {
    const { data } = await query(pair.url, '{ status { messages { errors channels { channel errors } } } }');
    const channels = data.status.messages.channels as { channel: string; errors: number }[];
    return {
      all: data.status.messages.errors,
      ...Object.fromEntries(channels.map(one => [one.channel, one.errors])),
    };
  };
  assert.equal((await errors())['all'], 0);
  for (const text of [
    'CloudFlare WebSocket proxy restarting',
    '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":"cheap"}]}',
    '{"channel":"weather","type":"update","data":[]}',
    '{"channel":"ticker","type":"upd',
    '[1,2,3]',
    '',
  ]) {
    pair.exchange.broadcast(text);
  }
  const counted = await eventually(errors, ({ all }) => all === 6);
  assert.equal(counted['ticker'], 1);
  assert.equal(counted['weather'], 1);
  pair.exchange.trade('BTC/USD');
  assert.equal((await values.next()).data.ticker.freshness.state, 'LIVE');
  assert.equal(pair.app.client.getConnectionStatus().public.reconnects, 0);
  await client.dispose();
});

test('maintenance of the exchange shows in the status', async () => {
  await using pair = await start();
  await eventually(
    () => query(pair.url, '{ status { health exchange } }'),
    ({ data }) => data.status.health === 'HEALTHY',
  );
  pair.exchange.setSystem('maintenance');
  const { data } = await eventually(
    () => query(pair.url, '{ status { health exchange } }'),
    ({ data }) => data.status.exchange === 'maintenance',
  );
  assert.equal(data.status.health, 'DEGRADED');
});
