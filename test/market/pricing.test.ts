import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asset } from '../../src/kraken/symbols.ts';
import { routesOf } from '../../src/market/pricing.ts';

const listed = new Set<string>(['ETH/USD', 'EUR/USD', 'BTC/USD', 'ETH/BTC', 'OWN.S/USD', 'OWN/USD']);
const routes = (asset: string, currency = 'USD'): readonly string[] =>
  routesOf(asset as Asset, currency as Asset, symbol => listed.has(symbol)).map(route =>
    route.map(({ symbol, inverse }) => (inverse ? `1/(${symbol})` : symbol)).join(' '),
  );

test('what is kept apart under a suffix is priced as what it is of', () => {
  for (const suffix of ['F', 'B', 'S', 'M', 'P', 'T', 'HOLD']) {
    assert.deepEqual(routes(`ETH.${suffix}`), routes('ETH'), suffix);
    assert.deepEqual(routes(`USD.${suffix}`), [''], suffix);
  }
  assert.deepEqual(routes('ETH.X'), []);
  assert.deepEqual(routes('NOPE.HOLD'), []);
});

test('an asset that has pairs itself is priced by them', () => {
  assert.deepEqual(routes('OWN.S'), ['OWN.S/USD']);
});

test('directly first, then over another asset, either way round', () => {
  assert.deepEqual(routes('ETH', 'EUR'), ['ETH/USD 1/(EUR/USD)']);
  assert.deepEqual(routes('ETH.F', 'BTC'), ['ETH/BTC', 'ETH/USD 1/(BTC/USD)']);
  assert.deepEqual(routes('USD', 'BTC'), ['1/(BTC/USD)']);
});
