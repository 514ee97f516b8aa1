/** What a user sees of a value that a callback was given, and can make of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { OHLCUpdate, TickerUpdate } from '../../src/index.ts';

const ticker = new TickerUpdate(
  {
    symbol: 'BTC/USD',
    bid: '100.00',
    bid_qty: '1.50',
    ask: '100.50',
    ask_qty: '2',
    last: undefined,
    volume: '12.5000',
    volume_usd: undefined,
    vwap: '100.1',
    low: '99',
    high: '101',
    change: '1',
    change_pct: '1.00',
    trades: 3,
    timestamp: undefined,
  },
  1,
);
const candle = new OHLCUpdate(
  {
    symbol: 'BTC/USD',
    open: '1.0',
    high: '4.0',
    low: '0.50',
    close: '3.0',
    vwap: '2',
    volume: '10.00',
    trades: 4,
    interval_begin: '2026-01-01T00:00:00.000000000Z',
    interval: 60,
  },
  true,
  1,
);

describe('a model', () => {
  for (const [name, model] of Object.entries({ ticker, candle })) {
    // Members that are computed are left to `toJSON`.
    const values = Object.entries(JSON.parse(JSON.stringify(model))).filter(([member]) =>
      Object.hasOwn(model, member),
    );

    test(`of a ${name} shows its values to console.log, spread and structuredClone`, () => {
      assert.ok(values.length >= 11);
      const shown = inspect(model);
      const spread: Record<string, unknown> = { ...model };
      const clone: Record<string, unknown> = structuredClone<object>(model) as Record<string, unknown>;
      for (const [member, value] of values) {
        assert.ok(shown.includes(`${member}: ${inspect(value)}`), member);
        assert.equal(spread[member], value);
        assert.equal(clone[member], value);
      }
    });
  }

  test('computes the rest exactly', () => {
    assert.equal(ticker.spread?.toFixed(), '0.5');
    assert.equal(candle.intervalEnd, '2026-01-01T01:00:00.000Z');
    assert.equal(JSON.parse(JSON.stringify(ticker)).spread, '0.5');
  });
});
