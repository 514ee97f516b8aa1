import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { Connection, type ConnectionOptions } from '../../src/kraken/connection.ts';
import type { ConnectionState } from '../../src/kraken/connection-state.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { eventually } from '../support/client.ts';
import { frames } from '../support/fixtures.ts';

const STATUS = frames('status-heartbeat.jsonl')[0] ?? '';
const HEARTBEAT = '{"channel":"heartbeat"}';

let server: WebSocketServer;
let connection: Connection | undefined;
let states: { readonly state: ConnectionState; readonly reason: string | undefined }[];
let kinds: string[];
/** What the exchange does with a new socket. */
let greet: (socket: WebSocket) => void;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', socket => greet(socket));
  greet = socket => socket.send(STATUS);
  states = [];
  kinds = [];
});

afterEach(async () => {
  connection?.disconnect();
  for (const socket of server.clients) socket.terminate();
  await new Promise(resolve => server.close(resolve));
});

function open(options: Partial<ConnectionOptions> = {}, clock: Clock = systemClock): Connection {
  connection = new Connection(
    {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connectTimeoutMs: 2_000,
      pingIntervalMs: 20_000,
      pingTimeoutMs: 10_000,
      heartbeatTimeoutMs: 5_000,
      reconnectDelayMs: 10,
      reconnectMaxDelayMs: 50,
      attemptsCeiling: 150,
      controlRate: 5,
      ...options,
    },
    {
      message: message => kinds.push(message.kind),
      protocolError: error => kinds.push(error.code),
      roundTrip: () => {},
      fault: (error, message) => kinds.push(`${String(error)} ${message?.kind}`),
      stateChanged: (state, _previous, reason) => states.push({ state, reason }),
    },
    clock,
  );
  connection.connect();
  return connection;
}

const reached = (kind: ConnectionState['kind'], times = 1): Promise<unknown> =>
  eventually(
    () => states.filter(({ state }) => state.kind === kind).length,
    count => count >= times,
  );
const lossReason = (): string | undefined => states.find(({ state }) => state.kind === 'backingOff')?.reason;

describe('opening', () => {
  test('is open when Kraken has spoken, not when the socket is', async () => {
    let speak = (): void => {};
    greet = socket => {
      speak = () => socket.send(STATUS);
    };
    const opened = open();
    await once(server, 'connection');
    assert.equal(opened.state.kind, 'connecting');
    assert.equal(opened.trySend({ method: 'ping', req_id: 1 }), Number.POSITIVE_INFINITY);
    speak();
    await reached('open');
    assert.deepEqual(kinds, ['status']);
  });

  test('a peer that accepts and says nothing is given up after the connect timeout', async () => {
    greet = () => {};
    open({ connectTimeoutMs: 30 });
    await reached('connecting', 3);
    assert.equal(lossReason(), 'connect timeout');
  });

  test('a refused upgrade, a refused port and a dead port are all tried again', async () => {
    const rude = createServer(socket => socket.destroy()).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    open({ url: `ws://127.0.0.1:${(rude.address() as AddressInfo).port}` });
    await reached('connecting', 3);
    rude.close();
    await eventually(
      () => connection?.lastError,
      error => error?.includes('ECONNREFUSED') ?? false,
    );
  });
});

describe('proof of life', () => {
  test('silence after a heartbeat is a dead socket, and a new one is opened', async () => {
    greet = socket => {
      socket.send(STATUS);
      socket.send(HEARTBEAT);
    };
    open({ heartbeatTimeoutMs: 60 });
    await reached('open', 2);
    assert.match(lossReason() ?? '', /^no frame for \d+ ms$/);
    assert.equal(connection?.reconnects, 1);
  });

  test('heartbeats keep it alive past the timeout', async () => {
    greet = socket => {
      socket.send(STATUS);
      const timer = setInterval(() => socket.send(HEARTBEAT), 10);
      socket.on('close', () => clearInterval(timer));
    };
    open({ heartbeatTimeoutMs: 100 });
    await eventually(
      () => kinds.length,
      count => count > 40,
    );
    assert.equal(connection?.state.kind, 'open');
  });

  test('before anything is subscribed silence is normal, and pings tell the round trip', async () => {
    greet = socket => {
      socket.send(STATUS);
      socket.on('message', data => {
        const { req_id } = JSON.parse(String(data)) as { req_id: number };
        socket.send(`{"method":"pong","req_id":${req_id}}`);
      });
    };
    open({ heartbeatTimeoutMs: 20, pingIntervalMs: 30, pingTimeoutMs: 1_000 });
    await eventually(
      () => kinds.filter(kind => kind === 'pong').length,
      count => count >= 3,
    );
    assert.equal(connection?.state.kind, 'open');
    assert.ok((connection?.latencyMs ?? -1) >= 0);
  });

  test('a ping that is not answered, with nothing else arriving, is a dead socket', async () => {
    open({ pingTimeoutMs: 30 });
    await reached('backingOff');
    assert.equal(lossReason(), 'ping timeout');
  });
});

describe('frames', () => {
  test('what is not understood is reported and does not end the connection', async () => {
    greet = socket => {
      for (const text of [
        'CloudFlare WebSocket proxy restarting',
        STATUS,
        '{"channel":"weather"}',
        '{"cha',
        HEARTBEAT,
      ]) {
        socket.send(text);
      }
    };
    open();
    await eventually(
      () => kinds.length,
      count => count === 5,
    );
    assert.deepEqual(kinds, ['NOT_JSON', 'status', 'UNKNOWN_CHANNEL', 'NOT_JSON', 'heartbeat']);
    assert.equal(connection?.state.kind, 'open');
  });

  test('after a complaint about the rate control messages wait', async () => {
    greet = socket => {
      socket.send(STATUS);
      socket.send('{"Error":"Exceeded msg rate"}');
    };
    open();
    await eventually(
      () => kinds,
      seen => seen.includes('rateLimited'),
    );
    const waitMs = connection?.trySend({ method: 'ping', req_id: 9 }) ?? 0;
    assert.ok(waitMs > 500 && waitMs <= 1_000, String(waitMs));
  });
});

describe('reconnecting', () => {
  test('a lost connection comes back again and again, whatever the way it was lost', async () => {
    let sockets = 0;
    greet = socket => {
      socket.send(STATUS);
      sockets += 1;
      if (sockets % 3 === 0) socket.close(1013, 'try again');
      else if (sockets % 3 === 1) socket.terminate();
      else socket.send(Buffer.alloc(40 * 1024 * 1024, 'x'), { binary: false });
    };
    open();
    await reached('open', 6);
  });

  test('the first wait is drawn from a second, and waits double while it keeps failing', () => {
    const waits: number[] = [];
    const dice: Clock = {
      ...systemClock,
      random: () => 0.5,
      after: (ms, callback) => systemClock.after(Math.min(ms, 5), callback),
    };
    greet = socket => socket.terminate();
    open({ reconnectDelayMs: 1_000, reconnectMaxDelayMs: 60_000, connectTimeoutMs: 60_000 }, dice);
    return eventually(
      () => {
        const last = states.at(-1)?.state;
        if (last?.kind === 'backingOff' && waits.length < last.attempt)
          waits.push(connection?.retryAfterMs ?? 0);
        return waits.length;
      },
      count => count >= 4,
    ).then(() => {
      for (const [index, expected] of [500, 1_000, 2_000, 4_000].entries()) {
        assert.ok(Math.abs((waits[index] ?? 0) - expected) < 250, `${waits}`);
      }
    });
  });

  test('after disconnect nothing is tried any more', async () => {
    open();
    await reached('open');
    connection?.disconnect();
    assert.equal(connection?.state.kind, 'closed');
    await eventually(
      () => server.clients.size,
      size => size === 0,
    );
    connection?.connect();
    await reached('open', 2);
  });
});
