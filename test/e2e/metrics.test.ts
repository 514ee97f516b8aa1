import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Samples of Prometheus' text format by name and labels, without those that every Node process has. */
async function samples(url: string, token?: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`, token === undefined ? {} : bearer(token));
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter(line => /^(kraken|graphql)_/.test(line));
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('/metrics says what status says', async () => {
  await using pair = await start();
  await using values = subscribe(
    connect(pair.url),
    'subscription { trades(symbols: ["BTC/USD"]) { cursor } }',
    {},
  );
  await values.next();
  for (let round = 0; round < 3; round += 1) {
    pair.exchange.trade('BTC/USD');
    await values.next();
  }
  pair.exchange.dropAll('fin');
  await eventually(
    () => pair.app.client.getConnectionStatus().public.reconnects,
    reconnects => reconnects === 1,
  );
  await eventually(
    () => pair.app.client.feedState('trade', pair.app.client.resolveSymbol('BTC/USD')),
    state => state === 'LIVE',
  );
  const found = await samples(pair.url);
  const { data } = await query(
    pair.url,
    `{ status {
      health public { connected reconnects } messages { channels { channel total errors } }
      clients { connections subscriptions broadcasts delivered conflated slowConsumers }
      trades { duplicatesDropped gapsDetected } subscriptions { channel } } }`,
  );
  const { status } = data;
  const { clients } = status;
  assert.deepEqual(
    {
      healthy: found.get('kraken_health{health="HEALTHY"}') === 1,
      down: found.get('kraken_health{health="DOWN"}'),
      connected: found.get('kraken_connected{connection="public"}') === 1,
      reconnects: found.get('kraken_reconnects_total{connection="public"}'),
      connections: found.get('graphql_connections'),
      subscriptions: found.get('graphql_subscriptions'),
      broadcasts: found.get('graphql_broadcasts'),
      delivered: found.get('graphql_values_delivered_total'),
      conflated: found.get('graphql_values_conflated_total'),
      slowConsumers: found.get('graphql_slow_consumers_total'),
      duplicates: found.get('kraken_trade_duplicates_total'),
      gaps: found.get('kraken_trade_gaps_total'),
      trades: found.get('kraken_messages_total{channel="trade"}'),
    },
    {
      healthy: status.health === 'HEALTHY',
      down: 0,
      connected: true,
      reconnects: 1,
      connections: 1,
      subscriptions: 1,
      broadcasts: 1,
      delivered: clients.delivered,
      conflated: clients.conflated,
      slowConsumers: clients.slowConsumers,
      duplicates: status.trades.duplicatesDropped,
      gaps: status.trades.gapsDetected,
      trades: status.messages.channels.find(({ channel }: { channel: string }) => channel === 'trade').total,
    },
  );
  assert.ok((found.get('graphql_lag_seconds_count{channel="trade"}') ?? 0) >= 3);
  assert.ok(clients.delivered >= 4 && status.trades.duplicatesDropped >= 50);
  // Without an account nothing is said of its connection.
  assert.equal(found.has('kraken_connected{connection="private"}'), false);
});

test('/metrics names no pair, no asset, no secret', async () => {
  await using pair = await start({}, WITH_ACCOUNT);
  await query(pair.url, '{ portfolio { total } }', {}, TOKEN);
  const found = await samples(pair.url, TOKEN);
  assert.equal(found.get('kraken_connected{connection="private"}'), 1);
  const text = await (await fetch(`${pair.url}/metrics`, bearer(TOKEN))).text();
  for (const word of ['BTC', 'USD', TOKEN, WITH_ACCOUNT.KRAKEN_API_KEY])
    assert.ok(!text.includes(word), word);
});
