import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '../../src/lib/logger.ts';
import { ConnectionCaps, groupOf } from '../../src/server/connection-caps.ts';
import { fitted } from '../../src/server/descriptors.ts';
import { createRefusalLog } from '../../src/server/refusals.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** As much of a socket as is looked at. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  answer = '';
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  write(text: string): void {
    this.answer += text;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function setup(connections: number, connectionsPerAddress: number, reserve = 0) {
  let refused = 0;
  const clock = new ManualClock();
  const caps = new ConnectionCaps({ connections, connectionsPerAddress, reserve }, clock, () => {
    refused += 1;
  });
  return {
    clock,
    /** Asks for a path, and returns whether it is answered. */
    ask: (socket: FakeSocket, url: string): boolean => {
      const request = { socket, url } as unknown as IncomingMessage;
      const response = {
        setHeader: () => {},
        writeHead: (status: number) => socket.write(String(status)),
        end: () => {},
      } as unknown as ServerResponse;
      return caps.admits(request, response);
    },
    refused: () => refused,
    open: (address: string): FakeSocket => {
      const socket = new FakeSocket(address);
      caps.opened(socket as unknown as Socket);
      return socket;
    },
  };
}

test('connections beyond the cap of all are turned away, and their places are free when others go', () => {
  const { open, refused } = setup(2, 10);
  const [first, second, third] = ['203.0.113.1', '127.0.0.1', '203.0.113.3'].map(open);
  assert.deepEqual([first?.answer, second?.answer], ['', '']);
  assert.match(third?.answer ?? '', /^HTTP\/1\.1 503 /);
  assert.equal(third?.destroyed, true);
  assert.equal(refused(), 1);
  first?.destroy();
  assert.equal(open('203.0.113.3').answer, '');
});

test('a public address has a cap of its own, others have none', () => {
  const { open, refused } = setup(100, 2);
  const near = ['::ffff:127.0.0.1', '172.17.0.1', '::ffff:10.1.2.3', '192.168.1.9', 'fd12:3456::1', '::1'];
  const ours = near.flatMap(address => Array.from({ length: 4 }, () => open(address)));
  assert.deepEqual(
    ours.map(({ answer }) => answer),
    ours.map(() => ''),
  );
  const theirs = Array.from({ length: 3 }, () => open('198.51.100.7'));
  assert.deepEqual(
    theirs.map(({ destroyed }) => destroyed),
    [false, false, true],
  );
  assert.equal(open('198.51.100.8').answer, '', 'another address is another matter');
  assert.equal(refused(), 1);
});

test('an IPv4 address counts as itself in either spelling, an IPv6 address as its network', () => {
  assert.equal(groupOf('::ffff:198.51.100.7'), '198.51.100.7');
  assert.equal(groupOf('198.51.100.7'), '198.51.100.7');
  assert.equal(groupOf('2001:db8:1:2:aaaa::1'), '2001:db8:1:2::/64');
  assert.equal(groupOf('2001:db8:1:2:ffff:1:2:3'), '2001:db8:1:2::/64');
  assert.equal(groupOf('2001:db8::9'), '2001:db8:0:0::/64');
  assert.equal(groupOf('fe80::1'), groupOf('fe80::2'));
  assert.equal(groupOf('::1'), '::1');
});

test('on a place in reserve probes are answered, and anything else is refused', () => {
  const { open, ask, refused } = setup(1, 10, 4);
  assert.equal(ask(open('127.0.0.1'), '/graphql'), true);
  for (const probe of ['/health', '/ready?verbose', '/metrics']) {
    const socket = open('127.0.0.1');
    assert.equal(ask(socket, probe), true, probe);
    socket.destroy();
  }
  assert.equal(refused(), 0);
  for (const path of ['/', '/graphql', '/healthy']) {
    const socket = open('127.0.0.1');
    assert.equal(ask(socket, path), false, path);
    assert.match(socket.answer, /503/);
    socket.destroy();
  }
  assert.equal(refused(), 3);
});

test('a place in reserve is lost by who asks nothing for two seconds, or to who comes later', () => {
  const { clock, open, ask, refused } = setup(1, 10, 2);
  open('127.0.0.1');
  const [first, second] = [open('127.0.0.1'), open('127.0.0.1')];
  assert.deepEqual([first.answer, second.answer], ['', '']);
  const third = open('127.0.0.1');
  assert.match(first.answer, /^HTTP\/1\.1 503 .*Retry-After/s);
  assert.deepEqual([first.destroyed, second.destroyed, third.destroyed], [true, false, false]);
  assert.equal(ask(second, '/health'), true);
  const fourth = open('127.0.0.1');
  assert.deepEqual(
    [second.destroyed, third.destroyed],
    [false, true],
    'who is being answered keeps its place',
  );
  clock.advance(1_999);
  assert.equal(fourth.destroyed, false);
  clock.advance(1);
  assert.match(fourth.answer, /^HTTP\/1\.1 503 /);
  assert.equal(second.destroyed, true, 'nor may an answer take longer');
  assert.equal(refused(), 3);
  assert.equal(clock.pending, 0);
});

test('one public address does not take the whole reserve', () => {
  const { open, refused } = setup(1, 10, 32);
  open('203.0.113.1');
  const theirs = Array.from({ length: 10 }, () => open('198.51.100.7'));
  assert.equal(theirs.filter(({ destroyed }) => !destroyed).length, 8);
  assert.equal(refused(), 2);
  assert.equal(open('198.51.100.8').destroyed, false);
  const network = Array.from({ length: 9 }, (_, index) => open(`2001:db8::${index}`));
  assert.equal(network.filter(({ destroyed }) => !destroyed).length, 8);
});

test('as many connections are accepted as there are descriptors for', () => {
  assert.deepEqual(fitted(20_000, undefined), { connections: 20_000, reserve: 32, isCut: false });
  assert.deepEqual(fitted(20_000, { limit: 65_536, open: 25 }), {
    connections: 20_000,
    reserve: 32,
    isCut: false,
  });
  for (const limit of [1, 40, 64, 100, 1_024, 20_000, 20_072]) {
    const { connections, reserve, isCut } = fitted(20_000, { limit, open: 25 });
    assert.ok(isCut && connections >= 1 && reserve >= 1, String(limit));
    if (limit >= 64) assert.ok(connections + reserve + 25 < limit, String(limit));
  }
  assert.deepEqual(fitted(10, { limit: 64, open: 25 }), { connections: 10, reserve: 5, isCut: false });
});

test('the log says once a minute that connections are refused, and by which variable', () => {
  const clock = new ManualClock();
  const lines: object[] = [];
  const cap = (variable: string) => ({ variable, value: 9, allowed: 3 });
  const tell = createRefusalLog(
    { connections: cap('MAX'), connectionsPerAddress: cap('EACH') },
    { ...silentLogger, warn: detail => lines.push(detail) },
    clock,
  );
  for (let count = 0; count < 5; count += 1) tell('connections');
  tell('connectionsPerAddress');
  assert.deepEqual(lines, [cap('MAX'), cap('EACH')]);
  clock.advance(60_000);
  tell('connections');
  assert.deepEqual(lines[2], { ...cap('MAX'), refusedSince: 4 });
});
