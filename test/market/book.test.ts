import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bookChecksum, checksumDigits } from '../../src/kraken/checksum.ts';
import { decode } from '../../src/kraken/decode.ts';
import type { BookMessage, BookRow, LevelRow } from '../../src/kraken/messages.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { OrderBook } from '../../src/market/book.ts';
import { frames } from '../support/fixtures.ts';

const messages = frames('book.jsonl').map(frame => {
  const message = decode(frame);
  return message.kind === 'book' ? message : assert.fail(frame);
});

/** Recorded sequences, each from its snapshot on, with the depth that was subscribed. */
const sequences: { readonly depth: number; readonly messages: BookMessage[] }[] = [];
for (const message of messages) {
  const [row] = message.data;
  if (message.type === 'snapshot') {
    const depth =
      [10, 25, 100].find(one => one >= Math.max(row?.asks.length ?? 0, row?.bids.length ?? 0)) ?? 0;
    sequences.push({ depth, messages: [] });
  }
  sequences.at(-1)?.messages.push(message);
}

/** Plays a sequence and returns how many messages failed; after a failure the recording goes on unverified. */
function play(
  depth: number,
  all: readonly BookMessage[],
  change: (row: BookRow) => BookRow = row => row,
): number {
  const [first] = all;
  const row = first?.data[0] ?? assert.fail('a snapshot');
  const book = new OrderBook(row.symbol);
  let failed = book.applySnapshot(change(row), depth, 0) ? 0 : 1;
  for (const { data } of all.slice(1)) {
    for (const update of data) if (book.applyUpdate(change(update), 0) !== true) failed += 1;
  }
  return failed;
}

describe('recorded books', () => {
  test('all 1,799 messages of every recorded sequence verify', () => {
    assert.equal(messages.length, 1_799);
    assert.deepEqual(
      sequences.map(({ depth, messages }) => play(depth, messages)),
      sequences.map(() => 0),
    );
    assert.ok(sequences.some(({ messages }) => messages.length === 1_254));
  });

  const [busy] = sequences;
  if (busy === undefined) assert.fail('a sequence');

  test('without truncation, in another order or with digits lost they do not', () => {
    assert.ok(play(1_000, busy.messages) > 0, 'no truncation');
    const reversed = (row: BookRow): BookRow => ({
      ...row,
      bids: row.bids.toReversed(),
      asks: row.asks.toReversed(),
    });
    assert.ok(play(10, busy.messages, reversed) > 0, 'order');
    const float = (row: LevelRow): LevelRow => ({
      price: String(Number(row.price)) as DecimalText,
      qty: String(Number(row.qty)) as DecimalText,
    });
    const floats = (row: BookRow): BookRow => ({
      ...row,
      bids: row.bids.map(float),
      asks: row.asks.map(float),
    });
    assert.ok(play(10, busy.messages, floats) > 0, 'digits');
  });

  test('a message that fails is not seen: the last verified state stays until a snapshot verifies', () => {
    const [snapshot, ...updates] = busy.messages;
    const row = snapshot?.data[0] ?? assert.fail('a snapshot');
    const book = new OrderBook(row.symbol);
    assert.equal(book.view(10), undefined);
    assert.equal(book.applySnapshot({ ...row, checksum: row.checksum ^ 1 }, 10, 0), false);
    assert.equal(book.view(10), undefined, 'a snapshot that fails is not published either');
    assert.equal(book.applySnapshot(row, 10, 1), true);
    for (const update of updates.slice(0, 100))
      assert.equal(book.applyUpdate(update.data[0] as BookRow, 2), true);
    const verified = JSON.stringify(book.view(10));
    for (const update of updates.slice(100, 200)) {
      const bad = { ...(update.data[0] as BookRow), checksum: 1 };
      const result = book.applyUpdate(bad, 3);
      assert.notEqual(result, true);
      assert.equal(JSON.stringify(book.view(10)), verified);
      assert.equal(book.resyncing, true);
    }
    assert.equal(book.applySnapshot(row, 10, 4), true);
    assert.equal(book.resyncing, false);
    assert.equal(book.sequence, 102);
  });
});

describe('checksum', () => {
  test('the worked example of the documentation', () => {
    const row = messages.at(-1)?.data[0] ?? assert.fail('the example');
    const levels = (rows: readonly LevelRow[]): { digits: string }[] =>
      rows.map(({ price, qty }) => ({ digits: checksumDigits(price, qty) }));
    assert.equal(bookChecksum(levels(row.asks), levels(row.bids)), 3_310_070_434);
    assert.equal(checksumDigits('45297.5', '0.09945542'), '4529759945542');
    assert.equal(checksumDigits('0.031348', '0.03740000'), '313483740000');
  });

  test('books with fewer than ten levels, and with an empty side, have one too', () => {
    assert.equal(bookChecksum([], []), 0);
    const book = new OrderBook('GST/USD' as PairSymbol);
    const asks = [{ price: '0.5' as DecimalText, qty: '1.0' as DecimalText }];
    const checksum = bookChecksum([{ digits: '510' }], []);
    assert.equal(
      book.applySnapshot({ symbol: book.symbol, asks, bids: [], checksum, timestamp: undefined }, 10, 0),
      true,
    );
    assert.equal(book.view(10)?.spread, undefined);
  });
});

describe('against a naive model', () => {
  const price = fc.integer({ min: 1, max: 30 }).map(units => `${units}.50` as DecimalText);
  const qty = fc.integer({ min: 0, max: 5 }).map(units => `${units}.000` as DecimalText);
  const rows = fc.array(fc.record({ price, qty }), { maxLength: 8 });

  /** The same rules, as one would write them without a thought for speed. */
  class Model {
    readonly asks = new Map<string, string>();
    readonly bids = new Map<string, string>();

    apply(side: 'asks' | 'bids', changes: readonly LevelRow[], depth: number): void {
      for (const change of changes) {
        if (Number(change.qty) === 0) this[side].delete(change.price);
        else this[side].set(change.price, change.qty);
      }
      const kept = this.levels(side).slice(0, depth);
      this[side].clear();
      for (const [price, qty] of kept) this[side].set(price, qty);
    }

    levels(side: 'asks' | 'bids'): [string, string][] {
      const sign = side === 'asks' ? 1 : -1;
      return [...this[side]].sort(([a], [b]) => (Number(a) - Number(b)) * sign);
    }

    checksum(): number {
      const digits = (side: 'asks' | 'bids') =>
        this.levels(side).map(([price, qty]) => ({ digits: checksumDigits(price, qty) }));
      return bookChecksum(digits('asks'), digits('bids'));
    }
  }

  test('any sequence of changes, good and bad ones, gives the same book', () => {
    const change = fc.record({
      asks: rows,
      bids: rows,
      corrupt: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
    });
    fc.assert(
      fc.property(fc.constantFrom(3, 10, 25), fc.array(change, { maxLength: 40 }), (depth, changes) => {
        const model = new Model();
        const book = new OrderBook('A/B' as PairSymbol);
        const row = (asks: readonly LevelRow[], bids: readonly LevelRow[], checksum: number): BookRow => ({
          symbol: book.symbol,
          asks,
          bids,
          checksum,
          timestamp: undefined,
        });
        book.applySnapshot(row([], [], 0), depth, 0);
        for (const { asks, bids, corrupt } of changes) {
          if (corrupt) {
            assert.notEqual(book.applyUpdate(row(asks, bids, -1), 0), true);
            const levels = (side: 'asks' | 'bids'): LevelRow[] =>
              model.levels(side).map(([price, qty]) => ({ price, qty }) as LevelRow);
            assert.equal(
              book.applySnapshot(row(levels('asks'), levels('bids'), model.checksum()), depth, 0),
              true,
            );
            continue;
          }
          model.apply('asks', asks, depth);
          model.apply('bids', bids, depth);
          assert.equal(book.applyUpdate(row(asks, bids, model.checksum()), 0), true);
        }
        const view = book.view(depth);
        for (const side of ['asks', 'bids'] as const) {
          assert.deepEqual(
            view?.[side].map(({ price, qty }) => [price, qty]),
            model.levels(side),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('prices that are the same float are told apart by their digits', () => {
    const book = new OrderBook('A/B' as PairSymbol);
    const level = (text: string): LevelRow => ({ price: text as DecimalText, qty: '1.0' as DecimalText });
    const asks = ['886110000000.00000000000002', '886110000000.00000000000001'].map(level);
    const sorted = asks.toReversed().map(({ price, qty }) => ({ digits: checksumDigits(price, qty) }));
    const row: BookRow = {
      symbol: book.symbol,
      asks,
      bids: [],
      checksum: bookChecksum(sorted, []),
      timestamp: undefined,
    };
    assert.equal(book.applySnapshot(row, 10, 0), true);
    assert.deepEqual(
      book.asks.map(({ price }) => price),
      asks.toReversed().map(({ price }) => price),
    );
  });
});
