import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/kraken/decode.ts';
import type { InstrumentMessage, TickerRow } from '../../src/kraken/messages.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { freshness } from '../../src/market/freshness.ts';
import { Instruments } from '../../src/market/instruments.ts';
import { TickerUpdate } from '../../src/market/ticker.ts';
import { frames } from '../support/fixtures.ts';

function rowOf(frame: string): TickerRow {
  const message = decode(frame);
  return (message.kind === 'ticker' ? message.data[0] : undefined) ?? assert.fail('the frame is a ticker');
}
const [, , , , frame = ''] = frames('ticker.jsonl');

describe('ticker', () => {
  test('spread, mid price and percentage are exact', () => {
    const ticker = new TickerUpdate(rowOf(frame), 0);
    assert.deepEqual([ticker.bid, ticker.ask], ['83744.2', '83744.3']);
    assert.equal(ticker.spread?.toFixed(), '0.1');
    assert.equal(ticker.midPrice?.toFixed(), '83744.25');
    assert.equal(ticker.spreadPercentage?.toFixed(), '0.00011941');
  });

  test('an empty side, which Kraken sends as 0, leaves them undefined', () => {
    const ticker = new TickerUpdate({ ...rowOf(frame), bid: '0.0' as DecimalText }, 0);
    assert.deepEqual(
      [ticker.spread, ticker.midPrice, ticker.spreadPercentage],
      [undefined, undefined, undefined],
    );
  });

  test('no digit is lost, however many there are', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,24}\.\d{1,20}$/);
    fc.assert(
      fc.property(digits, digits, (bid, ask) => {
        const ticker = new TickerUpdate(
          { ...rowOf(frame), bid: bid as DecimalText, ask: ask as DecimalText },
          0,
        );
        const scaled = (text: string): bigint => {
          const [whole = '', fraction = ''] = text.replace('-', '').split('.');
          return BigInt(whole + fraction.padEnd(21, '0')) * (text.startsWith('-') ? -1n : 1n);
        };
        assert.equal(scaled(ticker.spread?.toFixed() ?? ''), scaled(ask) - scaled(bid));
        assert.equal(scaled(ticker.midPrice?.toFixed() ?? '') * 2n, scaled(ask) + scaled(bid));
      }),
    );
  });
});

describe('instruments', () => {
  const messages = frames('instrument.jsonl').map(text => decode(text) as InstrumentMessage);

  test('a snapshot replaces the list, an update replaces rows of it', () => {
    const instruments = new Instruments();
    assert.equal(instruments.known, false);
    const [first, second] = messages;
    if (first === undefined || second === undefined) assert.fail('two snapshots');
    instruments.apply(second);
    instruments.apply(first);
    assert.deepEqual(
      [...instruments.pairs()].map(pair => pair.symbol),
      ['EUR/USD', 'ETH/BTC'],
    );
    assert.equal(instruments.resolve('GBP/USD'), undefined);
    const [pair] = first.pairs;
    if (pair === undefined) assert.fail('a pair');
    instruments.apply({ ...first, type: 'update', assets: [], pairs: [{ ...pair, status: 'cancel_only' }] });
    assert.equal(instruments.pair('EUR/USD' as PairSymbol)?.status, 'cancel_only');
    assert.equal(instruments.resolve('xeth/xbt'), undefined);
    assert.equal(instruments.resolve('eth/xbt'), 'ETH/BTC');
    instruments.apply({
      ...first,
      type: 'update',
      assets: [],
      pairs: [{ ...pair, symbol: 'NEW/USD' as PairSymbol }],
    });
    assert.equal(instruments.resolve('newusd'), 'NEW/USD');
  });

  test('an outcome names what changed, and nothing that says the same', () => {
    const instruments = new Instruments();
    const [first, second] = messages;
    if (first === undefined || second === undefined) assert.fail('two snapshots');
    const [pair] = second.pairs;
    if (pair === undefined) assert.fail('a pair');
    const arrival = instruments.apply(second);
    assert.equal(arrival.arrived, true);
    assert.equal(arrival.changed.length, second.pairs.length);
    const quiet = { arrived: false, changed: [], delisted: [], relisted: [] };
    assert.deepEqual(instruments.apply(second), quiet);
    const update = (change: object): InstrumentMessage => ({
      ...second,
      type: 'update',
      assets: [],
      pairs: [{ ...pair, ...change }],
    });
    assert.deepEqual(instruments.apply(update({})), quiet);
    assert.deepEqual(instruments.apply(update({ status: 'cancel_only' })).changed, [pair.symbol]);
    const delisting = instruments.apply(update({ status: 'delisted' }));
    assert.deepEqual([delisting.delisted, delisting.relisted], [[pair.symbol], []]);
    const without = { ...second, pairs: second.pairs.slice(1) };
    assert.deepEqual(instruments.apply(without), quiet, 'it was delisted before it went');
    assert.equal(instruments.isDelisted(pair.symbol), true);
    assert.equal(instruments.pair(pair.symbol), undefined);
    assert.deepEqual(instruments.apply(second).relisted, [pair.symbol]);
    assert.deepEqual(instruments.apply(without).delisted, [pair.symbol]);
    assert.equal(instruments.lastKnown(pair.symbol)?.status, 'delisted');
    assert.equal(instruments.isDelisted('NEVER/USD' as PairSymbol), false);
  });

  test('a row that was not understood neither delists its pair nor changes it', () => {
    const instruments = new Instruments();
    const [, second] = messages;
    if (second === undefined) assert.fail('a snapshot');
    instruments.apply(second);
    const [pair, ...others] = second.pairs;
    const skipped = [{ name: pair?.symbol, problem: 'odd' }];
    assert.deepEqual(instruments.apply({ ...second, pairs: others, skipped }).changed, []);
  });

  test('before the list has arrived any well-formed pair is taken at its word', () => {
    assert.equal(new Instruments().resolve('xbt/usd'), 'BTC/USD');
    assert.equal(new Instruments().resolve('nonsense'), undefined);
  });
});

describe('freshness', () => {
  test('only a live value is not stale', () => {
    for (const state of ['PENDING', 'DISCONNECTED', 'RESYNCING', 'SILENT', 'REJECTED', undefined] as const) {
      assert.equal(freshness(0, state, 1, () => 'why').stale, true);
    }
    const reason = (): undefined => undefined;
    assert.deepEqual(freshness(1_000, 'LIVE', 1_250, reason), {
      receivedAt: 1_000,
      ageMs: 250,
      stale: false,
      state: 'LIVE',
      reason,
    });
  });
});
