import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { Program, run } from '../support/processes.ts';

test('`npm run demo` prints its addresses and a query to paste, which works', async () => {
  const demo = new Program('npm', ['run', 'demo'], { PORT: '0' });
  try {
    const [, command = ''] = await demo.written(/(curl -s http.*\n.*\}')/);
    const [, address = ''] = /curl -s (\S+)/.exec(command) ?? [];
    const [, body = ''] = /-d '(.*)'/.exec(command) ?? [];
    const url = new URL(address).origin;
    for (const line of ['GraphiQL', 'WebSocket', 'Readiness']) assert.match(demo.output, new RegExp(line));
    await eventually(
      async () => (await fetch(`${url}/ready`)).status,
      status => status === 200,
    );
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { data } = (await response.json()) as { data: { ticker: { freshness: { state: string } } } };
    assert.equal(data.ticker.freshness.state, 'LIVE');
    const client = connect(url);
    const values = subscribe(client, 'subscription { ticker(symbols: ["BTC/USD"]) { last } }');
    for (let count = 0; count < 5; count += 1)
      assert.match((await values.next()).data.ticker.last, /^\d+\.\d$/);
    await client.dispose();
  } finally {
    // The signal reaches the server because npm scripts start it with exec.
    demo.signal('SIGTERM');
    assert.equal(await demo.exit(), 0);
  }
});

test('killing the exchange process and starting it again is seen, told and healed', async () => {
  await using exchange = run('src/main.ts', ['simulator', '--port', '0', '--rate', '50']);
  const [, krakenUrl = ''] = await exchange.written(/KRAKEN_WS_URL=(\S+)/);
  await using server = run('src/main.ts', [], {
    PORT: '0',
    KRAKEN_WS_URL: krakenUrl,
    KRAKEN_RECONNECT_DELAY_MS: '50',
  });
  const { url } = await server.listening();
  const client = connect(url);
  try {
    const values = subscribe(
      client,
      'subscription { ticker(symbols: ["BTC/USD"]) { bid freshness { state stale } } }',
    );
    await values.until(({ data }) => data.ticker.freshness.state === 'LIVE');
    exchange.signal('SIGKILL');
    const { data } = await values.until(({ data }) => data.ticker.freshness.state !== 'LIVE');
    assert.deepEqual(data.ticker.freshness, { state: 'DISCONNECTED', stale: true });
    assert.equal((await fetch(`${url}/ready`)).status, 503);

    await using again = run('src/main.ts', ['simulator', '--port', new URL(krakenUrl).port]);
    await values.until(({ data }) => data.ticker.freshness.state === 'LIVE');
    assert.equal((await fetch(`${url}/ready`)).status, 200);
    again.signal('SIGTERM');
    assert.equal(await again.exit(), 0);
  } finally {
    await client.dispose();
    server.signal('SIGTERM');
    assert.equal(await server.exit(), 0);
  }
});

test('SIGTERM closes sockets with 1001, completes nothing and ends with code 0', async () => {
  await using exchange = run('src/main.ts', ['simulator', '--port', '0']);
  const [, krakenUrl = ''] = await exchange.written(/KRAKEN_WS_URL=(\S+)/);
  await using server = run('src/main.ts', [], { PORT: '0', KRAKEN_WS_URL: krakenUrl });
  const { url } = await server.listening();
  await query(url, '{ ticker(symbol: "BTC/USD") { bid } }');

  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: string[] = [];
  socket.on('message', data => messages.push(String(data)));
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await eventually(
    () => messages.length,
    count => count === 1,
  );
  socket.send(
    '{"id":"1","type":"subscribe","payload":{"query":"subscription { ticker(symbols: [\\"BTC/USD\\"]) { bid } }"}}',
  );
  await eventually(
    () => messages.length,
    count => count >= 2,
  );
  server.signal('SIGTERM');
  server.signal('SIGTERM');
  const [code] = (await once(socket, 'close')) as [number];
  assert.equal(code, 1001);
  assert.ok(messages.every(message => !message.includes('"type":"complete"')));
  assert.equal(await server.exit(), 0);
  exchange.signal('SIGTERM');
  await exchange.exit();
});

test('a bad value stops the start with one line that names it', async () => {
  await using server = run('src/main.ts', [], { KRAKEN_WS_URL: 'not-a-url' });
  assert.notEqual(await server.exit(), 0);
  assert.equal(
    server.output,
    'KRAKEN_WS_URL=not-a-url is not valid: it takes a URL that begins with ws:// or wss://\n',
  );
});

test('a port that is taken stops the start with one line', async () => {
  await using exchange = run('src/main.ts', ['simulator', '--port', '0']);
  const [, port = ''] = await exchange.written(/KRAKEN_WS_URL=ws:\/\/127\.0\.0\.1:(\d+)/);
  await using server = run('src/main.ts', [], { PORT: port });
  assert.equal(await server.exit(), 1);
  assert.match(
    server.output,
    new RegExp(`^HOST=127\\.0\\.0\\.1 PORT=${port} can not be listened on: listen EADDRINUSE[^\n]*\n$`),
  );
  exchange.signal('SIGTERM');
  await exchange.exit();
});
