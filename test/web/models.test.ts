import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, mock, test } from 'node:test';
import fc from 'fast-check';
import { ApiError, errorOf } from '../../web/api/error.ts';
import { isZero, padded, runningSums, significant, thousands } from '../../web/lib/decimal.ts';
import { count, milliseconds, perSecond, span } from '../../web/lib/format.ts';
import { Model } from '../../web/lib/model.ts';
import { Candles } from '../../web/model/candles.ts';
import { type Pair, search } from '../../web/model/pairs.ts';
import { Tape } from '../../web/model/tape.ts';

describe('what is shown once per frame', () => {
  class Counter extends Model {
    value = 0;
    add(): void {
      this.value += 1;
      this.changed();
    }
  }

  /** Node has no frames of its own. */
  const frames: (() => void)[] = [];
  const frame = (): void => frames.pop()?.();
  before(() => {
    Object.assign(globalThis, {
      requestAnimationFrame: (callback: () => void) => void frames.push(callback),
    });
  });
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('a thousand changes between two frames are told once, and a model that nobody watches asks for none', () => {
    const model = new Counter();
    model.add();
    assert.equal(frames.length, 0);
    const told: number[] = [];
    const stop = model.watch(() => told.push(model.value));
    for (let index = 0; index < 1_000; index += 1) model.add();
    assert.equal(frames.length, 1);
    frame();
    mock.timers.tick(1);
    assert.deepEqual(told, [1_001]);
    stop();
    model.add();
    assert.equal(frames.length, 0);
  });

  test('for twice as long as a frame kept the page busy, the next ones are left out', t => {
    let nowMs = 1_000_000;
    t.mock.method(performance, 'now', () => nowMs);
    const model = new Counter();
    const told: number[] = [];
    const stop = model.watch(() => told.push(model.value));
    model.add();
    frame();
    // Laid out and painted twelve milliseconds later.
    nowMs += 12;
    mock.timers.tick(1);
    model.add();
    model.add();
    nowMs += 20;
    frame();
    assert.deepEqual(told, [1], 'twenty milliseconds after the end of the frame before');
    assert.equal(frames.length, 1, 'but it is asked for again');
    nowMs += 5;
    frame();
    assert.deepEqual(told, [1, 3]);
    mock.timers.tick(1);
    stop();
  });
});

describe('digits', () => {
  test('running totals are exact to the last digit, with the places of the finest', () => {
    assert.deepEqual(runningSums(['0.1', '0.20', '1']), ['0.10', '0.30', '1.30']);
    assert.deepEqual(runningSums(['0.00000001', '9999999999.99999999']), [
      '0.00000001',
      '10000000000.00000000',
    ]);
    assert.deepEqual(runningSums(['7', '8']), ['7', '15']);
    assert.deepEqual(runningSums([]), []);
    const amount = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1 }), lots => {
        const sums = runningSums(
          lots.map(lot => `${Math.floor(lot / 100)}.${String(lot % 100).padStart(2, '0')}`),
        );
        const total = lots.reduce((sum, lot) => sum + lot, 0);
        assert.equal(sums.at(-1), `${Math.floor(total / 100)}.${String(total % 100).padStart(2, '0')}`);
      }),
    );
  });

  test('a percentage has three significant digits at any size, and all that stand before the point', () => {
    const read: Readonly<Record<string, string>> = {
      '2.6215': '2.62',
      '0.01237777': '0.0124',
      '0.00011941': '0.000119',
      '123.456': '123',
      '1234.56': '1235',
      '9.999': '10.0',
      '0.09999': '0.100',
      '-2.6215': '-2.62',
      '5': '5',
      '100': '100',
      '0': '0',
      '0.000': '0.000',
    };
    for (const [text, short] of Object.entries(read)) assert.equal(significant(text, 3), short, text);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), fc.integer({ min: 0, max: 12 }), (units, places) => {
        const digits = String(units).padStart(places + 1, '0');
        const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
        const short = significant(text, 3);
        assert.ok(Math.abs(Number(short) / Number(text) - 1) <= 0.005 + 1e-9, `${text} is not ${short}`);
        assert.equal(significant(short, 3), short);
      }),
    );
  });

  test('are added until all of a pair have as many places, and never taken away', () => {
    assert.deepEqual(
      [padded('5', 2), padded('5.0', 2), padded('5.000', 2), padded('5', 0), padded('5')],
      ['5.00', '5.00', '5.000', '5', '5'],
    );
    assert.deepEqual(['0', '0.000', '0.0001', '10'].map(isZero), [true, true, false, false]);
  });

  test('are cut into groups of three before the point, and put together are what they were', () => {
    assert.deepEqual(thousands('5105636126892.1234'), ['5', '105', '636', '126', '892.1234']);
    assert.deepEqual(thousands('-1234567'), ['-1', '234', '567']);
    assert.deepEqual(thousands('123.456789'), ['123.456789']);
    assert.deepEqual(thousands('No bids'), ['No bids']);
    fc.assert(
      fc.property(fc.stringMatching(/^[-+−]?\d{1,20}(\.\d{1,12})?$/), text => {
        assert.equal(thousands(text).join(''), text);
      }),
    );
  });

  test('counts, rates, times and spans are short', () => {
    assert.equal(count(1_234_567), '1,234,567');
    assert.deepEqual([0, 0.34, 12.44, 1_530.2].map(perSecond), ['0/s', '0.3/s', '12.4/s', '1,530/s']);
    assert.deepEqual([0.42, 12.4, 1_240].map(milliseconds), ['0.4 ms', '12 ms', '1.2 s']);
    assert.deepEqual([0, 999, 42_000, 185_000, 3_600_000, 187_200_000, 86_400_000].map(span), [
      '0 s',
      '0 s',
      '42 s',
      '3 min 5 s',
      '1 h',
      '2 d 4 h',
      '1 d',
    ]);
  });
});

describe('the tape', () => {
  const batch = (...ids: number[]) => ({
    trades: {
      trades: ids.map(tradeId => ({ tradeId, side: 'BUY' as const, price: '1.0', qty: '1', timestamp: '' })),
    },
  });
  const read = (tape: Tape): unknown[] =>
    tape.lines.map(line => ('trade' in line ? line.trade.tradeId : `missing ${line.missing}`));

  test('is newest first, and keeps a hundred lines', () => {
    const tape = new Tape();
    assert.deepEqual(read(tape), []);
    tape.take(batch(7, 8));
    tape.take(batch(9));
    assert.deepEqual(read(tape), [9, 8, 7]);
    tape.take(batch(...Array.from({ length: 300 }, (_, index) => 10 + index)));
    assert.equal(read(tape).length, 100);
    assert.equal(read(tape)[0], 309);
  });

  test('knows what a new subscription tells once more, and sees what it can not tell any more', () => {
    const tape = new Tape();
    tape.take(batch(1, 2, 3));
    tape.interrupted();
    tape.take(batch(2, 3, 4));
    assert.deepEqual(read(tape), [4, 3, 2, 1]);
    tape.interrupted();
    assert.equal(tape.standing?.stale, true);
    tape.take(batch(8, 9));
    assert.deepEqual(read(tape), [9, 8, 'missing 3', 4, 3, 2, 1]);
    assert.equal(tape.standing?.stale, false);
    // Another exchange, or one that counts anew.
    tape.interrupted();
    tape.take(batch(5, 6));
    assert.deepEqual(read(tape), [6, 5]);
  });
});

describe('candles', () => {
  const bar = (minute: number, close: string, trades: number, closed = true) => ({
    intervalBegin: `2026-11-25T00:${String(minute).padStart(2, '0')}:00.000000000Z`,
    open: '1.0',
    high: '2.0',
    low: '0.5',
    close,
    volume: '3',
    trades,
    closed,
  });
  const freshness = { state: 'LIVE', stale: false, ageMs: 0 } as const;
  const read = (candles: Candles): unknown[] =>
    candles.bars.map(({ intervalBegin, close }) => [Number(intervalBegin.slice(14, 16)), close]);

  test('history and stream are one series, in order, and of two answers about one the later stays, whichever comes first', () => {
    const candles = new Candles();
    candles.take({ ohlc: { ...bar(3, 'newer', 9, false), freshness } });
    candles.takeHistory([bar(1, 'a', 2), bar(2, 'b', 2), bar(3, 'older', 7, false)]);
    assert.deepEqual(read(candles), [
      [1, 'a'],
      [2, 'b'],
      [3, 'newer'],
    ]);
    candles.take({ ohlc: { ...bar(3, 'closed', 9), freshness } });
    candles.take({ ohlc: { ...bar(4, 'd', 1, false), freshness } });
    candles.takeHistory([bar(3, 'forming', 9, false), bar(4, 'later', 2, false)]);
    assert.deepEqual(read(candles), [
      [1, 'a'],
      [2, 'b'],
      [3, 'closed'],
      [4, 'later'],
    ]);
  });

  test('each bar has the version of its last change, so that a chart draws no more than changed', () => {
    const candles = new Candles();
    candles.takeHistory([bar(1, 'a', 1), bar(2, 'b', 1)]);
    const drawn = candles.version;
    candles.take({ ohlc: { ...bar(2, 'c', 2), freshness } });
    assert.deepEqual(
      candles.bars.filter(({ version }) => version > drawn).map(({ close }) => close),
      ['c'],
    );
  });
});

describe('the search for a pair', () => {
  const pairs: readonly Pair[] = ['AAVE/USD', 'BTC/EUR', 'BTC/USD', 'DOGE/USD', 'ETH/BTC', 'WBTC/USD'].map(
    symbol => ({
      symbol,
      base: symbol.split('/')[0] ?? '',
      quote: symbol.split('/')[1] ?? '',
      status: 'online',
      pricePrecision: 1,
      qtyPrecision: 8,
    }),
  );
  const found = (text: string): string[] => search(pairs, text).map(({ symbol }) => symbol);

  test('finds by base first, then anywhere, what is quoted in dollars before others, under any of the usual names', () => {
    assert.deepEqual(found('btc'), ['BTC/USD', 'BTC/EUR', 'WBTC/USD', 'ETH/BTC']);
    assert.deepEqual(found('BTC/USD')[0], 'BTC/USD');
    assert.deepEqual(found('btc-eur'), ['BTC/EUR']);
    assert.deepEqual(found('doge usd'), ['DOGE/USD']);
    assert.equal(found('btc / usd')[0], 'BTC/USD');
    assert.deepEqual(found(' eth /btc '), ['ETH/BTC']);
    assert.deepEqual(found('btcusd')[0], 'BTC/USD');
    assert.deepEqual(found('xbt/usd')[0], 'BTC/USD');
    assert.deepEqual(found('xdg'), ['DOGE/USD']);
    assert.deepEqual(found('nothing'), []);
    assert.equal(found('').length, pairs.length);
  });
});

describe('errors of the API', () => {
  test('say that another version of the page is wanted, where GraphQL refuses what the page asks', () => {
    for (const message of [
      'Cannot query field "vwap" on type "Ticker". Did you mean "ask"?',
      'Unknown argument "maxRate" on field "Subscription.ticker".',
      'Unknown type "CandleInterval".',
      'Field "balances" must not have a selection since type "Int" has no subfields.',
      'Variable "$depth" of type "Int!" used in position expecting type "Float".',
    ]) {
      const error = errorOf([{ message }]);
      assert.deepEqual([error.code, error.isFinal, error.reason], ['OUTDATED', true, message]);
      assert.match(error.message, /reload/);
    }
    assert.equal(
      errorOf([{ message: 'x', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]).code,
      'OUTDATED',
    );
    assert.equal(errorOf([{ message: 'No pair "A/B" is known' }]).code, 'UNKNOWN');
  });

  test('carry code, suggestions and reason, whatever form they come in', () => {
    const error = errorOf([
      {
        message: 'No pair',
        extensions: { code: 'UNKNOWN_SYMBOL', suggestions: ['BTC/USD'], reason: 'because' },
      },
    ]);
    assert.deepEqual(
      [error.message, error.code, error.suggestions, error.reason, error.isFinal],
      ['No pair', 'UNKNOWN_SYMBOL', ['BTC/USD'], 'because', true],
    );
    assert.equal(errorOf({ code: 1001, reason: 'Going away' }).message, 'Going away');
    assert.equal(errorOf(new TypeError('fetch failed')).message, 'fetch failed');
    assert.equal(errorOf(undefined).isFinal, false);
    const given = new ApiError('as it is');
    assert.equal(errorOf(given), given);
  });
});
