import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Turn } from '../../src/hub/turn.ts';
import { Containment } from '../../src/lib/containment.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { DirectWrite } from '../../src/server/direct-write.ts';
import { FrameComposer } from '../../src/server/frame-composer.ts';
import { FrameWriter } from '../../src/server/frame-writer.ts';
import { eventually } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';

const clock = new ManualClock();
const composer = new FrameComposer();
const containment = new Containment(silentLogger);
let server: WebSocketServer;
let client: WebSocket;
let peer: WebSocket;
let writer: FrameWriter;
let turn: Turn;
let writes: number;
let got: string[];

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
});
after(() => {
  for (const socket of server.clients) socket.terminate();
  server.close();
});

beforeEach(async () => {
  turn = new Turn(clock);
  const messages: string[] = [];
  got = messages;
  writes = 0;
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('message', data => messages.push(String(data)));
  const [websocket, request] = (await once(server, 'connection')) as [
    WebSocket,
    import('node:http').IncomingMessage,
  ];
  peer = websocket;
  writer = new FrameWriter(websocket, request.socket, { turn, clock, composer, containment });
  const write = DirectWrite.prototype.write;
  mock.method(DirectWrite.prototype, 'write', function (this: DirectWrite, bytes: Uint8Array) {
    writes += 1;
    return write.call(this, bytes);
  });
  await once(client, 'open');
});

afterEach(() => mock.restoreAll());

const prefix = Buffer.from('{"id":"1"');
const received = (count: number): Promise<unknown> =>
  eventually(
    () => got.length,
    length => length === count,
  );

describe('frames written past the WebSocket library', () => {
  test('all of one turn leave in one write, and are messages like any other', async () => {
    for (let index = 0; index < 50; index += 1) writer.write(prefix, [`{"data":${index}}`]);
    assert.equal(writes, 0);
    clock.turn();
    assert.equal(writes, 1);
    await received(50);
    assert.deepEqual(
      got.map(text => (JSON.parse(text) as { payload: { data: number } }).payload.data),
      Array.from({ length: 50 }, (_, index) => index),
    );
    assert.equal(got[7], '{"id":"1","type":"next","payload":{"data":7}}');
  });

  test('every length of frame is readable, at the bounds of the header too, and in any script', async () => {
    const lengths = [0, 80, 81, 82, 83, 90, 65_490, 65_491, 65_492, 65_500, 70_000, 1_000_000];
    const results = lengths.map(length =>
      JSON.stringify({ data: 'é'.repeat(length % 7) + 'x'.repeat(length) }),
    );
    for (const result of results) writer.write(prefix, [result]);
    clock.turn();
    await received(results.length);
    assert.deepEqual(
      got,
      results.map(result => `{"id":"1","type":"next","payload":${result}}`),
    );
  });

  test('messages of the library and of the writer arrive whole and in order', async () => {
    writer.write(prefix, ['{"data":1}']);
    writer.flush();
    peer.send('{"type":"pong"}');
    writer.write(prefix, ['{"data":2}']);
    clock.turn();
    await received(3);
    assert.deepEqual(
      got.map(text => text.slice(-14)),
      ['ad":{"data":1}}', '{"type":"pong"}', 'ad":{"data":2}}'].map(text => text.slice(-14)),
    );
  });

  test('nothing is written after the socket began to close', async () => {
    writer.write(prefix, ['{"data":1}']);
    peer.close(1001);
    const before = writes;
    clock.turn();
    assert.equal(writes, before);
    const [code] = (await once(client, 'close')) as [number];
    assert.equal(code, 1001);
  });
});

describe('a reader that stops reading', () => {
  /** Too little to be too much for a turn. */
  const part = JSON.stringify({ data: 'x'.repeat(64 * 1024) });
  const megabyte = JSON.stringify({ data: 'x'.repeat(1024 * 1024) });

  test('is congested, and told of when it reads again', async () => {
    let drained = 0;
    writer.onDrain(() => {
      drained += 1;
    });
    client.pause();
    for (let index = 0; index < 160 && !writer.congested; index += 1) {
      writer.write(prefix, [part]);
      clock.turn();
    }
    assert.equal(writer.congested, true);
    assert.equal(drained, 0);
    client.resume();
    await eventually(
      () => drained,
      count => count > 0,
    );
    assert.equal(writer.congested, false);
  });

  test('is told when a turn that was too much is over, though the kernel took all of it', async () => {
    let drained = 0;
    writer.onDrain(() => {
      drained += 1;
    });
    writer.write(prefix, [megabyte, megabyte]);
    assert.equal(writer.congested, true);
    client.resume();
    clock.turn();
    await received(2);
    clock.turn();
    await eventually(
      () => drained,
      count => count > 0,
    );
    assert.equal(writer.congested, false);
  });

  test('gets what it missed whole and in order, whoever wrote it', async () => {
    client.pause();
    for (let index = 0; index < 12; index += 1) {
      writer.write(prefix, [megabyte]);
      clock.turn();
      peer.send(`{"after":${index}}`);
    }
    client.resume();
    await received(24);
    got.forEach((text, index) => {
      assert.equal(text.length > 1_000, index % 2 === 0);
      if (index % 2 === 1) assert.equal(text, `{"after":${(index - 1) / 2}}`);
      else JSON.parse(text);
    });
  });

  test('is dropped at the hard bound, so that memory is bounded too', async () => {
    client.pause();
    for (let index = 0; index < 64 && peer.readyState === WebSocket.OPEN; index += 1) {
      writer.write(prefix, [megabyte]);
      clock.turn();
    }
    assert.notEqual(peer.readyState, WebSocket.OPEN);
  });
});
