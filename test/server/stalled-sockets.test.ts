import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { StalledSockets } from '../../src/server/stalled-sockets.ts';
import { ManualClock } from '../support/manual-clock.ts';

let server: Server;
let clock: ManualClock;
let stalled: StalledSockets;
let dropped: number;
let client: Socket;
let socket: Socket;

before(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());

beforeEach(async () => {
  clock = new ManualClock();
  dropped = 0;
  stalled = new StalledSockets(clock, () => {
    dropped += 1;
  });
  const accepted = once(server, 'connection');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  [socket] = (await accepted) as [Socket];
  socket.on('error', () => {});
  stalled.watch(socket);
});
afterEach(() => {
  stalled.stop();
  client.destroy();
  socket.destroy();
});

const MEGABYTE = Buffer.alloc(1024 * 1024);

/** Writes until the kernel takes no more. */
async function fill(): Promise<void> {
  client.pause();
  for (let taken = -1; socket.bytesWritten - socket.writableLength !== taken; ) {
    taken = socket.bytesWritten - socket.writableLength;
    socket.write(MEGABYTE);
    await new Promise(setImmediate);
  }
}

test('a socket whose reader takes nothing for ten seconds is dropped', async () => {
  await fill();
  clock.advance(10_000);
  assert.equal(socket.destroyed, false, 'not before it was seen for ten seconds');
  clock.advance(2_000);
  assert.equal(socket.destroyed, true);
  assert.equal(dropped, 1);
});

test('a socket that is read slowly stays', async () => {
  await fill();
  for (let seconds = 0; seconds < 60; seconds += 5) {
    clock.advance(5_000);
    const before = socket.bytesWritten - socket.writableLength;
    client.resume();
    while (socket.writableLength > 0 && socket.bytesWritten - socket.writableLength === before)
      await new Promise(setImmediate);
    client.pause();
    socket.write(MEGABYTE);
  }
  assert.equal(socket.destroyed, false);
});

test('a socket on which nothing waits stays, however long', () => {
  clock.advance(600_000);
  assert.equal(socket.destroyed, false);
});

test('one that is closed is forgotten', async () => {
  client.destroy();
  await once(socket, 'close');
  clock.advance(60_000);
  assert.equal(dropped, 0);
});
