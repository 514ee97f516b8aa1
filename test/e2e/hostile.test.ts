/** What hostile or unlucky clients do to subscriptions, each found by attacking the server. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { loadCursorKey } from '../../src/graphql/cursor-key.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { connect, eventually, query, type Result, subscribe, subscribeByEvents } from '../support/client.ts';
import { DATA_DIR, type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const TRADES =
  'subscription ($symbols: [Symbol!]!, $after: [String!], $last: Int! = 50) { trades(symbols: $symbols, after: $after, last: $last) { symbol cursor trades { tradeId } } }';
const codeOf = ({ errors }: Result): unknown => errors?.[0]?.extensions?.['code'];
const COUNTS = '{ status { clients { connections subscriptions broadcasts } } }';

/** A cursor that memory can not serve any more, of a pair that goes on. */
async function oldCursor(pair: Pair, symbol: string): Promise<string> {
  const { data } = await query(
    pair.url,
    `{ trades(symbol: "${symbol}", last: 1) { pageInfo { endCursor } } }`,
  );
  for (let count = 0; count < 1_200; count += 1) pair.exchange.trade(symbol);
  const truth = pair.exchange.tradeTexts(symbol).at(-1);
  await eventually(
    () => pair.app.client.getRecentTrades(symbol, 1)[0]?.tradeId,
    id => truth?.includes(`"trade_id":${id},`) === true,
  );
  return data.trades.pageInfo.endCursor as string;
}

describe('trades', () => {
  test('that come in the same turn as their pair’s snapshot are delivered once', async () => {
    await using pair = await start();
    const { exchange } = pair;
    const client = connect(pair.url);
    await using values = subscribe(client, TRADES, { symbols: ['SOL/USD'] });
    // As soon as it is subscribed upstream, trades follow the snapshot without a pause.
    await eventually(
      () => [...exchange.sessions].some(session => session.isSubscribed('trade', 'SOL/USD')),
      subscribed => subscribed,
    );
    for (let count = 0; count < 20; count += 1) exchange.trade('SOL/USD');
    const ids: number[] = [];
    const last = (): boolean =>
      exchange
        .tradeTexts('SOL/USD')
        .at(-1)
        ?.includes(`"trade_id":${ids.at(-1)},`) === true;
    while (!last()) {
      ids.push(
        ...(await values.next()).data.trades.trades.map((trade: { tradeId: number }) => trade.tradeId),
      );
    }
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    );
    await client.dispose();
  });

  test('of two pairs, one to be fetched and one in memory, begin together and leave nothing behind', async () => {
    await using pair = await start();
    const after = [await oldCursor(pair, 'ETH/USD')];
    const { data } = await query(
      pair.url,
      '{ trades(symbol: "BTC/USD", last: 1) { pageInfo { endCursor } } }',
    );
    after.push(data.trades.pageInfo.endCursor);
    const client = connect(pair.url);
    await using values = subscribe(client, TRADES, { symbols: ['BTC/USD', 'ETH/USD'], after });
    // While the one is fetched, memory leaves the other behind.
    for (let count = 0; count < 1_200; count += 1) pair.exchange.trade('BTC/USD');
    const seen = new Map<string, number[]>([
      ['BTC/USD', []],
      ['ETH/USD', []],
    ]);
    const complete = (symbol: string): boolean =>
      pair.exchange
        .tradeTexts(symbol)
        .at(-1)
        ?.includes(`"trade_id":${seen.get(symbol)?.at(-1)},`) === true;
    while (!complete('BTC/USD') || !complete('ETH/USD')) {
      const result = await values.next();
      assert.equal(result.errors, undefined, JSON.stringify(result.errors));
      const { symbol, trades } = result.data.trades;
      seen.get(symbol)?.push(...trades.map((trade: { tradeId: number }) => trade.tradeId));
    }
    for (const ids of seen.values()) {
      assert.deepEqual(
        ids,
        Array.from({ length: ids.length }, (_, index) => (ids[0] ?? 0) + index),
      );
    }
    await client.dispose();
    await eventually(
      () => query(pair.url, COUNTS),
      ({ data }) => data.status.clients.subscriptions === 0 && data.status.clients.broadcasts === 0,
    );
  });

  test('a client that goes while its past is fetched leaves nothing behind, over events and WebSocket', async () => {
    await using pair = await start();
    const after = [await oldCursor(pair, 'BTC/USD')];
    const variables = { symbols: ['BTC/USD'], after };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const events = subscribeByEvents(pair.url, TRADES, variables);
      const client = connect(pair.url);
      const values = subscribe(client, TRADES, variables);
      await query(pair.url, COUNTS);
      await events.stop();
      await values.stop();
      await client.dispose();
    }
    await eventually(
      () => query(pair.url, COUNTS),
      ({ data }) => data.status.clients.connections === 0 && data.status.clients.subscriptions === 0,
    );
  });

  test('the same past is fetched once, however often one operation asks for it, and not for everybody at once', async () => {
    await using pair = await start({}, { KRAKEN_REST_RATE: '1' });
    const cursor = await oldCursor(pair, 'BTC/USD');
    const one = (alias: string): string =>
      `${alias}: trades(symbol: "BTC/USD", after: $after, first: 1) { nodes { tradeId } }`;
    const few = await query(pair.url, `query ($after: String) { ${one('a')} ${one('b')} ${one('c')} }`, {
      after: cursor,
    });
    assert.equal(few.errors, undefined);
    const many = Array.from({ length: 10 }, (_, index) => one(`a${index}`)).join(' ');
    assert.equal(
      codeOf(await query(pair.url, `query ($after: String) { ${many} }`, { after: cursor })),
      'LIMIT_EXCEEDED',
    );
  });

  test('an operation id that is used again while its first past is fetched does not get everything twice', async () => {
    await using pair = await start();
    const after = [await oldCursor(pair, 'BTC/USD')];
    const socket = new WebSocket(`${pair.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const messages: { id?: string; type: string; payload?: Result }[] = [];
    socket.on('message', data => messages.push(JSON.parse(String(data))));
    await new Promise(resolve => socket.once('open', resolve));
    const send = (message: object): void => socket.send(JSON.stringify(message));
    send({ type: 'connection_init' });
    await eventually(
      () => messages.length,
      count => count === 1,
    );
    const payload = { query: TRADES, variables: { symbols: ['BTC/USD'], after } };
    send({ id: 'a', type: 'subscribe', payload });
    send({ id: 'a', type: 'complete' });
    send({ id: 'a', type: 'subscribe', payload });
    const ids = (id: string): number[] =>
      messages.flatMap(message =>
        message.id === id && message.type === 'next'
          ? (message.payload?.data?.trades.trades.map((trade: { tradeId: number }) => trade.tradeId) ?? [])
          : [],
      );
    await eventually(
      () => ids('a').length,
      count => count >= 1_200,
    );
    pair.exchange.trade('BTC/USD');
    await eventually(
      () =>
        pair.exchange
          .tradeTexts('BTC/USD')
          .at(-1)
          ?.includes(`"trade_id":${ids('a').at(-1)},`),
      complete => complete === true,
    );
    assert.equal(new Set(ids('a')).size, ids('a').length, 'each once');
    send({ id: 'a', type: 'complete' });
    await eventually(
      () => query(pair.url, COUNTS),
      ({ data }) => data.status.clients.subscriptions === 0,
    );
    socket.terminate();
  });

  test('a cursor of another time is CURSOR_EXPIRED, and what is none CURSOR_INVALID, not a loop of retries', async () => {
    await using pair = await start();
    await query(pair.url, '{ trades(symbol: "BTC/USD") { nodes { tradeId } } }');
    const cursors = new CursorSigner(loadCursorKey(DATA_DIR, silentLogger));
    const future = cursors.sign({
      symbol: 'BTC/USD' as PairSymbol,
      tradeId: 999_999_999_999,
      timestamp: '2026-01-01T00:00:00.000000Z',
    });
    const text = 'query ($after: String) { trades(symbol: "BTC/USD", after: $after) { nodes { tradeId } } }';
    assert.equal(codeOf(await query(pair.url, text, { after: future })), 'CURSOR_EXPIRED');
    assert.equal(codeOf(await query(pair.url, text, { after: '' })), 'CURSOR_INVALID');
  });
});

describe('a pair that Kraken refuses', () => {
  for (const [name, text] of Object.entries({
    ticker: 'subscription { ticker(symbols: ["NOT/LISTED"]) { bid } }',
    book: 'subscription { book(symbols: ["NOT/LISTED"]) { checksum } }',
    bookUpdates: 'subscription { bookUpdates(symbols: ["NOT/LISTED"]) { __typename } }',
    trades: 'subscription { trades(symbols: ["NOT/LISTED"]) { cursor } }',
    ohlc: 'subscription { ohlc(symbols: ["NOT/LISTED"]) { close } }',
  })) {
    test(`is told to every subscriber of ${name}, the first too`, async () => {
      await using pair = await start({ withoutInstruments: true });
      const client = connect(pair.url);
      for (let subscriber = 0; subscriber < 2; subscriber += 1) {
        assert.equal(codeOf(await subscribe(client, text).next()), 'UPSTREAM_REJECTED');
      }
      await client.dispose();
    });
  }
});

test('an account that Kraken denies is told to who subscribes to it, before and after', async () => {
  await using pair = await start({}, { ...WITH_ACCOUNT, KRAKEN_API_SECRET: 'YW5vdGhlcg==' });
  const client = connect(pair.url, TOKEN);
  for (let subscriber = 0; subscriber < 2; subscriber += 1) {
    const values = subscribe(client, 'subscription { balances { asset } }');
    assert.equal(codeOf(await values.next()), 'UPSTREAM_REJECTED');
  }
  await client.dispose();
});

describe('what one request may cost', () => {
  test('a pair’s name is short: a long one is refused at once, and not sent back whole', async () => {
    await using pair = await start();
    const { errors } = await query(pair.url, 'query ($symbol: Symbol!) { ticker(symbol: $symbol) { bid } }', {
      symbol: 'X'.repeat(60_000),
    });
    assert.equal(errors?.[0]?.extensions?.['code'], 'UNKNOWN_SYMBOL');
    assert.ok(JSON.stringify(errors?.[0]?.extensions).length < 200);
  });

  test('counts defaults of variables, lists that nothing bounds, and looks at the schema', async () => {
    await using pair = await start();
    const many = (count: number, of: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => of(index)).join(' ');
    for (const text of [
      `query ($d: Int! = 1000) { ${many(40, index => `a${index}: book(symbol: "BTC/USD", depth: $d) { asks { price qty } bids { price qty } }`)} }`,
      `{ ${many(60, index => `a${index}: instruments { symbol base quote }`)} }`,
      `{ ${many(60, index => `a${index}: __schema { types { fields { name description args { name } } } }`)} }`,
      `{ __schema { types { ${many(20, () => 'name @include(if: true)')} } } }`,
    ]) {
      assert.equal(codeOf(await query(pair.url, text)), 'LIMIT_EXCEEDED', text.slice(0, 60));
    }
  });
});
