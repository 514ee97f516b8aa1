import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { CandleFeed } from '../../src/client/candle-feed.ts';
import type { OhlcRow } from '../../src/kraken/messages.ts';
import { RestClient } from '../../src/kraken/rest.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { Candles } from '../../src/market/candles.ts';
import { ManualClock } from '../support/manual-clock.ts';

const BTC = 'BTC/USD' as PairSymbol;
const START = Date.UTC(2026, 9, 9);

let clock: ManualClock;
let feed: CandleFeed;
/** What was told, as minute:trades, with a dot behind closed ones. */
let told: string[];
let live: boolean;

function receive(minute: number, trades: number): void {
  const text = '1.0' as DecimalText;
  const row: OhlcRow = {
    symbol: BTC,
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
  feed.receive({ kind: 'ohlc', type: 'update', data: [row], skipped: [] }, clock.now());
}

beforeEach(() => {
  clock = new ManualClock(START);
  told = [];
  live = true;
  feed = new CandleFeed({
    candles: new Candles(),
    rest: new RestClient({ url: 'http://127.0.0.1:1', ratePerSecond: 1, timeoutMs: 1 }, clock),
    clock,
    pair: () => undefined,
    accepts: () => true,
    dropped: () => {},
    isWanted: () => true,
    isLive: () => live,
    changed: (_symbol, _interval, candles) => {
      told.push(
        candles
          .map(
            one =>
              `${(Date.parse(one.intervalBegin) - START) / 60_000}:${one.trades}${one.closed ? '.' : ''}`,
          )
          .join(' '),
      );
    },
  });
});

describe('a candle', () => {
  test('is told as closed together with the one that follows it', () => {
    receive(0, 1);
    receive(0, 2);
    clock.advance(61_000);
    receive(1, 1);
    assert.deepEqual(told, ['0:1', '0:2', '0:2. 1:1']);
  });

  test('that nothing follows is told as closed when its end and a grace have passed, once', () => {
    receive(0, 1);
    clock.advance(64_999);
    assert.deepEqual(told, ['0:1']);
    clock.advance(60_000);
    assert.deepEqual(told, ['0:1', '0:1.']);
    assert.equal(clock.pending, 0);
  });

  test('that was told as closed by the clock is not told again when the next one begins', () => {
    receive(0, 1);
    clock.advance(125_000);
    receive(2, 1);
    assert.deepEqual(told, ['0:1', '0:1.', '2:1']);
  });

  test('that ends while the feed is away stays open until the feed is back', () => {
    receive(0, 1);
    live = false;
    clock.advance(120_000);
    assert.deepEqual(told, ['0:1']);
    live = true;
    receive(0, 2);
    assert.deepEqual(told, ['0:1', '0:2.']);
  });

  test('that comes again the same is told only if readers take the feed for dead', () => {
    receive(0, 1);
    receive(0, 1);
    assert.deepEqual(told, ['0:1']);
    live = false;
    receive(0, 1);
    assert.deepEqual(told, ['0:1', '']);
  });

  test('leaves no timer behind when it is no longer wanted', () => {
    receive(0, 1);
    feed.drop(BTC, 1);
    assert.equal(clock.pending, 0);
    receive(0, 2);
    feed.stop();
    assert.equal(clock.pending, 0);
  });
});
