/** What clients see of a server that shuts down. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { clientFrame, FrameReader } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import type { App } from '../../src/app.ts';
import { eventually, query } from '../support/client.ts';
import { start } from '../support/server.ts';

const PAIR = 'BTC/USD';
const TICKER = `subscription { ticker(symbols: ["${PAIR}"]) { bid } }`;

/** A WebSocket without a library, and all that it is told. It answers no close frame unless asked to. */
async function bareSocket(app: App) {
  const socket = await upgrade(Number(new URL(app.url).port));
  const messages: Record<string, unknown>[] = [];
  let code: number | undefined;
  const reader = new FrameReader((opcode, chunk, from, to) => {
    if (opcode === 1) messages.push(JSON.parse(chunk.toString('utf8', from, to)));
    if (opcode === 8) code = chunk.readUInt16BE(from);
  });
  socket.on('data', (bytes: Buffer) => reader.read(bytes));
  const send = (message: object): void => void socket.write(clientFrame(JSON.stringify(message)));
  send({ type: 'connection_init' });
  await eventually(
    () => messages.length,
    length => length === 1,
  );
  return {
    messages,
    send,
    get code() {
      return code;
    },
    subscribe: async (id: string): Promise<void> => {
      send({ id, type: 'subscribe', payload: { query: TICKER } });
      await eventually(
        () => messages.some(message => message['id'] === id),
        told => told,
      );
    },
    /** Ends the TCP connection, as the protocol asks for after the close frames. */
    leave: () => void socket.end(),
  };
}

/** Asks over a connection of its own that stays open. */
function ask(
  app: App,
  agent: Agent,
  options: { method?: string; path?: string; headers?: Record<string, string> },
  body?: string,
) {
  return new Promise<{ status: number | undefined; connection: string | undefined; body: string }>(
    (resolve, reject) => {
      const asked = request(app.url, { agent, path: '/graphql', ...options }, response => {
        const { statusCode: status, headers } = response;
        text(response).then(body => resolve({ status, connection: headers.connection, body }), reject);
      });
      asked.on('error', reject);
      asked.end(body);
    },
  );
}

const POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

test('a WebSocket is closed with 1001 and no complete, and nothing follows the close frame', async () => {
  await using pair = await start();
  const socket = await bareSocket(pair.app);
  await socket.subscribe('1');
  const closed = pair.app.close();
  await eventually(
    () => socket.code,
    code => code !== undefined,
  );
  assert.equal(socket.code, 1001);
  const told = socket.messages.length;
  // Asked for after the close frame: it is asked for again elsewhere.
  socket.send({ id: '2', type: 'subscribe', payload: { query: TICKER } });
  socket.send({ id: '3', type: 'subscribe', payload: { query: '{ nonsense }' } });
  socket.send({ type: 'ping' });
  pair.exchange.trade(PAIR);
  socket.leave();
  await closed;
  assert.equal(socket.messages.length, told);
  assert.deepEqual(
    socket.messages.filter(({ type }) => type === 'complete' || type === 'error'),
    [],
  );
});

test('subscriptions are served until their socket has its turn to be closed', async () => {
  await using pair = await start();
  const sockets = await Promise.all(Array.from({ length: 61 }, () => bareSocket(pair.app)));
  const last = sockets.at(-1);
  assert.ok(last);
  await last.subscribe('1');
  const closed = pair.app.close();
  // Twenty are closed at once: this one is not among them.
  assert.equal(last.code, undefined);
  last.send({ id: '2', type: 'subscribe', payload: { query: TICKER } });
  await eventually(
    () => last.code !== undefined || last.messages.some(({ id, type }) => id === '2' && type === 'next'),
    told => told,
  );
  await eventually(
    () => sockets.filter(({ code }) => code === 1001).length,
    count => count === sockets.length,
  );
  for (const socket of sockets) socket.leave();
  await closed;
  assert.deepEqual(
    last.messages.map(({ type }) => type).filter(type => type === 'complete' || type === 'error'),
    [],
  );
});

test('an event stream ends without a complete event, and its subscription is over', async () => {
  await using pair = await start();
  const response = await fetch(`${pair.url}/graphql?${new URLSearchParams({ query: TICKER })}`, {
    headers: { accept: 'text/event-stream' },
  });
  const body = response.text();
  const { clients } = (await query(pair.url, '{ status { clients { connections subscriptions } } }')).data
    .status;
  assert.deepEqual(clients, { connections: 1, subscriptions: 1 });
  await pair.app.close();
  assert.match(await body, /event: next/);
  assert.doesNotMatch(await body, /complete/);
});

test('a query that is under way is answered; what comes later is refused, and connections are not kept', async () => {
  await using pair = await start();
  const { app, exchange } = pair;
  // It keeps the server open: it does not answer the close frame.
  const holding = await bareSocket(app);
  exchange.faults.snapshotDelayMs = 500;
  const agent = new Agent({ keepAlive: true });
  const waiting = ask(app, agent, POST, '{"query":"{ ticker(symbol: \\"SOL/USD\\") { symbol } }"}');
  await eventually(
    async () => (await query(app.url, '{ status { subscriptions { symbol } } }')).data.status.subscriptions,
    (subscriptions: { symbol: string }[]) => subscriptions.some(({ symbol }) => symbol === 'SOL/USD'),
  );
  const closed = app.close();

  const refused = await ask(app, agent, POST, '{"query":"{ __typename }"}');
  assert.deepEqual([refused.status, refused.connection], [503, 'close']);
  assert.equal(JSON.parse(refused.body).errors[0].extensions.code, 'SHUTTING_DOWN');
  const ready = await ask(app, agent, { path: '/ready' });
  assert.deepEqual([ready.status, ready.connection], [503, 'close']);
  await assert.rejects(upgrade(Number(new URL(app.url).port)), /503/);
  // An EventSource gives up at a refusal, and comes again when a stream ends.
  const events = await ask(app, agent, {
    path: `/graphql?${new URLSearchParams({ query: TICKER })}`,
    headers: { accept: 'text/event-stream' },
  });
  assert.deepEqual([events.status, events.body], [200, ':\n\n']);
  // A client that takes JSON too, as urql's, is told.
  const either = await ask(
    app,
    agent,
    { ...POST, headers: { ...POST.headers, accept: 'application/json, text/event-stream' } },
    '{"query":"{ __typename }"}',
  );
  assert.equal(either.status, 503);

  const answered = await waiting;
  assert.deepEqual(JSON.parse(answered.body), { data: { ticker: { symbol: 'SOL/USD' } } });
  assert.deepEqual([answered.status, answered.connection], [200, 'close']);
  holding.leave();
  await closed;
  agent.destroy();
});

test('a socket that does not answer, and a stream that is not read, do not keep the server', async () => {
  await using pair = await start();
  await bareSocket(pair.app);
  const stream = request(`${pair.url}/graphql?${new URLSearchParams({ query: TICKER })}`, {
    headers: { accept: 'text/event-stream' },
  });
  stream.on('error', () => {});
  stream.end();
  const [response] = await once(stream, 'response');
  response.on('error', () => {});
  await pair.app.close();
});
