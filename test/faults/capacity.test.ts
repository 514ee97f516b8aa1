/** A server that is full, by its own caps or because the system gives it no more. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, subscribe } from '../support/client.ts';
import { Program } from '../support/processes.ts';
import { get } from '../support/scenario.ts';

const PAIR = 'BTC/USD';

async function startFull(
  context: TestContext,
  environment: Readonly<Record<string, string>>,
  before = ':',
): Promise<{ exchange: Exchange; server: Program; url: string; port: number }> {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const server = new Program('bash', ['-c', `${before}; exec "$1" src/main.ts`, 'bash', process.execPath], {
    PORT: '0',
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_REST_URL: exchange.restUrl,
    ...environment,
  });
  context.after(async () => {
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const { url, port } = await server.listening();
  await eventually(
    () => get(url, '/ready'),
    ({ status }) => status === 200,
  );
  return { exchange, server, url, port };
}

/** A TCP connection, with all that came on it. */
class Client {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(port: number) {
    this.socket = connectTcp(port, '127.0.0.1');
    this.socket.on('data', chunk => {
      this.text += String(chunk);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  ask(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  }

  get status(): string | undefined {
    return /^HTTP\/1\.1 (\d+)/.exec(this.text)?.[1];
  }
}

async function open(context: TestContext, port: number, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client(port));
  context.after(() => {
    for (const { socket } of clients) socket.destroy();
  });
  await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
  return clients;
}

async function metric(url: string, name: string): Promise<number> {
  const { body } = await get(url, '/metrics');
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1]);
}

test('at MAX_CONNECTIONS probes are answered, the rest is told 503 with Retry-After, and the log says which variable it is', async context => {
  const { server, url, port } = await startFull(context, { MAX_CONNECTIONS: '5' });
  const ours = await open(context, port, 5);
  for (const client of ours) client.ask('/health');
  await eventually(
    () => ours.filter(({ status }) => status === '200').length,
    count => count === 5,
  );
  for (let round = 0; round < 3; round += 1) {
    for (const path of ['/health', '/ready', '/metrics']) assert.equal((await get(url, path)).status, 200);
  }
  const probe = await fetch(`${url}/health`);
  assert.deepEqual(
    [probe.headers.get('connection'), probe.headers.get('cache-control')],
    ['close', 'no-store'],
  );
  const refused = await fetch(`${url}/graphql?query={status{health}}`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
  await assert.rejects(subscribe(connect(url), '{ status { health } }').next());
  await server.written(/"variable":"MAX_CONNECTIONS","value":5,.*no room for more connections/);
  assert.equal(server.output.split('no room for more connections').length, 2, 'told once');
  await eventually(
    () => metric(url, 'graphql_connections_refused_total'),
    count => count === 2,
  );

  ours[0]?.socket.destroy();
  await eventually(
    () => fetch(`${url}/graphql?query={status{health}}`),
    ({ status }) => status === 200,
  );
});

test('a crowd that keeps coming does not keep probes from being answered', async context => {
  const { url, port } = await startFull(context, { MAX_CONNECTIONS: '3' });
  await open(context, port, 3);
  for (let round = 0; round < 5; round += 1) {
    await open(context, port, 50);
    assert.equal((await get(url, '/health')).status, 200);
  }
});

test('with fewer descriptors than connections every one of them is served or told 503, and the log says what is wrong', {
  skip: process.platform === 'linux' ? false : 'the limit is read as Linux tells it',
}, async context => {
  const { exchange, server, url, port } = await startFull(context, {}, 'ulimit -n 64');
  const [, limit, allowed] = await server.written(
    /"variable":"MAX_CONNECTIONS","value":20000,"descriptorLimit":(\d+),"allowed":(\d+),.*ulimit -n/,
  );
  assert.equal(limit, '64');
  const client = connect(url);
  await using values = subscribe(client, `subscription { trades(symbols: ["${PAIR}"], last: 1) { cursor } }`);
  await values.next();

  const crowd = await open(context, port, 120);
  for (const one of crowd) one.ask('/graphql?query={status{health}}');
  await eventually(
    () => crowd.filter(({ status }) => status === '200' || status === '503').length,
    count => count === 120,
  );
  const served = crowd.filter(({ status }) => status === '200').length;
  assert.equal(served, Number(allowed) - 1, 'one is the subscriber');
  await eventually(
    () => metric(url, 'graphql_connections_refused_total'),
    count => count === 120 - served,
  );
  await server.written(/no room for more connections/);
  assert.equal((await get(url, '/health')).status, 200);
  exchange.trade(PAIR);
  await values.next();
  exchange.dropAll('rst');
  await eventually(
    () => get(url, '/ready'),
    ({ status, body }) => status === 200 && body.includes('true') && [...exchange.sessions].length > 0,
  );
  await values.stop();
  await client.dispose();
});

test('the same of connections that ask nothing', {
  skip: process.platform === 'linux' ? false : 'the limit is read as Linux tells it',
}, async context => {
  const { url, port } = await startFull(context, {}, 'ulimit -n 64');
  const crowd = await open(context, port, 120);
  const waiting = (): number => crowd.filter(({ isClosed }) => !isClosed).length;
  await eventually(waiting, count => count < 40);
  const told = crowd.filter(({ isClosed }) => isClosed);
  assert.deepEqual(
    told.filter(({ status }) => status !== '503'),
    [],
  );
  assert.equal((await get(url, '/health')).status, 200);
});
