/** What the exchange says, and what it should not have said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Feed } from '../../bench/support/feed.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { BOOK_UPDATES, type BookEventResult, Mirror } from '../support/mirror.ts';
import { get, scenario } from '../support/scenario.ts';
import { startServer, TOKEN } from '../support/server.ts';

const PAIR = 'BTC/USD';

scenario(
  'frames that nobody can understand are counted, and the connection is kept',
  async ({ exchange, app, random }) => {
    const good =
      '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1.5,"qty":0.1,"ord_type":"limit","trade_id":7,"timestamp":"2026-01-01T00:00:00.000000Z"}]}';
    const bad = [
      '',
      '{',
      '[]',
      'null',
      '"trade"',
      '{"channel":5}',
      '{"channel":"trade"}',
      '{"channel":"trade","type":"update","data":{}}',
      '{"channel":"trade","type":"update","data":[null]}',
      '{"channel":"no such channel","type":"update","data":[]}',
      good.replace('1.5', '1e400'),
      good.replace('1.5', '"cheap"'),
      good.replace('0.1', '-'),
      good.replace('"trade_id":7', '"trade_id":9007199254740993'),
      good.replace('"side":"buy"', '"side":"hold"'),
      good.replace('update', 'upgrade'),
      `{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":1}],"asks":[],"checksum":1}]}`,
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      ...Array.from({ length: 40 }, () => good.slice(0, Math.floor(random() * (good.length - 1)))),
    ];
    const before = app.client.getMessageStatistics().errors;
    for (const text of bad) exchange.broadcast(text);
    await eventually(
      () => app.client.getMessageStatistics().errors - before,
      errors => errors === bad.length,
    );
    assert.equal(app.client.getConnectionStatus().public.reconnects, 0);
  },
);

scenario('numbers of forty digits go through with all of them', async ({ exchange, url }) => {
  const price = '1234567890123456789012.345678901234567890';
  const client = connect(url);
  await using values = subscribe(client, 'subscription { ticker(symbols: ["ETH/USD"]) { bid } }');
  await values.next();
  const row = exchange.tickerText('ETH/USD').replace(/"bid":[\d.]+/, `"bid":${price}`);
  exchange.broadcast(`{"channel":"ticker","type":"update","data":[${row}]}`);
  await values.until(({ data }) => data.ticker.bid === price);
  await values.stop();
  await client.dispose();
});

scenario('members that are new are no reason to understand nothing', async ({ exchange, url }) => {
  const client = connect(url);
  await using values = subscribe(client, 'subscription { ticker(symbols: ["ETH/USD"]) { bid } }');
  await values.next();
  const row = exchange
    .tickerText('ETH/USD')
    .replace('{', '{"new":{"deep":[1,2,{"a":null}]},')
    .replace(/"bid":[\d.]+/, '"bid":4.20');
  exchange.broadcast(`{"channel":"ticker","type":"update","new":true,"data":[${row}]}`);
  await values.until(({ data }) => data.ticker.bid === '4.20');
  await values.stop();
  await client.dispose();
});

scenario('a storm of wrong checksums shows no wrong book', async ({ exchange, app, url, random }) => {
  const client = connect(url);
  const values = subscribe(client, BOOK_UPDATES, { symbols: [PAIR], depth: 10 });
  const mirror = new Mirror(10);
  const next = async (): Promise<void> =>
    mirror.apply((await values.next()).data.bookUpdates as BookEventResult);
  await next();
  exchange.faults.corruptBooksWhen(() => random() < 0.3);
  for (let round = 0; round < 200; round += 1) {
    exchange.trade(PAIR);
    if (round % 20 === 0) await new Promise(resolve => setTimeout(resolve, 5));
  }
  exchange.faults.corruptBooksWhen(undefined);
  await eventually(
    () => {
      exchange.trade(PAIR);
      return app.client.feedState('book', app.client.resolveSymbol(PAIR));
    },
    state => state === 'LIVE',
  );
  assert.ok(app.client.market.bookStatistics.checksumFailures > 0);
  const wanted = app.client.getOrderbook(PAIR)?.sequence ?? 0;
  while (mirror.stale || mirror.sequence < wanted) await next();
  assert.deepEqual(mirror.problems, []);
  await values.stop();
  await client.dispose();
});

scenario(
  'trade frames that are lost, doubled and out of order are put right',
  async ({ exchange, random, witness }) => {
    for (let round = 0; round < 60; round += 1) {
      const dice = random();
      if (dice < 0.2) exchange.faults.loseTrades(1);
      else if (dice < 0.4) exchange.faults.duplicateTrades(1);
      else if (dice < 0.6) exchange.faults.delayTrades(1);
      exchange.trade(PAIR);
      exchange.trade(PAIR);
    }
    await witness.hasEverything();
  },
);

scenario('a rate limit delays what is subscribed, and nothing that streams', async ({ exchange, url }) => {
  exchange.faults.limitRate(1);
  const client = connect(url);
  await using values = subscribe(client, 'subscription { ticker(symbols: ["SOL/USD"]) { symbol } }');
  exchange.trade(PAIR);
  // Kraken does not say which request it ignored: the one that is not answered soon is asked again.
  assert.equal((await values.next()).data.ticker.symbol, 'SOL/USD');
  await values.stop();
  await client.dispose();
});

scenario(
  'maintenance and cancel_only are said, and readiness stays what it is: data still flow',
  async ({ exchange, app, url }) => {
    for (const system of ['maintenance', 'cancel_only', 'online']) {
      exchange.setSystem(system);
      await eventually(
        () => app.client.exchangeStatus,
        status => status === system,
      );
      assert.equal((await get(url, '/ready')).status, 200);
      const { data } = await query(url, '{ status { health } }');
      assert.equal(data.status.health, system === 'online' ? 'HEALTHY' : 'DEGRADED');
    }
  },
);

scenario(
  'tokens that expire and are refused cost balances a moment, and public data none',
  async ({ exchange, app, witness }) => {
    await eventually(
      () => app.client.balancesState,
      state => state === 'LIVE',
    );
    exchange.faults.rejectTokens(2);
    exchange.dropAll('rst');
    exchange.trade(PAIR);
    await eventually(
      () => app.client.balancesState,
      state => state === 'LIVE',
    );
    await witness.hasEverything();
  },
  { account: true },
);

scenario(
  'a permission that the key lost is named and asked for once; public data and who reads them notice nothing',
  async ({ exchange, app, url, witness }) => {
    const client = connect(url, TOKEN);
    const balances = subscribe(client, 'subscription { balances { asset freshness { stale state } } }');
    assert.equal((await balances.next()).data.balances.freshness.stale, false);
    exchange.account.permissions.delete('websockets');
    exchange.dropAll('rst');
    await balances.until(({ data }) => data.balances.freshness.state === 'REJECTED');
    const { denied } = app.client.getBalanceStreamingStatus();
    assert.match(denied ?? '', /the API key lacks "Access WebSockets API"/);
    const attempts = (): number => app.client.getConnectionStatus().private.reconnects;
    const before = attempts();
    for (let count = 0; count < 20; count += 1) exchange.trade(PAIR);
    await witness.hasEverything();
    assert.equal(app.client.getConnectionStatus().private.state, 'CLOSED');
    assert.equal(attempts(), before, 'nothing loops');
    await balances.stop();
    await client.dispose();
  },
  { account: true },
);

scenario(
  'fifty thousand messages at once are read, and the loop is not blocked for long',
  async ({ exchange, app, url, witness }) => {
    const before = app.client.getMessageStatistics().total;
    const row = exchange.tickerText('ETH/USD');
    const frame = `{"channel":"ticker","type":"update","data":[${row}]}`;
    for (let round = 0; round < 50; round += 1) {
      for (let count = 0; count < 1_000; count += 1) exchange.broadcast(frame);
      exchange.trade(PAIR);
      assert.equal((await get(url, '/health')).status, 200);
    }
    await eventually(
      () => app.client.getMessageStatistics().total - before,
      total => total >= 50_000,
    );
    await witness.hasEverything();
  },
);

scenario(
  'a channel that falls silent beside others of its pair is found out, and asked for anew',
  async ({ exchange, app, url }) => {
    const client = connect(url);
    const values = subscribe(client, `subscription { book(symbols: ["${PAIR}"]) { checksum } }`);
    await values.next();
    const symbol = app.client.resolveSymbol(PAIR);
    exchange.faults.mute('ticker', PAIR);
    const flow = setInterval(() => exchange.trade(PAIR), 50);
    await eventually(
      () => app.client.feedState('ticker', symbol),
      state => state === 'SILENT',
      25,
    );
    exchange.faults.unmute('ticker', PAIR);
    await eventually(
      () => app.client.feedState('ticker', symbol),
      state => state === 'LIVE',
    );
    clearInterval(flow);
    await values.stop();
    await client.dispose();
  },
);

test('of three thousand pairs those that the exchange does not list are named, and the others stream', async () => {
  const symbols = Array.from({ length: 3_000 }, (_, index) => `P${String(index).padStart(4, '0')}/USD`);
  const isListed = (symbol: string): boolean => Number(symbol.slice(1, 5)) % 20 !== 0;
  const members = 'bid bid_qty ask ask_qty last volume vwap low high change change_pct'.split(' ');
  const row = members.map(member => `"${member}":1.0`).join();
  const feed = new Feed(
    (channel, symbol) =>
      channel === 'ticker'
        ? `{"channel":"ticker","type":"snapshot","data":[{"symbol":"${symbol}",${row}}]}`
        : undefined,
    isListed,
  );
  const app = await startServer(await feed.start(), { SYMBOLS: symbols.join() });
  try {
    const states = (): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const { topic, state } of app.client.getSubscriptions())
        if (topic.channel === 'ticker') counts[state] = (counts[state] ?? 0) + 1;
      return counts;
    };
    await eventually(states, ({ LIVE, REJECTED }) => LIVE === 2_850 && REJECTED === 150);
    assert.equal((await get(app.url, '/ready')).status, 200);
    const refused = [...app.client.getSubscriptions()].filter(({ state }) => state === 'REJECTED');
    assert.ok(refused.every(({ topic, error }) => 'symbol' in topic && error?.endsWith(topic.symbol)));
  } finally {
    await app.close();
    feed.stop();
  }
});
