import assert from 'node:assert/strict';
import { test } from 'node:test';
import ccxt from 'ccxt';
import { Exchange } from '../../src/simulator/exchange.ts';

test('ccxt, which knows nothing of us, loads the markets of the simulator and watches its tickers', async () => {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const kraken = new ccxt.pro.kraken();
  const urls = kraken.urls as unknown as { api: { public: string; ws: Record<string, string> } };
  urls.api.public = exchange.restUrl;
  urls.api.ws['publicV2'] = exchange.publicUrl;
  try {
    // Without this it insists on TLS.
    await kraken.loadHttpProxyAgent();
    const markets = await kraken.loadMarkets();
    assert.equal(Object.keys(markets).length, 136);
    assert.equal(markets['BTC/USD']?.precision.price, 0.1);
    assert.ok(markets['DOGE/EUR']);

    const tickers = await kraken.watchTickers(['BTC/USD']);
    const truth = JSON.parse(exchange.tickerText('BTC/USD')) as Record<string, number>;
    assert.equal(tickers['BTC/USD']?.bid, truth['bid']);
    assert.equal(tickers['BTC/USD']?.ask, truth['ask']);

    const moved = kraken.watchTicker('BTC/USD');
    exchange.trade('BTC/USD');
    const ticker = await moved;
    const now = JSON.parse(exchange.tickerText('BTC/USD')) as Record<string, number>;
    assert.deepEqual([ticker.last, ticker.bid, ticker.baseVolume], [now['last'], now['bid'], now['volume']]);
  } finally {
    await kraken.close();
    await exchange.stop();
  }
});
