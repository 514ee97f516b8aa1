/** The simulator against a client that knows nothing of us: what it makes of the frames is what they mean. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import ccxt from 'ccxt';
import { SIMULATED_KEY, SIMULATED_SECRET } from '../../src/simulator/account.ts';
import { Exchange } from '../../src/simulator/exchange.ts';

let exchange: Exchange;
let kraken: InstanceType<typeof ccxt.pro.kraken>;

beforeEach(async () => {
  exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  kraken = new ccxt.pro.kraken({ apiKey: SIMULATED_KEY, secret: SIMULATED_SECRET });
  const urls = kraken.urls as unknown as {
    api: { public: string; private: string; ws: Record<string, string> };
  };
  urls.api.public = exchange.restUrl;
  urls.api.private = exchange.restUrl;
  urls.api.ws['publicV2'] = exchange.publicUrl;
  urls.api.ws['privateV2'] = exchange.privateUrl;
  urls.api.ws['private'] = exchange.privateUrl;
  // Without this it insists on TLS.
  await kraken.loadHttpProxyAgent();
});
afterEach(async () => {
  await kraken.close();
  await exchange.stop();
});

type Row = Record<string, number>;
const parsed = (texts: readonly string[]): Row[] => texts.map(text => JSON.parse(text) as Row);

test('loads the markets and watches tickers', async () => {
  const markets = await kraken.loadMarkets();
  assert.equal(Object.keys(markets).length, 136);
  assert.equal(markets['BTC/USD']?.precision.price, 0.1);
  assert.ok(markets['DOGE/EUR']);

  const tickers = await kraken.watchTickers(['BTC/USD']);
  const truth = JSON.parse(exchange.tickerText('BTC/USD')) as Row;
  assert.equal(tickers['BTC/USD']?.bid, truth['bid']);
  assert.equal(tickers['BTC/USD']?.ask, truth['ask']);

  const moved = kraken.watchTicker('BTC/USD');
  exchange.trade('BTC/USD');
  const ticker = await moved;
  const now = JSON.parse(exchange.tickerText('BTC/USD')) as Row;
  assert.deepEqual([ticker.last, ticker.bid, ticker.baseVolume], [now['last'], now['bid'], now['volume']]);
});

test('watches trades, and reads the same by REST', async () => {
  await kraken.loadMarkets();
  const first = kraken.watchTrades('BTC/USD');
  const flow = setInterval(() => exchange.trade('BTC/USD'), 5);
  const trades = [...(await first)];
  while (trades.length < 20) trades.push(...(await kraken.watchTrades('BTC/USD')));
  clearInterval(flow);
  const truth = new Map(parsed(exchange.tradeTexts('BTC/USD')).map(row => [String(row['trade_id']), row]));
  for (const { id, price, amount, side, takerOrMaker } of trades) {
    const row = truth.get(String(id));
    assert.deepEqual(
      [price, amount, side, takerOrMaker],
      [row?.['price'], row?.['qty'], row?.['side'], undefined],
    );
  }
  const byRest = await kraken.fetchTrades('BTC/USD', trades[0]?.timestamp);
  assert.ok(byRest.length > 10);
  for (const { id, price, amount } of byRest) {
    const row = truth.get(String(id));
    assert.deepEqual([price, amount], [row?.['price'], row?.['qty']]);
  }
});

test('watches candles, and reads the same by REST', async () => {
  await kraken.loadMarkets();
  const subscribed = kraken.watchOHLCV('ETH/USD', '5m');
  const snapshot = await subscribed;
  const shown = (row: Row | undefined) =>
    ['open', 'high', 'low', 'close', 'volume'].map(member => row?.[member]);
  assert.deepEqual(
    snapshot.map(([, ...values]) => values),
    parsed(exchange.candleTexts('ETH/USD', 5)).slice(-snapshot.length).map(shown),
  );
  const next = kraken.watchOHLCV('ETH/USD', '5m');
  exchange.trade('ETH/USD');
  const candles = await next;
  assert.deepEqual(candles.at(-1)?.slice(1), shown(parsed(exchange.candleTexts('ETH/USD', 5)).at(-1)));
  const history = await kraken.fetchOHLCV('ETH/USD', '5m');
  assert.ok(history.length > 50, String(history.length));
  assert.deepEqual(history.at(-1)?.slice(1), shown(parsed(exchange.candleTexts('ETH/USD', 5)).at(-1)));
});

test('signs its requests, and watches balances', async () => {
  const balance = await kraken.watchBalance();
  const totals = balance as unknown as Record<string, { total?: number }>;
  for (const [asset, { balance }] of exchange.account.truth()) {
    if (!asset.includes('.')) assert.equal(totals[asset]?.total, Number(balance), asset);
  }
  const next = kraken.watchBalance();
  exchange.move('EUR', '5');
  assert.equal(((await next) as unknown as typeof totals)['EUR']?.total, 1_005);
  exchange.placeOrder('BTC/USD', 'sell', '0.50000000', '90000.0');
  const { BTC } = (await kraken.fetchBalance()) as unknown as Record<string, Row>;
  assert.deepEqual([BTC?.['total'], BTC?.['used'], BTC?.['free']], [1.2435, 0.5, 0.7435]);
});

test('mirrors a book through many changes', async () => {
  await kraken.loadMarkets();
  await kraken.watchOrderBook('BTC/USD', 10);
  const flow = setInterval(() => exchange.trade('BTC/USD'), 2);
  for (let update = 0; update < 50; update += 1) await kraken.watchOrderBook('BTC/USD', 10);
  clearInterval(flow);
  exchange.trade('BTC/USD');
  const row = exchange.bookRow('BTC/USD', 10) as Record<
    'asks' | 'bids',
    readonly { price: { token: string } }[]
  >;
  const wanted = row.asks.map(level => Number(level.price.token)).join();
  let asks = '';
  while (asks !== wanted) {
    const book = await kraken.watchOrderBook('BTC/USD', 10);
    asks = book.asks
      .slice(0, 10)
      .map(([price]) => price)
      .join();
  }
  assert.equal(asks, wanted);
});
