import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineWriter } from '../../src/lib/line-writer.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A file that takes as many bytes as it has room for, and then fails in its own way. */
function setup(code: string) {
  let text = '';
  let room = Number.POSITIVE_INFINITY;
  const clock = new ManualClock();
  const failures: string[] = [];
  const writer = new LineWriter(
    bytes => {
      if (room === 0) throw Object.assign(new Error(code), { code });
      const taken = bytes.subarray(0, Math.min(bytes.length, room, 7));
      room -= taken.length;
      text += Buffer.from(taken).toString('latin1');
      return taken.length;
    },
    { notice: dropped => `dropped ${dropped}\n`, failed: failure => failures.push(failure) },
    clock,
  );
  return {
    writer,
    clock,
    failures,
    text: () => text,
    hasRoom: (bytes: number) => {
      room = bytes;
    },
  };
}

test('a line that is written in parts is whole', () => {
  const { writer, text } = setup('EIO');
  writer.write('a line of more than seven bytes\n');
  assert.equal(text(), 'a line of more than seven bytes\n');
});

for (const code of ['ENOSPC', 'EPIPE', 'EIO']) {
  test(`${code}: lines are dropped and counted, the next one tells how many, and the failure is told once`, () => {
    const { writer, text, failures, hasRoom } = setup(code);
    hasRoom(0);
    for (const line of ['one\n', 'two\n', 'three\n']) writer.write(line);
    assert.equal(writer.dropped, 3);
    hasRoom(1_000);
    writer.write('four\n');
    writer.write('five\n');
    assert.equal(text(), 'dropped 3\nfour\nfive\n');
    hasRoom(0);
    writer.write('six\n');
    hasRoom(1_000);
    writer.write('seven\n');
    assert.ok(text().endsWith('five\ndropped 1\nseven\n'));
    assert.deepEqual([writer.dropped, failures], [4, [code]]);
  });
}

test('a line of which a part was written is finished before the next one', () => {
  const { writer, text, hasRoom } = setup('ENOSPC');
  hasRoom(10);
  writer.write('the first of two lines\n');
  writer.write('dropped\n');
  hasRoom(1_000);
  writer.write('the second\n');
  assert.equal(text(), 'the first of two lines\ndropped 1\nthe second\n');
});

test('a slow reader gets its lines later, without another line to push them', () => {
  const { writer, clock, text, failures, hasRoom } = setup('EAGAIN');
  hasRoom(2);
  writer.write('one\n');
  writer.write('two\n');
  assert.equal(text(), 'on');
  hasRoom(1_000);
  clock.advance(1_000);
  assert.equal(text(), 'one\ntwo\n');
  assert.deepEqual([writer.dropped, failures, clock.pending], [0, [], 0]);
});

test('a reader that has stopped costs a bounded amount of memory, and is told how much it missed', () => {
  const { writer, clock, text, hasRoom } = setup('EAGAIN');
  const line = `${'x'.repeat(1_023)}\n`;
  hasRoom(0);
  for (let count = 0; count < 3_000; count += 1) writer.write(line);
  assert.ok(writer.dropped > 1_900 && writer.dropped < 2_000, String(writer.dropped));
  const { dropped } = writer;
  hasRoom(Number.POSITIVE_INFINITY);
  clock.advance(1_000);
  writer.write('last\n');
  assert.equal(text().split(line).length - 1 + dropped, 3_000);
  assert.ok(text().endsWith(`\ndropped ${dropped}\nlast\n`));
});
