/** What Kraken lists: shares, pairs that come and go, and pairs that only one of its APIs knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';
import { get } from '../support/scenario.ts';
import { start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

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
  exchange.unlist('SOL/USD');
  await eventually(
    () => kraken.market.instruments.pair(kraken.declaredSymbols('ticker')[0] ?? ('' as never)),
    row => row === undefined,
  );
  kraken.unsubscribe('ticker', ['SOL/USD']);
  assert.deepEqual(kraken.declaredSymbols('ticker'), []);
});

const TICKER = `subscription Ticker($symbol: Symbol!) {
  ticker(symbols: [$symbol]) { last instrument { status pricePrecision } freshness { state stale } } }`;

test('a halted pair is told to those who read its ticker, and stays live', async () => {
  await using pair = await start();
  const { exchange, url } = pair;
  const client = connect(url);
  const halted = subscribe(client, TICKER, { symbol: 'BTC/USD' });
  const neighbour = subscribe(client, TICKER, { symbol: 'ETH/USD' });
  assert.equal((await halted.next()).data.ticker.instrument.status, 'online');
  await neighbour.next();
  for (const status of ['cancel_only', 'maintenance', 'online']) {
    exchange.changePair('BTC/USD', { status });
    const { data } = await halted.until(value => value.data.ticker.instrument.status === status);
    assert.deepEqual(data.ticker.freshness, { state: 'LIVE', stale: false });
  }
  exchange.changePair('BTC/USD', { price_precision: 2 });
  await halted.until(({ data }) => data.ticker.instrument.pricePrecision === 2);
  // The same row again is no change.
  const waiting = halted.waiting;
  exchange.changePair('BTC/USD', { price_precision: 2 });
  exchange.trade('ETH/USD');
  await neighbour.next();
  assert.equal(halted.waiting, waiting);
  assert.equal(neighbour.waiting, 0);
  await client.dispose();
});

test('each change of a listed pair is told: of the pairs that were named, or of all', async () => {
  await using pair = await start();
  const { exchange, app, url } = pair;
  await eventually(
    () => app.client.market.instruments.known,
    known => known,
  );
  const client = connect(url);
  const fields = '{ symbol status qtyPrecision }';
  const all = subscribe(client, `subscription { instruments ${fields} }`);
  const some = subscribe(
    client,
    `subscription { instruments(symbols: ["xbt/usd", "SOL/USD", "BTC/USD"]) ${fields} }`,
  );
  const next = async (values: typeof all) => (await values.next()).data.instruments;
  assert.deepEqual(await next(some), { symbol: 'BTC/USD', status: 'online', qtyPrecision: 8 });
  assert.deepEqual(await next(some), { symbol: 'SOL/USD', status: 'online', qtyPrecision: 8 });
  exchange.changePair('DOT/USD', { status: 'post_only' });
  exchange.changePair('SOL/USD', { qty_precision: 5 });
  assert.deepEqual(await next(all), { symbol: 'DOT/USD', status: 'post_only', qtyPrecision: 8 });
  const changed = { symbol: 'SOL/USD', status: 'online', qtyPrecision: 5 };
  assert.deepEqual([await next(all), await next(some)], [changed, changed]);
  exchange.unlist('SOL/USD');
  const gone = { ...changed, status: 'delisted' };
  assert.deepEqual([await next(all), await next(some)], [gone, gone]);
  exchange.changePair('SOL/USD', {});
  assert.deepEqual([await next(all), await next(some)], [changed, changed], 'listed again');
  // A new list that says the same says nothing.
  exchange.sendInstruments();
  exchange.changePair('SOL/USD', { status: 'cancel_only' });
  assert.equal((await next(all)).status, 'cancel_only');
  assert.equal((await next(some)).status, 'cancel_only');
  await client.dispose();

  const early = await start({ withoutInstruments: true });
  const other = connect(early.url);
  const waiting = subscribe(other, `subscription { instruments(symbols: ["BTC/USD"]) ${fields} }`);
  await eventually(
    () => early.app.client.isConnected && early.exchange.sessions.size,
    count => count === 1,
  );
  await query(early.url, '{ status { health } }');
  early.exchange.sendInstruments();
  assert.equal((await next(waiting)).symbol, 'BTC/USD');
  await other.dispose();
  await early[Symbol.asyncDispose]();
});

for (const [how, delist] of [
  ['is delisted', (exchange: Exchange) => exchange.changePair('SOL/USD', { status: 'delisted' })],
  ['is gone from the list', (exchange: Exchange) => exchange.unlist('SOL/USD')],
] as const) {
  test(`a pair that ${how} is refused at once, to all its readers, and its last values stay`, async () => {
    await using pair = await start();
    const { exchange, app, url } = pair;
    const client = connect(url);
    const read = (text: string) => subscribe(client, `subscription { ${text} }`);
    const ticker = subscribe(client, TICKER, { symbol: 'SOL/USD' });
    const book = read('book(symbols: ["SOL/USD"]) { freshness { state } }');
    const updates = read(
      'bookUpdates(symbols: ["SOL/USD"]) { __typename ... on BookInterruption { state } }',
    );
    const trades = read('trades(symbols: ["SOL/USD"]) { trades { tradeId } }');
    const candles = read('ohlc(symbols: ["SOL/USD"]) { freshness { state } }');
    for (const values of [ticker, book, updates, trades, candles]) await values.next();
    delist(exchange);
    const { data } = await ticker.until(value => value.data.ticker.freshness.state === 'REJECTED');
    assert.equal(data.ticker.freshness.stale, true);
    assert.equal(data.ticker.instrument.status, 'delisted');
    assert.ok(Number(data.ticker.last) > 0);
    await book.until(value => value.data.book.freshness.state === 'REJECTED');
    await candles.until(value => value.data.ohlc.freshness.state === 'REJECTED');
    for (const events of [updates, trades]) {
      const { errors } = await events.until(value => value.errors !== undefined);
      assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_REJECTED');
      assert.equal(errors?.[0]?.extensions?.['reason'], 'SOL/USD is delisted');
    }
    // That a client asked for it says nothing of the feed.
    assert.equal((await query(url, '{ status { health } }')).data.status.health, 'HEALTHY');
    const again = await query(url, '{ tickers(symbols: ["SOL/USD"]) { last freshness { state } } }');
    if (how === 'is delisted') assert.equal(again.data.tickers[0].freshness.state, 'REJECTED');
    else assert.equal(again.errors?.[0]?.extensions?.['code'], 'UNKNOWN_SYMBOL');

    exchange.changePair('SOL/USD', { status: 'online' });
    await ticker.until(value => value.data.ticker.freshness.state === 'LIVE');
    await book.until(value => value.data.book.freshness.state === 'LIVE');
    assert.equal(app.client.feedState('trade', app.client.resolveSymbol('SOL/USD')), 'LIVE');
    await client.dispose();
  });
}

test('a pair that was delisted before anyone asked is refused without a wait, with the reason', async () => {
  await using pair = await start();
  const { exchange, url } = pair;
  await query(url, '{ instruments(base: "SOL") { symbol } }');
  exchange.changePair('SOL/USD', { status: 'delisted' });
  await eventually(
    () => query(url, '{ instrument(symbol: "SOL/USD") { status } }'),
    ({ data }) => data.instrument.status === 'delisted',
  );
  const { errors } = await query(url, '{ ticker(symbol: "SOL/USD") { last } }');
  assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_REJECTED');
  assert.equal(typeof errors?.[0]?.extensions?.['reason'], 'string');
});

test('the reader of a pair that `SYMBOLS=*` let go, because it was delisted, does not degrade the health', async () => {
  await using pair = await start({}, { SYMBOLS: '*' });
  const { exchange, app, url } = pair;
  const client = connect(url);
  const ticker = subscribe(client, TICKER, { symbol: 'SOL/USD' });
  await ticker.until(({ data }) => data?.ticker.freshness.state === 'LIVE');
  const health = async (): Promise<string> => (await query(url, '{ status { health } }')).data.status.health;
  await eventually(health, one => one === 'HEALTHY');
  exchange.changePair('SOL/USD', { status: 'delisted' });
  await ticker.until(({ data }) => data.ticker.freshness.state === 'REJECTED');
  assert.equal(app.client.declaredSymbols('ticker').includes(app.client.resolveSymbol('SOL/USD')), false);
  assert.equal(await health(), 'HEALTHY');
  await client.dispose();
});

test('a share goes all the way: subscriptions, errors with suggestions, and what the account has of it', async () => {
  await using pair = await start({}, WITH_ACCOUNT);
  const { exchange, url } = pair;
  const client = connect(url, TOKEN);
  await query(url, '{ assets { name } }');
  const read = (text: string) => subscribe(client, `subscription { ${text} }`);
  const book = read('bookUpdates(symbols: ["aaplx/usd"]) { ... on BookSnapshot { book { symbol } } }');
  const candles = read('ohlc(symbols: ["AAPLX/USD"], interval: ONE_HOUR) { symbol }');
  const listed = read('instruments(symbols: ["AAPLx-USD"]) { symbol assetClass status }');
  assert.equal((await book.next()).data.bookUpdates.book.symbol, 'AAPLx/USD');
  assert.equal((await candles.next()).data.ohlc.symbol, 'AAPLx/USD');
  assert.deepEqual((await listed.next()).data.instruments, {
    symbol: 'AAPLx/USD',
    assetClass: 'tokenized_asset',
    status: 'online',
  });
  exchange.changePair('AAPLx/USD', { status: 'cancel_only' });
  assert.equal((await listed.next()).data.instruments.status, 'cancel_only');
  const wrong = await query(url, '{ ticker(symbol: "AAPLy/USD") { last } }');
  assert.equal(wrong.errors?.[0]?.extensions?.['code'], 'UNKNOWN_SYMBOL');
  assert.deepEqual(
    (wrong.errors?.[0]?.extensions?.['suggestions'] as string[] | undefined)?.[0],
    'AAPLx/USD',
  );

  exchange.move('AAPLx', '3');
  const held = () => query(url, '{ balance(asset: "aaplx") { asset balance freeBalance } }', {}, TOKEN);
  const { data } = await eventually(held, one => one.data?.balance?.freeBalance != null);
  assert.deepEqual(data.balance.asset, 'AAPLx');
  assert.equal(Number(data.balance.freeBalance), 3);
  const { data: valued } = await query(
    url,
    '{ portfolio(currency: "AAPLx") { currency positions { balance { asset } route } } }',
    {},
    TOKEN,
  );
  assert.equal(valued.portfolio.currency, 'AAPLx');
  const usd = valued.portfolio.positions.find(
    (one: { balance: { asset: string } }) => one.balance.asset === 'USD',
  );
  assert.deepEqual(usd.route, ['AAPLx/USD']);
  await client.dispose();
});

test('assets are listed with their class', async () => {
  await using pair = await start();
  const { data, errors } = await query(
    pair.url,
    `{ assets { id name class } shares: assets(class: "Tokenized_Asset") { name status precision displayPrecision borrowable }
       currencies: assets(class: "currency") { name collateralValue marginRate }
       instrument(symbol: "BTC/USD") { assetClass costPrecision marginInitial marginable } }`,
  );
  assert.equal(errors, undefined);
  assert.deepEqual(data.shares, [
    { name: 'AAPLx', status: 'enabled', precision: 10, displayPrecision: 10, borrowable: false },
  ]);
  assert.equal(data.assets.length, data.currencies.length + 1);
  const ids = new Set(data.assets.map((one: { id: string }) => one.id));
  assert.equal(ids.size, data.assets.length);
  assert.ok(ids.has('Asset:BTC'));
  const bitcoin = data.currencies.find((one: { name: string }) => one.name === 'BTC');
  assert.deepEqual(bitcoin, { name: 'BTC', collateralValue: '1.000', marginRate: '0.025000' });
  assert.deepEqual(data.instrument, {
    assetClass: 'currency',
    costPrecision: 5,
    marginInitial: '0.20',
    marginable: true,
  });
});
