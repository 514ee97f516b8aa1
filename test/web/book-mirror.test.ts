import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as reference } from 'node:zlib';
import fc from 'fast-check';
import { crc32 } from '../../web/lib/crc32.ts';
import { type BookEvent, BookMirror, type Level } from '../../web/model/book-mirror.ts';

test('the checksum is the CRC32 that everybody has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), text => assert.equal(crc32(text), reference(text))),
  );
});

const DEPTH = 12;
const FRESH = { state: 'LIVE', stale: false, ageMs: 0 } as const;

/** Whole units of the last digit, as the exchange would write them with one digit after the point. */
const priced = (units: number): string => (units / 10).toFixed(1);

/** A book as plain as can be: by price, sorted when it is asked for. */
class Truth {
  readonly sides = { bids: new Map<number, string>(), asks: new Map<number, string>() };
  sequence = 1;

  best(side: 'bids' | 'asks'): Level[] {
    return [...this.sides[side]]
      .sort(([a], [b]) => (side === 'bids' ? b - a : a - b))
      .slice(0, DEPTH)
      .map(([price, qty]) => ({ price: priced(price), qty }));
  }

  get checksum(): number {
    const digits = (text: string): string => text.replace('.', '').replace(/^0+/, '');
    const sides = [this.best('asks').slice(0, 10), this.best('bids').slice(0, 10)];
    return reference(
      sides
        .flat()
        .map(({ price, qty }) => digits(price) + digits(qty))
        .join(''),
    );
  }

  snapshot(): BookEvent {
    return {
      __typename: 'BookSnapshot',
      reason: 'SUBSCRIBED',
      book: {
        bids: this.best('bids'),
        asks: this.best('asks'),
        checksum: this.checksum,
        sequence: this.sequence,
        freshness: FRESH,
      },
    };
  }

  /** Applies changes, and tells of the levels that are others than before, as the server does. */
  change(
    changes: readonly { readonly side: 'bids' | 'asks'; readonly price: number; readonly qty: number }[],
  ) {
    const before = { bids: this.best('bids'), asks: this.best('asks') };
    for (const { side, price, qty } of changes) {
      if (qty === 0) this.sides[side].delete(price);
      else this.sides[side].set(price, (qty / 100).toFixed(2));
    }
    const changed = (side: 'bids' | 'asks'): Level[] => {
      const now = this.best(side);
      const gone = before[side].filter(({ price }) => !now.some(level => level.price === price));
      const others = now.filter(
        ({ price, qty }) => !before[side].some(level => level.price === price && level.qty === qty),
      );
      return [...gone.map(({ price }) => ({ price, qty: '0.00' })), ...others];
    };
    const previousSequence = this.sequence;
    this.sequence += 1;
    return {
      __typename: 'BookDelta',
      bids: changed('bids'),
      asks: changed('asks'),
      checksum: this.checksum,
      sequence: this.sequence,
      previousSequence,
    } satisfies BookEvent;
  }
}

const changes = fc.array(
  fc.record({
    side: fc.constantFrom('bids' as const, 'asks' as const),
    price: fc.integer({ min: 1, max: 40 }),
    qty: fc.integer({ min: 0, max: 300 }),
  }),
  { maxLength: 6 },
);

test('a mirror of deltas equals the book, verified, whatever changes', () => {
  fc.assert(
    fc.property(changes, fc.array(changes), (first, steps) => {
      const truth = new Truth();
      truth.change(first);
      const mirror = new BookMirror(DEPTH);
      assert.ok(mirror.take(truth.snapshot()));
      for (const step of steps) {
        assert.ok(mirror.take(truth.change(step)));
        assert.deepEqual([mirror.bids, mirror.asks], [truth.best('bids'), truth.best('asks')]);
        assert.equal(mirror.standing?.stale, false);
      }
      assert.deepEqual([mirror.verified, mirror.wrong], [steps.length + 1, 0]);
    }),
  );
});

test('a step that was missed, or a digit that is wrong, makes it stale until the next snapshot', () => {
  const truth = new Truth();
  truth.change([{ side: 'bids', price: 10, qty: 100 }]);
  const mirror = new BookMirror(DEPTH);
  mirror.take(truth.snapshot());
  truth.change([{ side: 'bids', price: 9, qty: 100 }]);
  assert.equal(mirror.take(truth.change([{ side: 'asks', price: 11, qty: 5 }])), false);
  assert.deepEqual([mirror.standing?.state, mirror.standing?.stale], ['RESYNCING', true]);

  assert.equal(mirror.take(truth.snapshot()), true);
  assert.equal(mirror.standing?.stale, false);
  const delta = truth.change([{ side: 'asks', price: 11, qty: 6 }]);
  assert.equal(mirror.take({ ...delta, checksum: delta.checksum ^ 1 }), false);
  assert.deepEqual([mirror.wrong, mirror.standing?.stale], [1, true]);
});

test('an interruption leaves the levels, and says why they are stale', () => {
  const truth = new Truth();
  truth.change([{ side: 'bids', price: 10, qty: 100 }]);
  const mirror = new BookMirror(DEPTH);
  mirror.take(truth.snapshot());
  assert.equal(mirror.take({ __typename: 'BookInterruption', state: 'DISCONNECTED' }), true);
  assert.deepEqual(mirror.bids, truth.best('bids'));
  assert.deepEqual([mirror.standing?.state, mirror.standing?.stale], ['DISCONNECTED', true]);
});
