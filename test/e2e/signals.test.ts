import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { run } from '../support/processes.ts';
import { get } from '../support/scenario.ts';

async function startServer(context: TestContext, shutdownDelayMs: number) {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const server = run('src/main.ts', [], {
    PORT: '0',
    SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_REST_URL: exchange.restUrl,
  });
  context.after(async () => {
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const { url } = await server.listening();
  await eventually(
    () => get(url, '/ready'),
    ({ status }) => status === 200,
  );
  return { exchange, server, url };
}

test('SIGHUP is ignored, and each is logged once', async context => {
  const { server, url } = await startServer(context, 0);
  for (let count = 1; count <= 2; count += 1) {
    server.signal('SIGHUP');
    await eventually(
      () => server.output.split('"signal":"SIGHUP"').length - 1,
      lines => lines === count,
    );
  }
  assert.equal((await get(url, '/ready')).status, 200);
  server.signal('SIGTERM');
  assert.equal(await server.exit(), 0);
});

test('with SHUTDOWN_DELAY_MS /ready says 503 at once, and for that long everything else goes on', async context => {
  const { exchange, server, url } = await startServer(context, 1_500);
  const client = connect(url);
  const values = subscribe(
    client,
    'subscription { trades(symbols: ["BTC/USD"], last: 1) { trades { tradeId } } }',
  );
  await values.next();
  server.signal('SIGTERM');
  await eventually(
    () => get(url, '/ready'),
    ({ status }) => status === 503,
  );
  assert.match((await get(url, '/ready')).body, /shutting down/);
  assert.equal((await get(url, '/health')).status, 200);
  assert.equal((await query(url, '{ status { health } }')).data.status.health, 'HEALTHY');
  exchange.trade('BTC/USD');
  await values.next();
  // New subscribers too: the balancer has not looked yet.
  const late = connect(url);
  await subscribe(late, 'subscription { ticker(symbols: ["BTC/USD"]) { bid } }').next();
  assert.doesNotMatch(server.output, /shut down/);
  assert.equal(await server.exit(), 0);
  assert.match(server.output, /"shutdownDelayMs":1500/);
});

test('a second signal ends the process at once, also during the delay', async context => {
  const { server, url } = await startServer(context, 60_000);
  server.signal('SIGINT');
  // As a terminal's Ctrl-C does, which reaches a process twice.
  server.signal('SIGINT');
  await eventually(
    () => get(url, '/ready'),
    ({ status }) => status === 503,
  );
  await new Promise(resolve => setTimeout(resolve, 700));
  assert.equal((await get(url, '/health')).status, 200);
  server.signal('SIGTERM');
  assert.equal(await server.exit(), 1);
});
