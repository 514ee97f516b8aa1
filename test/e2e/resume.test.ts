import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/simulator/random.ts';
import {
  connect,
  eventually,
  query,
  type Result,
  subscribe,
  subscribeByEvents,
  type Values,
} from '../support/client.ts';
import { type Pair, start } from '../support/server.ts';

const SYMBOLS = ['BTC/USD', 'ETH/USD'];
const TRADES = `subscription ($symbols: [Symbol!]!, $after: [String!], $last: Int!) {
  trades(symbols: $symbols, after: $after, last: $last) { symbol cursor trades { tradeId } gap { fromTradeId toTradeId missing } }
}`;

const ids = (pair: Pair, symbol: string): number[] =>
  pair.exchange.tradeTexts(symbol).map(text => Number(/"trade_id":(\d+)/.exec(text)?.[1]));

/** What a client remembers across its deaths. */
class Memory {
  readonly cursors = new Map<string, string>();
  readonly seen = new Map<string, number[]>(SYMBOLS.map(symbol => [symbol, []]));

  take({ data, errors }: Result): void {
    assert.equal(errors, undefined, JSON.stringify(errors));
    const { symbol, cursor, trades, gap } = data.trades;
    assert.equal(gap, null);
    this.cursors.set(symbol, cursor);
    this.seen.get(symbol)?.push(...trades.map((trade: { tradeId: number }) => trade.tradeId));
  }
}

test('a client that is killed and restarted a hundred times with its last cursors sees every trade exactly once', async () => {
  await using pair = await start();
  const random = seededRandom(11);
  const memory = new Memory();
  const trade = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      pair.exchange.trade(SYMBOLS[Math.floor(random() * SYMBOLS.length)] ?? '');
    }
  };
  let longest = 0;
  for (let life = 0; life < 100; life += 1) {
    const variables = { symbols: SYMBOLS, after: [...memory.cursors.values()], last: 50 };
    const overWebSocket = life % 2 === 0;
    const client = overWebSocket ? connect(pair.url) : undefined;
    const values: Values = client
      ? subscribe(client, TRADES, variables)
      : subscribeByEvents(pair.url, TRADES, variables);
    // A socket that is not open yet can not be killed.
    const lives = life === 0 ? 2 : Math.floor(random() * 4) + (overWebSocket ? 1 : 0);
    if (life > 0) trade(1 + Math.floor(random() * 10));
    for (let result = 0; result < lives; result += 1) {
      if (life > 0 && values.waiting === 0) trade(3);
      memory.take(await values.next());
    }
    // Killed: nothing is said to the server, and what it did not read is lost.
    await (client ? client.terminate() : values.stop());
    await values.stop();
    const missed = Math.floor(random() ** 3 * 1_500);
    longest = Math.max(longest, missed);
    trade(missed);
    if (random() < 0.2) pair.exchange.dropAll('rst');
    await delay(random() * 5);
  }
  await using last = subscribe(connect(pair.url), TRADES, {
    symbols: SYMBOLS,
    after: [...memory.cursors.values()],
    last: 50,
  });
  trade(5);
  for (const symbol of SYMBOLS) {
    while (memory.seen.get(symbol)?.at(-1) !== ids(pair, symbol).at(-1)) memory.take(await last.next());
    const seen = memory.seen.get(symbol) ?? [];
    assert.deepEqual(seen, ids(pair, symbol).slice(-seen.length), `${symbol}: each once, in order`);
  }
  assert.ok(longest > 1_000, 'some deaths were longer than what memory keeps');
});

describe('a cursor', () => {
  test('from before what memory keeps is served from REST', async () => {
    await using pair = await start();
    const client = connect(pair.url);
    await using first = subscribe(client, TRADES, { symbols: ['BTC/USD'], last: 1 });
    const memory = new Memory();
    memory.take(await first.next());
    await first.stop();
    for (let count = 0; count < 2_000; count += 1) pair.exchange.trade('BTC/USD');
    await eventually(
      () => pair.app.client.getRecentTrades('BTC/USD', 1)[0]?.tradeId,
      id => id === ids(pair, 'BTC/USD').at(-1),
    );
    await using again = subscribe(client, TRADES, {
      symbols: ['BTC/USD'],
      after: [...memory.cursors.values()],
      last: 0,
    });
    while (memory.seen.get('BTC/USD')?.at(-1) !== ids(pair, 'BTC/USD').at(-1))
      memory.take(await again.next());
    const seen = memory.seen.get('BTC/USD') ?? [];
    assert.deepEqual(seen, ids(pair, 'BTC/USD').slice(-seen.length));
    assert.ok(seen.length > 2_000);
    await client.dispose();
  });

  test('whose trades nobody has any more is CURSOR_EXPIRED, by query and by subscription', async () => {
    await using pair = await start();
    await query(pair.url, '{ trades(symbol: "BTC/USD") { nodes { tradeId } } }');
    const cursor = Buffer.from('1|BTC/USD|5|2013-09-10T00:00:00.000000Z').toString('base64url');
    const client = connect(pair.url);
    const { errors } = await subscribe(client, TRADES, {
      symbols: ['BTC/USD'],
      after: [cursor],
      last: 0,
    }).next();
    assert.equal(errors?.[0]?.extensions?.['code'], 'CURSOR_EXPIRED');
    const byQuery = await query(
      pair.url,
      'query ($after: String) { trades(symbol: "BTC/USD", after: $after) { nodes { tradeId } } }',
      { after: cursor },
    );
    assert.equal(byQuery.errors?.[0]?.extensions?.['code'], 'CURSOR_EXPIRED');
    await client.dispose();
  });

  test('while REST does not answer is UPSTREAM_UNAVAILABLE, and may be tried again', async () => {
    await using pair = await start();
    const client = connect(pair.url);
    await using first = subscribe(client, TRADES, { symbols: ['BTC/USD'], last: 1 });
    const memory = new Memory();
    memory.take(await first.next());
    for (let count = 0; count < 1_500; count += 1) pair.exchange.trade('BTC/USD');
    await eventually(
      () => pair.app.client.getRecentTrades('BTC/USD', 1)[0]?.tradeId,
      id => id === ids(pair, 'BTC/USD').at(-1),
    );
    const variables = { symbols: ['BTC/USD'], after: [...memory.cursors.values()], last: 0 };
    pair.exchange.faults.failRest(1, 'EService:Busy');
    const { errors } = await subscribe(client, TRADES, variables).next();
    assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_UNAVAILABLE');
    memory.take(await subscribe(client, TRADES, variables).next());
    await client.dispose();
  });
});
