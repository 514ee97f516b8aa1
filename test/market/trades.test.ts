import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TradeRow } from '../../src/kraken/messages.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import type { TradeDelivery } from '../../src/market/trade-tape.ts';
import { Trades } from '../../src/market/trades.ts';

const BTC = 'BTC/USD' as PairSymbol;

const NOW = Date.UTC(2026, 9, 9);

/** Later ids are later in time, unless said otherwise. */
function row(
  id: number,
  timestamp = new Date(Date.UTC(2026, 9, 8) + Math.min(id, 86_000_000)).toISOString(),
): TradeRow {
  const text = (value: number): DecimalText => String(value) as DecimalText;
  return {
    symbol: BTC,
    side: 'buy',
    price: text(id),
    qty: text(1),
    ord_type: 'limit',
    trade_id: id,
    timestamp,
  };
}
const rows = (...ids: readonly number[]): TradeRow[] => ids.map(id => row(id));

/** A tape with all that it has delivered. */
class Reader {
  readonly trades: Trades;
  readonly ids: number[] = [];
  readonly gaps: string[] = [];

  constructor(maxHeld = 10_000) {
    this.trades = new Trades(maxHeld);
  }

  apply(source: 'snapshot' | 'update' | 'rest', ...ids: readonly number[]): void {
    this.take(this.trades.apply(BTC, rows(...ids), NOW, source).deliveries);
  }

  take(deliveries: readonly TradeDelivery[]): void {
    for (const { gap, trades } of deliveries) {
      if (gap) this.gaps.push(`${gap.fromTradeId}-${gap.toTradeId}`);
      this.ids.push(...trades.map(trade => trade.tradeId));
    }
  }
}

describe('a tape', () => {
  test('begins with the snapshot, in order of ids', () => {
    const reader = new Reader();
    reader.apply('snapshot', 7, 5, 6);
    assert.deepEqual(reader.ids, [5, 6, 7]);
  });

  test('drops what a snapshot after a reconnect repeats (Trades replayed after reconnect)', () => {
    const reader = new Reader();
    reader.apply('snapshot', 5, 6, 7);
    reader.apply('update', 8);
    reader.apply('snapshot', 6, 7, 8, 9);
    assert.deepEqual(reader.ids, [5, 6, 7, 8, 9]);
    assert.equal(reader.trades.statistics.duplicatesDropped, 3);
  });

  test('holds back what comes after a gap until the gap is filled', () => {
    const reader = new Reader();
    reader.apply('snapshot', 5);
    reader.apply('update', 9, 10);
    assert.deepEqual(reader.trades.tape(BTC)?.missing, { fromTradeId: 6, toTradeId: 8 });
    reader.apply('rest', 6);
    assert.deepEqual(reader.trades.tape(BTC)?.missing, { fromTradeId: 7, toTradeId: 8 });
    reader.apply('update', 11);
    reader.apply('rest', 7, 8);
    assert.deepEqual(reader.ids, [5, 6, 7, 8, 9, 10, 11]);
    const { gapsDetected, gapsRepaired, tradesRecovered, tradesLost } = reader.trades.statistics;
    assert.deepEqual([gapsDetected, gapsRepaired, tradesRecovered, tradesLost], [1, 1, 3, 0]);
  });

  test('names what is given up, and goes on with what waited for it', () => {
    const reader = new Reader();
    reader.apply('snapshot', 5);
    reader.apply('update', 9, 10);
    reader.apply('rest', 6);
    reader.take(reader.trades.giveUp(BTC).deliveries);
    assert.deepEqual([reader.ids, reader.gaps], [[5, 6, 9, 10], ['7-8']]);
    assert.equal(reader.trades.statistics.tradesLost, 2);
    assert.equal(reader.trades.statistics.gapsRepaired, 0);
  });

  test('at its bound gives up what is missing rather than grow', () => {
    const reader = new Reader(3);
    reader.apply('snapshot', 1);
    reader.apply('update', 3, 4, 5);
    assert.deepEqual(reader.ids, [1]);
    reader.apply('update', 6);
    assert.deepEqual([reader.ids, reader.gaps], [[1, 3, 4, 5, 6], ['2-2']]);
  });

  test('with several gaps over its bound gives up one after the other, each named', () => {
    const reader = new Reader(1);
    reader.apply('snapshot', 1);
    reader.apply('update', 3);
    reader.apply('update', 5, 6);
    assert.deepEqual(
      [reader.ids, reader.gaps],
      [
        [1, 3, 5, 6],
        ['2-2', '4-4'],
      ],
    );
  });

  test('keeps the last thousand for readers, found by id', () => {
    const reader = new Reader();
    reader.apply('snapshot', ...Array.from({ length: 2_500 }, (_, index) => index + 1));
    const kept = reader.trades.last(BTC, 5_000) ?? [];
    assert.deepEqual([kept.length, kept[0]?.tradeId, kept.at(-1)?.tradeId], [1_000, 1_501, 2_500]);
    assert.deepEqual(
      reader.trades.last(BTC, 2)?.map(trade => trade.tradeId),
      [2_499, 2_500],
    );
    const tape = reader.trades.tape(BTC);
    assert.deepEqual([tape?.find(1_500), tape?.find(2_501)], [undefined, undefined]);
    assert.equal(tape?.find(1_777)?.tradeId, 1_777);
  });

  test('starts anew when the exchange has begun to number anew, with what is later than the last known', () => {
    const reader = new Reader();
    reader.trades.apply(BTC, [row(1_000, '2026-10-09T00:00:10.000000Z')], NOW, 'snapshot');
    const { deliveries, renumbered } = reader.trades.apply(
      BTC,
      [
        row(4, '2026-10-09T00:00:09.000000Z'),
        row(5, '2026-10-09T00:00:11.000000Z'),
        row(6, '2026-10-09T00:00:12.000000Z'),
        row(7, '2026-10-09T00:00:12.000000Z'),
      ],
      NOW,
      'snapshot',
    );
    assert.equal(renumbered, true);
    assert.deepEqual(
      deliveries[0]?.trades.map(trade => trade.tradeId),
      [5, 6, 7],
    );
    // A snapshot that is merely old is no reason to.
    assert.equal(
      reader.trades.apply(BTC, [row(3, '2026-10-09T00:00:08.000000Z')], NOW, 'snapshot').renumbered,
      false,
    );
  });

  test('starts anew after two messages of one trade each, and serves both', () => {
    const { trades } = new Reader();
    trades.apply(BTC, [row(1_000, '2026-10-09T00:00:10.000000Z')], NOW, 'snapshot');
    const first = trades.apply(BTC, [row(5, '2026-10-09T00:00:11.000000Z')], NOW, 'update');
    assert.deepEqual([first.renumbered, first.odd, first.deliveries], [false, 1, []]);
    const again = trades.apply(BTC, [row(5, '2026-10-09T00:00:11.000000Z')], NOW, 'update');
    assert.equal(again.renumbered, false, 'the same once more proves nothing');
    const second = trades.apply(BTC, [row(6, '2026-10-09T00:00:12.000000Z')], NOW, 'update');
    assert.equal(second.renumbered, true);
    assert.deepEqual(
      second.deliveries.flatMap(delivery => delivery.trades.map(trade => trade.tradeId)),
      [5, 6],
    );
  });

  test('goes on when one trade has an id from far ahead, or a time that has not come', () => {
    const reader = new Reader();
    reader.apply('snapshot', 5, 6);
    for (const odd of [row(2 ** 53 - 1), row(7, '2026-10-11T00:00:00.000000Z')]) {
      assert.equal(reader.trades.apply(BTC, [odd], NOW, 'update').odd, 1);
    }
    reader.apply('update', 7, 8);
    assert.deepEqual([reader.ids, reader.gaps], [[5, 6, 7, 8], []]);
  });

  test('begins with the trades that belong together, whatever odd one is among them', () => {
    const reader = new Reader();
    reader.apply('snapshot', 1, 70_000_001, 70_000_002, 70_000_003, 2 ** 53 - 1);
    assert.deepEqual(reader.ids, [70_000_001, 70_000_002, 70_000_003]);
  });

  test('gives up no trades for one that others have proved wrong since', () => {
    const reader = new Reader();
    reader.apply('snapshot', 5);
    reader.apply('update', 500);
    // Later than the odd one, in its time and in its coming.
    const later = row(6, new Date(Date.UTC(2026, 9, 8) + 1_000).toISOString());
    reader.take(reader.trades.apply(BTC, [later], NOW + 1_000, 'update').deliveries);
    reader.take(reader.trades.giveUp(BTC).deliveries);
    assert.deepEqual([reader.ids, reader.gaps], [[5, 6], []]);
    assert.equal(reader.trades.tape(BTC)?.missing, undefined);
  });
});

test('whatever odd trades come among right ones, each right one is served, once and in order', () => {
  const odd = fc.record({
    id: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 2_000_000, max: 2 ** 53 - 1 })),
    seconds: fc.integer({ min: -100_000, max: 200_000 }),
  });
  const step = fc.oneof(
    fc.record({ count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ odd, again: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const reader = new Reader();
      let next = 1_000;
      let last = 999;
      const right = (count: number): void => {
        reader.apply('update', ...Array.from({ length: count }, () => next++));
        last = next - 1;
      };
      reader.apply('snapshot', ...Array.from({ length: 5 }, () => next++));
      for (const one of steps) {
        if ('count' in one) right(one.count);
        else {
          const time = new Date(Date.UTC(2026, 9, 8) + last + one.odd.seconds * 1_000).toISOString();
          for (let times = one.again ? 2 : 1; times > 0; times -= 1) {
            reader.take(reader.trades.apply(BTC, [row(one.odd.id, time)], NOW, 'update').deliveries);
          }
          // One odd row is followed by right ones: two in a row that agree would be a proof.
          right(1);
        }
      }
      assert.deepEqual(
        reader.ids,
        Array.from({ length: next - 1_000 }, (_, index) => 1_000 + index),
      );
      assert.deepEqual(reader.gaps, []);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever is lost, repeated or out of order: each trade once, in order, and what is missing is named', () => {
  const frame = fc.record({
    from: fc.integer({ min: 1, max: 60 }),
    length: fc.integer({ min: 0, max: 12 }),
    source: fc.constantFrom('snapshot' as const, 'update' as const, 'rest' as const),
    giveUp: fc.boolean(),
    shuffle: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (frames, bound) => {
      const reader = new Reader(bound);
      const seen = new Set<number>();
      for (const { from, length, source, giveUp, shuffle } of frames) {
        const ids = Array.from({ length }, (_, index) => from + index);
        reader.apply(source, ...(shuffle ? ids.reverse() : ids));
        for (const id of ids) seen.add(id);
        if (giveUp) reader.take(reader.trades.giveUp(BTC).deliveries);
      }
      const { ids, gaps } = reader;
      const missing = new Set(
        gaps.flatMap(gap => {
          const [first = 0, last = 0] = gap.split('-').map(Number);
          return Array.from({ length: last - first + 1 }, (_, index) => first + index);
        }),
      );
      for (let index = 1; index < ids.length; index += 1) {
        const [before = 0, here = 0] = [ids[index - 1], ids[index]];
        assert.ok(here > before, 'rises, so nothing comes twice');
        for (let id = before + 1; id < here; id += 1) assert.ok(missing.has(id), `${id} is named`);
      }
      for (const id of ids) {
        assert.ok(seen.has(id), 'nothing is made up');
        assert.ok(!missing.has(id), 'nothing that was delivered is named as missing');
      }
      assert.ok((reader.trades.tape(BTC)?.held ?? 0) <= bound);
    }),
    { numRuns: 2_000 },
  );
});
