import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { DirectWrite } from '../../src/server/direct-write.ts';

let server: Server;
let ours: Socket;
let theirs: Socket;

before(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.close();
});

beforeEach(async context => {
  theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [ours] = (await once(server, 'connection')) as [Socket];
  ours.on('error', () => {});
  theirs.on('error', () => {});
  if ('after' in context) context.after(() => [ours, theirs].forEach(socket => void socket.destroy()));
});

async function read(socket: Socket, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= bytes) break;
  }
  return String(Buffer.concat(chunks));
}

test('the kernel takes what there is room for, at once', async () => {
  assert.equal(new DirectWrite(ours).write(Buffer.from('now')), 3);
  assert.equal(ours.writableLength, 0);
  assert.equal(await read(theirs, 3), 'now');
});

test('what there is no room for is left to the stream, and goes after it', async () => {
  theirs.pause();
  const direct = new DirectWrite(ours);
  const bytes = Buffer.alloc(64 * 1024 * 1024, 'a');
  let taken = 0;
  // Until the kernel's buffer is full, which is no error.
  for (let part = 1; part > 0; taken += part) part = direct.write(bytes.subarray(taken));
  assert.ok(taken > 0 && taken < bytes.length);
  ours.write(bytes.subarray(taken));
  assert.equal(direct.write(Buffer.from('later')), 0, 'the stream holds some');
  theirs.resume();
  assert.equal((await read(theirs, bytes.length)).length, bytes.length);
});

test('nothing is written on a socket that is destroyed: its number may be another one by now', async () => {
  const direct = new DirectWrite(ours);
  ours.destroy();
  assert.equal(direct.write(Buffer.from('for nobody')), 0);
  await once(ours, 'close');
  assert.equal(direct.write(Buffer.from('for nobody')), 0);
});

test('a socket without a descriptor is left to the stream', () => {
  const socket = { writableLength: 0, _handle: { fd: -1 } } as unknown as Socket;
  assert.equal(new DirectWrite(socket).write(Buffer.from('x')), 0);
});
