/** What Kraken lists: shares, pairs that come and go, and pairs that only one of its APIs knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';
import { get } from '../support/scenario.ts';
import { start } from '../support/server.ts';

test('pairs of tokenized assets are found, streamed, and have a history', async () => {
  await using pair = await start();
  const { exchange, url } = pair;
  for (const base of ['AAPLx', 'aaplx', 'AAPLX']) {
    const { data } = await query(url, `{ instruments(base: "${base}") { symbol base } }`);
    assert.deepEqual(data.instruments, [{ symbol: 'AAPLx/USD', base: 'AAPLx' }]);
  }
  const old = await query(url, '{ instruments(base: "XBT", quote: "usd") { symbol } }');
  assert.deepEqual(old.data.instruments, [{ symbol: 'BTC/USD' }]);
  const { data, errors } = await query(
    url,
    `{ instrument(symbol: "AAPLx/USD") { symbol }
       ticker(symbol: "aaplx/usd") { symbol last freshness { stale } }
       book(symbol: "AAPLx/USD") { bestBid { price } }
       ohlc(symbol: "AAPLx/USD", interval: ONE_MINUTE, last: 300) { symbol } }`,
  );
  assert.equal(errors, undefined);
  assert.equal(data.instrument.symbol, 'AAPLx/USD');
  assert.ok(exchange.tickerText('AAPLx/USD').includes(`"last":${data.ticker.last},`));
  assert.ok(exchange.tickerText('AAPLx/USD').includes(`"bid":${data.book.bestBid.price},`));
  assert.ok(data.ohlc.length > 100, 'from REST');

  const client = connect(url);
  const trades = subscribe(
    client,
    'subscription { trades(symbols: ["AAPLx/USD"]) { cursor trades { tradeId } } }',
  );
  const { cursor } = (await trades.next()).data.trades;
  await trades.stop();
  for (let count = 0; count < 2_000; count += 1) exchange.trade('AAPLx/USD');
  const resumed = subscribe(
    client,
    `subscription { trades(symbols: ["AAPLx/USD"], after: ["${cursor}"]) { gap { fromTradeId } trades { tradeId } } }`,
  );
  const first = await resumed.next();
  assert.equal(first.errors, undefined);
  assert.equal(first.data.trades.gap, null);
  await client.dispose();
});

test('what REST does not know is refused for good, in the words of Kraken', async () => {
  await using pair = await start();
  pair.exchange.faults.failRest(1, 'EQuery:Unknown asset pair');
  const ohlc = '{ ohlc(symbol: "BTC/USD", interval: ONE_MINUTE, last: 300) { symbol } }';
  const { errors } = await query(pair.url, ohlc);
  const { code, reason, retryAfterMs } = errors?.[0]?.extensions ?? {};
  assert.deepEqual(
    [code, reason, retryAfterMs],
    ['UPSTREAM_REJECTED', 'EQuery:Unknown asset pair', undefined],
  );
  pair.exchange.faults.failRest(1, 'EService:Unavailable');
  const again = await query(pair.url, ohlc);
  assert.equal(again.errors?.[0]?.extensions?.['code'], 'UPSTREAM_UNAVAILABLE');
  assert.equal((await query(pair.url, ohlc)).errors, undefined);
});

test('`SYMBOLS=*` streams the pairs that are online, as they come and go', async () => {
  await using pair = await start({}, { SYMBOLS: '*' });
  const { exchange, app, url } = pair;
  const [session] = await eventually(
    () => [...exchange.sessions],
    ([one]) => one?.isSubscribed('ticker', 'BTC/USD') === true && one.isSubscribed('ticker', 'AAPLx/USD'),
  );
  assert.equal(session?.isSubscribed('ticker', 'VET/USD'), false, 'post_only');
  const health = async (): Promise<string> => (await query(url, '{ status { health } }')).data.status.health;
  const follows = (symbol: string, wanted: boolean) =>
    eventually(
      () => session?.isSubscribed('ticker', symbol),
      subscribed => subscribed === wanted,
    );
  await eventually(health, one => one === 'HEALTHY');
  exchange.changePair('SOL/USD', { status: 'delisted' });
  exchange.changePair('VET/USD', { status: 'online' });
  await follows('SOL/USD', false);
  await follows('VET/USD', true);
  await eventually(health, one => one === 'HEALTHY');
  assert.equal(app.client.declaredSymbols('ticker').includes(app.client.resolveSymbol('SOL/USD')), false);
  assert.equal((await get(url, '/ready')).status, 200);
  exchange.changePair('SOL/USD', { status: 'online' });
  await follows('SOL/USD', true);
});

test('a pair that is not listed any more can still be unsubscribed by its name', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  kraken.subscribeTicker(['SOL/USD']);
  kraken.connect();
  await eventually(
    () => kraken.getTicker('SOL/USD'),
    ticker => ticker !== undefined,
  );
  // The whole list, and it is not in it any more.
  exchange.broadcast(
    '{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":1,"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.50,"tick_size":0.1,"price_increment":0.1,"qty_min":0.00005000}]}}',
  );
  await eventually(
    () => kraken.market.instruments.pair(kraken.declaredSymbols('ticker')[0] ?? ('' as never)),
    row => row === undefined,
  );
  kraken.unsubscribe('ticker', ['SOL/USD']);
  assert.deepEqual(kraken.declaredSymbols('ticker'), []);
});
