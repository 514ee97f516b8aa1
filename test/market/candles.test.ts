import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/kraken/decode.ts';
import type { OhlcRow } from '../../src/kraken/messages.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { CandleSeries } from '../../src/market/candle-series.ts';
import { Candles } from '../../src/market/candles.ts';
import type { OHLCUpdate } from '../../src/market/ohlc-update.ts';
import { frames } from '../support/fixtures.ts';

const START = Date.UTC(2026, 9, 9);

/** The candle of a minute, after so many trades. */
function row(minute: number, trades: number): OhlcRow {
  const text = String(trades) as DecimalText;
  return {
    symbol: 'BTC/USD' as PairSymbol,
    open: text,
    high: text,
    low: text,
    close: text,
    vwap: text,
    volume: text,
    trades,
    interval_begin: new Date(START + minute * 60_000).toISOString().replace('Z', '000000Z'),
    interval: 1,
  };
}

/** Candles as minute:trades, with a dot behind those that are closed. */
function written(candles: readonly OHLCUpdate[]): string {
  return candles
    .map(one => `${(Date.parse(one.intervalBegin) - START) / 60_000}:${one.trades}${one.closed ? '.' : ''}`)
    .join(' ');
}

/** What a series holds. */
function shown(series: CandleSeries): string {
  return written(series.last(10_000));
}

describe('a series of candles', () => {
  test('takes the recorded snapshot with its missing minutes as it is', () => {
    const snapshot = decode(frames('ohlc.jsonl')[2] ?? '');
    assert.ok(snapshot.kind === 'ohlc');
    const series = new CandleSeries();
    series.applySnapshot(snapshot.data, 0);
    series.close(Date.parse('2026-09-10T17:43:30Z'));
    const candles = series.last(100);
    assert.deepEqual(
      candles.map(candle => candle.intervalBegin.slice(14, 16)),
      ['32', '33', '34', '35', '38', '39', '40', '41', '43'],
    );
    assert.deepEqual(
      candles.map(candle => candle.closed),
      [true, true, true, true, true, true, true, true, false],
    );
    assert.equal(candles[0]?.volume, '0.25302078');
    assert.equal(candles[0]?.intervalBegin, '2026-09-10T17:32:00.000000000Z', 'nanoseconds are kept');
    assert.equal(candles[0]?.intervalEnd, '2026-09-10T17:33:00.000Z');
  });

  test('a candle closes when a later one begins, or when its end and a grace have passed', () => {
    const series = new CandleSeries();
    series.applyUpdate(row(0, 1), 0);
    series.close(START + 64_999);
    assert.equal(shown(series), '0:1');
    assert.equal(series.closesAt, START + 65_000);
    series.close(START + 65_000);
    assert.equal(shown(series), '0:1.');
    assert.equal(series.closesAt, undefined);
    series.applyUpdate(row(1, 1), 0);
    assert.equal(shown(series), '0:1. 1:1');
    series.applyUpdate(row(3, 1), 0);
    assert.equal(shown(series), '0:1. 1:1. 3:1');
  });

  test('an older state of a candle does not replace a newer one', () => {
    const series = new CandleSeries();
    series.applyUpdate(row(0, 5), 0);
    series.applyUpdate(row(0, 4), 0);
    assert.equal(shown(series), '0:5');
    series.applyUpdate(row(0, 6), 0);
    assert.equal(shown(series), '0:6');
  });

  describe('tells each change once', () => {
    const corrected = (minute: number, trades: number): OhlcRow => ({
      ...row(minute, trades),
      close: '0.5' as DecimalText,
    });
    let series: CandleSeries;
    const taken = (...rows: readonly OhlcRow[]): string => {
      for (const one of rows) series.applyUpdate(one, 0);
      return written(series.takeChanged());
    };
    beforeEach(() => {
      series = new CandleSeries();
      series.applySnapshot([row(3, 1), row(4, 1), row(5, 1)], 0);
    });

    test('of a snapshot the latest candle: what is before it is history', () => {
      assert.equal(written(series.takeChanged()), '5:1');
      assert.equal(taken(), '');
    });

    test('a row that comes again says nothing', () => {
      series.takeChanged();
      assert.equal(taken(row(5, 1)), '');
      assert.equal(taken(row(4, 1)), '');
    });

    test('a late trade, a late candle, and a correction with as many trades', () => {
      series.takeChanged();
      assert.equal(taken(row(4, 2)), '4:2.');
      assert.equal(taken(row(2, 1)), '2:1.');
      assert.equal(taken(corrected(5, 1)), '5:1');
      assert.equal(taken(corrected(4, 2)), '4:2.');
      assert.equal(series.last(1)[0]?.close, '0.5');
    });

    test('a candle that closes, once, before the one that follows it', () => {
      assert.equal(taken(row(6, 1)), '5:1. 6:1');
      series.close(START + 8 * 60_000);
      assert.equal(taken(), '6:1.');
      assert.equal(taken(row(9, 1)), '9:1');
    });

    test('nothing of the time in which no one read it', () => {
      series.takeChanged();
      series.unread();
      series.applySnapshot([row(4, 2), row(5, 3), row(6, 1), row(7, 1)], 0);
      assert.equal(taken(), '7:1');
    });

    test('what a reconnect shows to have been missed, and what history fills in', () => {
      series.takeChanged();
      series.applySnapshot([row(4, 1), row(5, 2), row(6, 1), row(7, 1)], 0);
      assert.equal(taken(), '5:2. 6:1. 7:1');
      series.applySnapshot([row(12, 1)], 0);
      assert.equal(taken(), '12:1');
      series.mergeHistory([row(5, 2), row(6, 3), row(7, 1), row(9, 1), row(12, 1)], 0);
      assert.equal(taken(), '6:3. 7:1. 9:1.', 'not what it has told already');
      assert.equal(shown(series), '5:2. 6:3. 7:1. 9:1. 12:1');
    });
  });

  test('history is merged without a seam: the socket wins where it knows more, REST where it does', () => {
    const series = new CandleSeries();
    series.applySnapshot([row(5, 3), row(6, 2)], 0);
    series.applyUpdate(row(7, 1), 0);
    series.mergeHistory([row(3, 9), row(4, 9), row(5, 3), row(6, 4), row(7, 0)], 0);
    assert.equal(shown(series), '3:9. 4:9. 5:3. 6:4. 7:1');
    assert.equal(series.complete, true);
  });

  test('after a reconnect whose snapshot does not reach back, what is before it is fetched again', () => {
    const series = new CandleSeries();
    series.mergeHistory([row(0, 1), row(1, 1)], 0);
    series.applySnapshot([row(1, 2), row(2, 1)], 0);
    assert.equal(shown(series), '0:1. 1:2. 2:1');
    assert.equal(series.complete, true);
    series.applySnapshot([row(9, 1), row(10, 1)], 0);
    assert.equal(shown(series), '9:1. 10:1');
    assert.equal(series.complete, false);
  });

  test('replaying what came changes nothing', () => {
    const message = fc.oneof(
      fc.record({
        type: fc.constant('update' as const),
        rows: fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { minLength: 1, maxLength: 2 }),
      }),
      fc.record({
        type: fc.constant('history' as const),
        rows: fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { maxLength: 20 }),
      }),
    );
    const play = (
      series: CandleSeries,
      messages: readonly { type: string; rows: [number, number][] }[],
    ): void => {
      for (const { type, rows } of messages) {
        const candles = rows.map(([minute, trades]) => row(minute, trades));
        if (type === 'history') series.mergeHistory(candles, 0);
        else for (const candle of candles) series.applyUpdate(candle, 0);
      }
    };
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), messages => {
        const once = new CandleSeries();
        play(once, messages);
        const twice = new CandleSeries();
        play(twice, messages);
        play(twice, messages);
        assert.equal(shown(twice), shown(once));
        const begins = once.last(1_000).map(candle => candle.intervalBegin);
        assert.deepEqual(begins, [...new Set(begins)].sort());
      }),
    );
  });
});

describe('candles that no one reads', () => {
  const SYMBOL = 'BTC/USD' as PairSymbol;
  const NOW = START + 600_000;
  const parked = (): Candles => {
    const candles = new Candles();
    candles.apply('snapshot', SYMBOL, 1, [row(9, 1), row(10, 1)], NOW);
    candles.mergeHistory(SYMBOL, 1, [row(0, 1), row(1, 1)], NOW);
    candles.park(SYMBOL, 1, NOW);
    return candles;
  };
  const minutes = (candles: Candles): number[] | undefined =>
    candles.last(SYMBOL, 1, 100)?.map(one => (Date.parse(one.intervalBegin) - START) / 60_000);

  test('are not to be read until a snapshot shows that none is missing, and then all are there', () => {
    const candles = parked();
    assert.equal(candles.series(SYMBOL, 1), undefined);
    candles.apply('snapshot', SYMBOL, 1, [row(10, 5), row(11, 1)], NOW);
    assert.deepEqual(minutes(candles), [0, 1, 9, 10, 11]);
    assert.equal(candles.series(SYMBOL, 1)?.complete, true);
    assert.equal(candles.last(SYMBOL, 1, 2)?.[0]?.trades, 5, 'what was forming has been completed');
  });

  test('are forgotten when candles may be missing in between, or a day has passed', () => {
    const gap = parked();
    gap.apply('snapshot', SYMBOL, 1, [row(12, 1)], NOW);
    assert.deepEqual(minutes(gap), [12]);
    assert.equal(gap.series(SYMBOL, 1)?.complete, false);
    const old = parked();
    old.apply('snapshot', SYMBOL, 1, [row(10, 5)], NOW + 86_400_001);
    assert.deepEqual(minutes(old), [10]);
  });

  test('are bounded: the oldest of five hundred series goes first', () => {
    const candles = parked();
    for (let index = 0; index < 500; index += 1) {
      const other = `C${index}/USD` as PairSymbol;
      candles.apply('snapshot', other, 1, [row(10, 1)], NOW);
      candles.park(other, 1, NOW);
    }
    candles.apply('snapshot', SYMBOL, 1, [row(10, 5)], NOW);
    assert.deepEqual(minutes(candles), [10]);
  });
});
