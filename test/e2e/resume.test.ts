import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { loadCursorKey } from '../../src/graphql/cursor-key.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { silentLogger } from '../../src/lib/logger.ts';
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
import { DATA_DIR, type Pair, start, startServer } from '../support/server.ts';

const SYMBOLS = ['BTC/USD', 'ETH/USD'];
const TRADES = `subscription ($symbols: [Symbol!]!, $after: [String!], $last: Int!) {
  trades(symbols: $symbols, after: $after, last: $last) { symbol cursor trades { tradeId } gap { fromTradeId toTradeId missing } }
}`;

const ids = (pair: Pair, symbol: string): number[] =>
  pair.exchange.tradeTexts(symbol).map(text => Number(/"trade_id":(\d+)/.exec(text)?.[1]));

/** A cursor as the servers of this process give them out. */
function signed(tradeId: number, timestamp: string, symbol = 'BTC/USD'): string {
  const cursors = new CursorSigner(loadCursorKey(DATA_DIR, silentLogger));
  return cursors.sign({ symbol: symbol as PairSymbol, tradeId, timestamp });
}

/** Trades until memory no longer reaches back to where it was. */
async function forget(pair: Pair, symbol = 'BTC/USD'): Promise<void> {
  for (let count = 0; count < 1_500; count += 1) pair.exchange.trade(symbol);
  await eventually(
    () => pair.app.client.getRecentTrades(symbol, 1)[0]?.tradeId,
    id => id === ids(pair, symbol).at(-1),
  );
}

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
    const cursor = signed(5, '2013-09-10T00:00:00.000000Z');
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

  test('waits while REST does not answer, and goes on; a query is told when to ask again', async () => {
    await using pair = await start();
    const client = connect(pair.url);
    await using first = subscribe(client, TRADES, { symbols: ['BTC/USD'], last: 1 });
    const memory = new Memory();
    memory.take(await first.next());
    await forget(pair);
    pair.exchange.faults.failRest(1_000_000, 'EService:Busy');
    const [after = ''] = memory.cursors.values();
    await using again = subscribe(client, TRADES, { symbols: ['BTC/USD'], after: [after], last: 0 });
    const { errors } = await query(
      pair.url,
      'query ($after: String) { trades(symbol: "BTC/USD", after: $after) { nodes { tradeId } } }',
      { after },
    );
    assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_UNAVAILABLE');
    assert.ok(Number(errors?.[0]?.extensions?.['retryAfterMs']) >= 1_000);
    assert.deepEqual([again.waiting, again.ended], [0, false]);
    pair.exchange.faults.forgive();
    while (memory.seen.get('BTC/USD')?.at(-1) !== ids(pair, 'BTC/USD').at(-1))
      memory.take(await again.next());
    const seen = memory.seen.get('BTC/USD') ?? [];
    assert.deepEqual(seen, ids(pair, 'BTC/USD').slice(-seen.length));
    await client.dispose();
  });

  for (const text of ['', 'x', 'a'.repeat(60_000)]) {
    test(`that nobody gave out is CURSOR_INVALID, and nothing is fetched: ${text.slice(0, 10)}`, async () => {
      await using pair = await start();
      const client = connect(pair.url);
      const unsigned = Buffer.from('1|BTC/USD|5|2013-09-10T00:00:00.000000Z').toString('base64url');
      const other = new CursorSigner(randomBytes(32));
      const foreign = other.sign({
        symbol: 'BTC/USD' as PairSymbol,
        tradeId: 5,
        timestamp: '2013-09-10T00:00:00.000000Z',
      });
      for (const cursor of [text, unsigned, foreign]) {
        const variables = { symbols: ['BTC/USD'], after: [cursor], last: 0 };
        const { errors } = await subscribe(client, TRADES, variables).next();
        assert.equal(errors?.[0]?.extensions?.['code'], 'CURSOR_INVALID');
      }
      await client.dispose();
    });
  }
});

for (const count of [10, 100]) {
  test(`${count} clients that come back at once to a restarted server, with cursors beyond memory, all resume`, async () => {
    await using pair = await start();
    await query(pair.url, '{ trades(symbol: "BTC/USD") { nodes { tradeId } } }');
    for (let index = 0; index < 300; index += 1) pair.exchange.trade('BTC/USD');
    const texts = pair.exchange.tradeTexts('BTC/USD');
    const places = Array.from({ length: count }, (_, index) => {
      const text = texts[index] ?? '';
      return {
        tradeId: Number(/"trade_id":(\d+)/.exec(text)?.[1]),
        timestamp: /"timestamp":"([^"]+)"/.exec(text)?.[1] ?? '',
      };
    });
    const again = await startServer(pair.exchange.publicUrl, {
      KRAKEN_REST_URL: pair.exchange.restUrl,
      KRAKEN_REST_RATE: '1000',
    });
    // Of the calls that they make together some fail, one after the other.
    pair.exchange.faults.failRest(5, 'html');
    const clients = Array.from({ length: 10 }, () => connect(again.url));
    const resumed = places.map(({ tradeId, timestamp }, index) => {
      const variables = { symbols: ['BTC/USD'], after: [signed(tradeId, timestamp)], last: 0 };
      return subscribe(clients[index % 10] as Client, TRADES, variables);
    });
    const last = ids(pair, 'BTC/USD').at(-1);
    await Promise.all(
      resumed.map(async (values, index) => {
        const seen: number[] = [];
        while (seen.at(-1) !== last) {
          // A hundred have a long line before them.
          await eventually(
            () => values.waiting,
            waiting => waiting > 0,
            50,
          );
          const { data, errors } = await values.next();
          assert.equal(errors, undefined, JSON.stringify(errors));
          assert.equal(data.trades.gap, null);
          seen.push(...data.trades.trades.map((trade: { tradeId: number }) => trade.tradeId));
        }
        assert.equal(seen[0], (places[index]?.tradeId ?? 0) + 1);
        assert.equal(seen.length, (last ?? 0) - (places[index]?.tradeId ?? 0));
      }),
    );
    for (const client of clients) await client.dispose();
    await again.close();
  });
}

test('readers that go while they wait in line leave their places at once, by whatever way they go', async () => {
  await using pair = await start();
  await query(pair.url, '{ trades(symbol: "BTC/USD") { nodes { tradeId } } }');
  await forget(pair);
  pair.exchange.faults.failRest(1_000_000, 'EService:Busy');
  const [text = ''] = pair.exchange.tradeTexts('BTC/USD');
  const first = Number(/"trade_id":(\d+)/.exec(text)?.[1]);
  const timestamp = /"timestamp":"([^"]+)"/.exec(text)?.[1] ?? '';
  const before = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const clients = [connect(pair.url), connect(pair.url)] as const;
  const waiting = Array.from({ length: 60 }, (_, index) => {
    const variables = { symbols: ['BTC/USD'], after: [signed(first + index, timestamp)], last: 0 };
    if (index % 3 === 2) return subscribeByEvents(pair.url, TRADES, variables);
    return subscribe(clients[index % 3 === 0 ? 0 : 1], TRADES, variables);
  });
  const sockets = async (): Promise<number> =>
    (await query(pair.url, '{ status { clients { connections } } }')).data.status.clients.connections;
  await eventually(sockets, count => count === 2);
  // One client completes, one dies, and those of event streams hang up.
  waiting.forEach((values, index) => {
    if (index % 3 !== 1) void values.stop();
  });
  await clients[1].terminate();
  await clients[0].dispose();
  await eventually(
    () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length,
    timers => timers <= before,
  );
});
