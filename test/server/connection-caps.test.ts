import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { ConnectionCaps, groupOf } from '../../src/server/connection-caps.ts';

/** As much of a socket as is looked at. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  answer = '';
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  end(text: string, done: () => void): void {
    this.answer = text;
    done();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function setup(connections: number, connectionsPerAddress: number) {
  let refused = 0;
  const caps = new ConnectionCaps({ connections, connectionsPerAddress }, () => {
    refused += 1;
  });
  return {
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
