import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode, decodeAny } from '../../src/kraken/decode.ts';
import { readUsual } from '../../src/kraken/usual-frame.ts';
import { frames } from '../support/fixtures.ts';

const recorded = ['book.jsonl', 'trade.jsonl', 'ticker.jsonl'].flatMap(name => frames(name));

test('every recorded frame of the busy channels is in the usual form, and means the same either way', () => {
  for (const frame of recorded) assert.deepEqual(readUsual(frame), decodeAny(frame));
});

test('no other recorded frame is taken for one', () => {
  for (const name of ['ohlc.jsonl', 'balances.jsonl', 'instrument.jsonl', 'status-heartbeat.jsonl']) {
    for (const frame of frames(name)) assert.equal(readUsual(frame), undefined);
  }
});

test('whatever becomes of a frame on its way, it means the same either way', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...'{}[]":,.-+0123456789eE \n\\\u0000é',
      'null',
      '"',
      '[]',
      '00',
      '1e5',
      '\\u0041',
      '}]}',
    ),
    fc.string({ maxLength: 3 }),
    fc.constantFrom('9'.repeat(20), '0.'.padEnd(40, '1'), '"symbol":"', ',"checksum":', '},{'),
  );
  const edit = fc.record({ at: fc.nat(), removed: fc.nat(4), inserted: piece });
  const short = recorded.filter(frame => frame.length < 500);
  let refused = 0;
  let understood = 0;
  fc.assert(
    fc.property(fc.constantFrom(...short), fc.array(edit, { minLength: 1, maxLength: 3 }), (frame, edits) => {
      let text = frame;
      for (const { at, removed, inserted } of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + inserted + text.slice(start + removed);
      }
      const usual = readUsual(text);
      if (usual === undefined) refused += 1;
      else {
        understood += 1;
        assert.deepEqual(usual, decodeAny(text));
      }
      assert.deepEqual(decode(text), decodeAny(text));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(refused > 1_000 && understood > 200, `${refused} and ${understood}`);
});

test('numbers of every form mean the same either way', () => {
  const number = fc.stringMatching(
    /^-?(0|[1-9][0-9]{0,17}|00?[0-9]{0,3})(\.[0-9]{0,34})?([eE][+-]?[0-9]{1,2})?$/,
  );
  fc.assert(
    fc.property(number, number, number, (price, qty, checksum) => {
      const level = `{"price":${price},"qty":${qty}}`;
      const text = `{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[${level},${level}],"asks":[],"checksum":${checksum}}]}`;
      assert.deepEqual(decode(text), decodeAny(text));
    }),
    { numRuns: 5_000 },
  );
});
