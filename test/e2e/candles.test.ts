import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OHLCUpdate } from '../../src/index.ts';
import { eventually } from '../support/client.ts';
import { type Library, startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';

/** A candle as the exchange writes it. */
function written(candle: OHLCUpdate): string {
  const { symbol, open, high, low, close, trades, volume, vwap, intervalBegin, interval } = candle;
  const prices = `"open":${open},"high":${high},"low":${low},"close":${close}`;
  const rest = `"trades":${trades},"volume":${volume},"vwap":${vwap}`;
  return `{"symbol":"${symbol}",${prices},${rest},"interval_begin":"${intervalBegin}","interval":${interval}`;
}

const truth = ({ exchange }: Library, interval: number): readonly string[] =>
  exchange.candleTexts(BTC, interval).map(text => text.replace(/,"timestamp".*/, ''));

test('candles of several intervals of one pair follow the exchange, digit for digit', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  const intervals = [1, 5, 60, 21_600];
  for (const interval of intervals) kraken.subscribeOhlc([BTC], interval);
  kraken.connect();
  await eventually(
    () => intervals.every(interval => kraken.getOhlcData(BTC, 1, interval).length === 1),
    all => all,
  );
  for (let count = 0; count < 50; count += 1) exchange.trade(BTC);
  for (const interval of intervals) {
    await eventually(
      () => kraken.getOhlcData(BTC, 10, interval).map(written).join(),
      held => held === truth(library, interval).join(),
    );
  }
  kraken.unsubscribe('ohlc', [BTC]);
  await eventually(
    () => [...exchange.sessions][0]?.isSubscribed('ohlc', BTC, 5),
    subscribed => !subscribed,
  );
});

test('history by REST joins what the socket tells without a seam, in the same digits', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  kraken.subscribeOhlc(['btc-usd'], 5);
  kraken.connect();
  await eventually(
    () => kraken.getOhlcData(BTC, 100, 5).length,
    count => count === 10,
  );
  exchange.trade(BTC);
  await kraken.loadOhlcHistory(BTC, 5);
  const candles = kraken.getOhlcData(BTC, 720, 5);
  assert.ok(candles.length > 100, `${candles.length} candles`);
  const begins = candles.map(candle => candle.intervalBegin);
  assert.deepEqual(begins, [...new Set(begins)].sort());
  for (const candle of candles) {
    assert.match(candle.open, /^\d+\.\d$/);
    assert.match(candle.volume, /^\d+\.\d{8}$/);
    assert.ok(candle.trades > 0, 'no candle without trades');
  }
  await eventually(
    () => kraken.getOhlcData(BTC, 10, 5).map(written).join(),
    held => held === truth(library, 5).join(),
  );
  assert.deepEqual(
    candles.map(candle => candle.closed),
    candles.map((_candle, index) => index < candles.length - 1),
  );
});

test('several who want the same history share one request, and a failure is told and can be tried again', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  kraken.subscribeOhlc([BTC]);
  kraken.connect();
  await eventually(
    () => kraken.getOhlcData(BTC).length,
    count => count === 10,
  );
  exchange.faults.failRest(1, 'EService:Unavailable');
  const outcomes = await Promise.allSettled([kraken.loadOhlcHistory(BTC), kraken.loadOhlcHistory(BTC)]);
  assert.deepEqual(
    outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.message),
    ['EService:Unavailable', 'EService:Unavailable'],
  );
  await kraken.loadOhlcHistory(BTC);
  assert.ok(kraken.getOhlcData(BTC, 720).length > 100);
});

test('an interval that does not exist is refused here', async () => {
  await using library = await startLibrary();
  assert.throws(() => library.kraken.subscribeOhlc([BTC], 2), { code: 'BAD_USER_INPUT' });
});
