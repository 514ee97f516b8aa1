/** The network between the exchange and the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/client.ts';
import { get, scenario } from '../support/scenario.ts';
import { startServer } from '../support/server.ts';

const PAIR = 'BTC/USD';

scenario(
  'a connection that is reset comes back, and what was traded meanwhile is not missing',
  async scene => {
    const { upstream, exchange, app } = scene;
    for (let round = 1; round <= 5; round += 1) {
      upstream.reset();
      for (let count = 0; count < 30; count += 1) exchange.trade(PAIR);
      await eventually(
        () => app.client.getConnectionStatus().public.reconnects,
        reconnects => reconnects === round,
      );
    }
  },
);

scenario(
  'a half-open connection is noticed, `/ready` says so, and it is replaced',
  async ({ upstream, exchange, app, url }) => {
    upstream.weather.blackhole = true;
    for (let count = 0; count < 20; count += 1) exchange.trade(PAIR);
    const { body } = await eventually(
      () => get(url, '/ready'),
      ({ status }) => status === 503,
    );
    assert.match(body, /no frame for \d+ ms|not connected/);
    upstream.weather.blackhole = false;
    upstream.reset();
    await eventually(
      () => app.client.isConnected,
      connected => connected,
    );
  },
);

scenario('latency is seen, and nothing else', async ({ upstream, exchange, app }) => {
  upstream.weather.latencyMs = 200;
  for (let count = 0; count < 20; count += 1) exchange.trade(PAIR);
  upstream.reset();
  await eventually(
    () => app.client.getConnectionStatus().public.latencyMs ?? 0,
    latencyMs => latencyMs >= 350,
  );
  upstream.weather.latencyMs = 0;
});

scenario('frames that arrive byte by byte are frames', async ({ upstream, exchange, app, witness }) => {
  upstream.weather.byByte = true;
  upstream.reset();
  await eventually(
    () => app.client.getConnectionStatus().public.reconnects,
    reconnects => reconnects === 1,
  );
  for (let count = 0; count < 50; count += 1) exchange.trade(PAIR);
  await witness.hasEverything();
});

scenario('a connection that flaps is held in the end', async ({ upstream, exchange, app, random }) => {
  for (let round = 0; round < 30; round += 1) {
    if (random() < 0.3) exchange.dropAll((['fin', 'rst', 'end'] as const)[Math.floor(random() * 3)]);
    else upstream.reset();
    upstream.weather.refusing = random() < 0.3;
    exchange.trade(PAIR);
    await new Promise(resolve => setTimeout(resolve, random() * 30));
  }
  upstream.weather.refusing = false;
  await eventually(
    () => app.client.isConnected,
    connected => connected,
  );
});

test('a name that can not be resolved leaves a server that lives, is not ready, and says why', async () => {
  const app = await startServer('ws://no-such-exchange.invalid/v2');
  try {
    const { body } = await eventually(
      () => get(app.url, '/ready'),
      ({ status, body }) => status === 503 && /ENOTFOUND|EAI_AGAIN/.test(body),
    );
    assert.match(body, /not connected to Kraken/);
    assert.equal((await get(app.url, '/health')).status, 200);
  } finally {
    await app.close();
  }
});
