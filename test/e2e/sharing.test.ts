import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from 'graphql-ws';
import { TickerUpdate } from '../../src/market/ticker.ts';
import { connect, eventually, query, subscribe, subscribeByEvents, type Values } from '../support/client.ts';
import { start } from '../support/server.ts';

const TICKER =
  'subscription Prices($symbols: [Symbol!]!, $maxRate: Float) { ticker(symbols: $symbols, maxRate: $maxRate) { symbol bid midPrice } }';

async function clients(
  url: string,
): Promise<{ connections: number; subscriptions: number; broadcasts: number; delivered: number }> {
  return (
    await query(
      url,
      '{ status { clients { connections subscriptions broadcasts delivered conflated slowConsumers } } }',
    )
  ).data.status.clients;
}

test('200 identical subscribers are one broadcast and one execution a change; another rate or selection is a second', async () => {
  await using pair = await start();
  // Each execution of this selection reads the mid price once.
  let executions = 0;
  const getter =
    Object.getOwnPropertyDescriptor(TickerUpdate.prototype, 'midPrice')?.get ?? assert.fail('a getter');
  Object.defineProperty(TickerUpdate.prototype, 'midPrice', {
    configurable: true,
    get(this: TickerUpdate) {
      executions += 1;
      return getter.call(this);
    },
  });

  const sockets: Client[] = Array.from({ length: 20 }, () => connect(pair.url));
  const all: Values[] = [];
  try {
    // Aliases and spacing differ, and mean the same.
    const spellings = ['BTC/USD', 'btc-usd', 'XBTUSD'];
    for (let index = 0; index < 200; index += 1) {
      const text = index % 2 === 0 ? TICKER : `# the same\n${TICKER.replaceAll(' ', '  ')}`;
      all.push(subscribe(sockets[index % 20] as Client, text, { symbols: [spellings[index % 3]] }));
    }
    await Promise.all(all.map(values => values.next()));
    const shared = await eventually(
      () => clients(pair.url),
      ({ subscriptions }) => subscriptions === 200,
    );
    assert.equal(shared.broadcasts, 1);
    assert.equal(shared.connections, 20);

    executions = 0;
    for (let change = 1; change <= 5; change += 1) {
      pair.exchange.trade('BTC/USD');
      const results = await Promise.all(all.map(values => values.next()));
      assert.equal(new Set(results.map(result => JSON.stringify(result))).size, 1);
      assert.equal(executions, change);
    }

    const throttled = subscribe(sockets[0] as Client, TICKER, { symbols: ['BTC/USD'], maxRate: 2 });
    const other = subscribe(sockets[1] as Client, TICKER.replace('bid', 'ask'), { symbols: ['BTC/USD'] });
    const events = subscribeByEvents(pair.url, TICKER, { symbols: ['BTC/USD'] });
    all.push(throttled, other, events);
    await Promise.all([throttled.next(), other.next(), events.next()]);
    const more = await clients(pair.url);
    assert.deepEqual(
      [more.broadcasts, more.subscriptions, more.connections],
      [3, 203, 21],
      'an event stream joins the first',
    );

    const { data } = await query(
      pair.url,
      '{ status { subscriptions { channel symbol subscribers state } } }',
    );
    assert.deepEqual(
      data.status.subscriptions.find((one: { symbol: string }) => one.symbol === 'BTC/USD'),
      {
        channel: 'ticker',
        symbol: 'BTC/USD',
        subscribers: 203,
        state: 'LIVE',
      },
    );
  } finally {
    Object.defineProperty(TickerUpdate.prototype, 'midPrice', { configurable: true, get: getter });
    await Promise.all(all.map(values => values.stop()));
    await Promise.all(sockets.map(async socket => socket.dispose()));
  }
  const left = await eventually(
    () => clients(pair.url),
    ({ connections }) => connections === 0,
  );
  assert.deepEqual([left.broadcasts, left.subscriptions], [0, 0]);
});

test('100 new pairs in one query are one subscribe request upstream', async () => {
  await using pair = await start({}, { SYMBOLS: 'BTC/USD' });
  const listed = await query(pair.url, '{ instruments(status: "online") { symbol } }');
  const symbols = listed.data.instruments
    .map((one: { symbol: string }) => one.symbol)
    .slice(1, 101) as string[];
  assert.equal(symbols.length, 100);
  const [session] = pair.exchange.sessions;
  const before = session?.requests.length ?? 0;
  const { data, errors } = await query(
    pair.url,
    'query ($symbols: [Symbol!]!) { tickers(symbols: $symbols) { symbol last freshness { state } } }',
    { symbols },
  );
  assert.equal(errors, undefined);
  assert.deepEqual(
    data.tickers.map((one: { symbol: string }) => one.symbol),
    symbols,
  );
  const requests =
    session?.requests
      .slice(before)
      .map(text => JSON.parse(text) as { method: string; params: { symbol: string[] } }) ?? [];
  assert.deepEqual(
    requests.map(request => request.method),
    ['subscribe'],
  );
  assert.deepEqual(requests[0]?.params.symbol, symbols);
});

test('an upstream subscription ends when its last reader has been gone for the linger time', async () => {
  await using pair = await start({}, { SYMBOLS: 'BTC/USD', SUBSCRIPTION_LINGER_MS: '50' });
  await query(pair.url, '{ ticker(symbol: "SOL/USD") { last } }');
  const [session] = pair.exchange.sessions;
  assert.equal(session?.isSubscribed('ticker', 'SOL/USD'), true);
  await eventually(
    () => session?.isSubscribed('ticker', 'SOL/USD'),
    subscribed => subscribed === false,
  );
  assert.equal(session?.isSubscribed('ticker', 'BTC/USD'), true);
});
