import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Asset,
  baseOfAsset,
  meansAsset,
  nearestAssets,
  type PairSymbol,
  SymbolDirectory,
  spellAssetName,
  spellPair,
} from '../../src/kraken/symbols.ts';

const directory = new SymbolDirectory(
  ['BTC/USD', 'BTC/USDT', 'DOGE/USD', 'ETH/BTC', 'AAPLx/USD', 'MONA/USD', 'SOL/EUR'].map(
    symbol => symbol as PairSymbol,
  ),
);

test('a pair is found under every spelling in use', () => {
  for (const text of [
    'BTC/USD',
    'btc/usd',
    'BTC-USD',
    'btc_usd',
    'BTCUSD',
    'btcusd',
    'XBT/USD',
    'xbt-usd',
    'XBTUSD',
    ' BTC/USD ',
  ]) {
    assert.equal(directory.resolve(text), 'BTC/USD', text);
  }
  for (const text of ['XDG/USD', 'XDGUSD', 'DOGEUSD'])
    assert.equal(directory.resolve(text), 'DOGE/USD', text);
  for (const text of ['ETH/XBT', 'ETHXBT', 'ETH/BTC']) assert.equal(directory.resolve(text), 'ETH/BTC', text);
  for (const text of ['AAPLx/USD', 'aaplx/usd', 'AAPLXUSD'])
    assert.equal(directory.resolve(text), 'AAPLx/USD', text);
});

test('of two pairs that differ in the case of a letter each is found by its own name', () => {
  for (const symbols of [
    ['AAPLx/USD', 'AAPLX/USD'],
    ['AAPLX/USD', 'AAPLx/USD'],
  ]) {
    const both = new SymbolDirectory(symbols.map(symbol => symbol as PairSymbol));
    for (const symbol of symbols) assert.equal(both.resolve(symbol), symbol);
  }
});

test('what is no pair is not found', () => {
  for (const text of ['', 'BTC', 'BTC/EUR', 'BTC/USD/EUR', '/', 'USD/BTC', '*', 'constructor', '__proto__']) {
    assert.equal(directory.resolve(text), undefined, text);
  }
});

test('suggestions are the pairs that look most like it, nearest first', () => {
  assert.equal(directory.suggest('BTC/UST')[0], 'BTC/USD');
  assert.ok(directory.suggest('BTC/UST').includes('BTC/USDT' as PairSymbol));
  assert.deepEqual(directory.suggest('XBT/USTD').slice(0, 2), ['BTC/USD', 'BTC/USDT']);
  assert.deepEqual(directory.suggest('QQQQQQQQQQ'), []);
});

test('without a directory a well-formed pair is spelled as Kraken does', () => {
  assert.equal(spellPair('xbt-usd'), 'BTC/USD');
  assert.equal(spellPair('AAPLx/USD'), 'AAPLx/USD');
  assert.equal(spellPair('btcusd'), undefined);
});

test('an asset is meant by each of its names, and its suffix is kept', () => {
  for (const [text, asset] of [
    ['xbt', 'BTC'],
    ['XXBT', 'BTC'],
    ['zusd', 'USD'],
    ['xdg', 'DOGE'],
    ['XBT.F', 'BTC.F'],
    ['usdt.m', 'USDT.M'],
    ['aaplx', 'AAPLx'],
    ['AAPLx', 'AAPLx'],
  ] as const) {
    assert.equal(meansAsset(text, asset as Asset), true, text);
    assert.equal(meansAsset(text, 'ETH' as Asset), false, text);
  }
  assert.equal(spellAssetName('xbt.f'), 'BTC.F');
  assert.equal(baseOfAsset('ETH2.S' as Asset), 'ETH2');
  assert.equal(baseOfAsset('USD.HOLD' as Asset), 'USD');
  assert.equal(baseOfAsset('A.X' as Asset), 'A.X');
  const assets = ['BTC', 'DOGE', 'ETH', 'USDT', 'USDC', 'USD'] as Asset[];
  assert.deepEqual(nearestAssets('doeg', assets), ['DOGE']);
  assert.deepEqual(nearestAssets('USDX', assets), ['USD', 'USDC', 'USDT']);
});
