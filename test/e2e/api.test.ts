/** Every field of the contract against what the simulated exchange knows, over every transport. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Client } from 'graphql-ws';
import { CANDLE_MINUTES } from '../../src/kraken/messages.ts';
import { write } from '../../src/simulator/wire.ts';
import {
  connect,
  eventually,
  query,
  type Result,
  subscribe,
  subscribeByEvents,
  type Values,
} from '../support/client.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

let pair: Pair;
let client: Client;
before(async () => {
  pair = await start({}, WITH_ACCOUNT);
  client = connect(pair.url, TOKEN);
});
after(async () => {
  await client.dispose();
  await pair[Symbol.asyncDispose]();
});

const ask = (text: string, variables: object = {}): Promise<Result> =>
  query(pair.url, text, variables, TOKEN);

/** The same subscription over both transports. */
const TRANSPORTS: Readonly<Record<string, (text: string, variables?: Record<string, unknown>) => Values>> = {
  WebSocket: (text, variables) => subscribe(client, text, variables),
  'server-sent events': (text, variables) => subscribeByEvents(pair.url, text, variables, TOKEN),
};

const BOOK = '{ symbol depth bids { price qty } asks { price qty } checksum }';
const TRADE = '{ symbol tradeId side price qty ordType timestamp }';
const CANDLE =
  '{ symbol interval intervalBegin intervalEnd open high low close vwap volume trades closed freshness { state stale } }';

/** As the exchange writes it. */
function bookText({
  symbol,
  bids,
  asks,
  checksum,
}: Record<string, never> & { bids: never[]; asks: never[] }): string {
  const levels = (side: { price: string; qty: string }[]): string =>
    side.map(({ price, qty }) => `{"price":${price},"qty":${qty}}`).join(',');
  return `{"symbol":"${symbol}","bids":[${levels(bids)}],"asks":[${levels(asks)}],"checksum":${checksum}`;
}
const bookTruth = (symbol: string, depth: number): string =>
  write(pair.exchange.bookRow(symbol, depth)).replace(/,"timestamp".*/, '');

interface TradeResult {
  readonly symbol: string;
  readonly tradeId: number;
  readonly side: string;
  readonly price: string;
  readonly qty: string;
  readonly ordType: string;
  readonly timestamp: string;
}
function tradeText({ symbol, tradeId, side, price, qty, ordType, timestamp }: TradeResult): string {
  return `{"symbol":"${symbol}","side":"${side.toLowerCase()}","price":${price},"qty":${qty},"ord_type":"${ordType.toLowerCase()}","trade_id":${tradeId},"timestamp":"${timestamp}"}`;
}

const NAMES = [
  'ONE_MINUTE',
  'FIVE_MINUTES',
  'FIFTEEN_MINUTES',
  'THIRTY_MINUTES',
  'ONE_HOUR',
  'FOUR_HOURS',
  'ONE_DAY',
  'ONE_WEEK',
  'FIFTEEN_DAYS',
];
function candleText(candle: Record<string, string | number>): string {
  const { open, high, low, close, trades, volume, vwap, intervalBegin, symbol } = candle;
  const interval = CANDLE_MINUTES[NAMES.indexOf(String(candle['interval']))];
  return `{"symbol":"${symbol}","open":${open},"high":${high},"low":${low},"close":${close},"trades":${trades},"volume":${volume},"vwap":${vwap},"interval_begin":"${intervalBegin}","interval":${interval}`;
}
const candleTruth = (symbol: string, interval: number): string[] =>
  pair.exchange.candleTexts(symbol, interval).map(text => text.replace(/,"timestamp".*/, ''));

describe('books', () => {
  test('are slices of any depth, checksum and all, of pairs that nobody streamed before', async () => {
    for (const [symbol, depth] of [
      ['SOL/USD', 1],
      ['SOL/USD', 10],
      ['SOL/USD', 37],
      ['ETH/BTC', 1000],
    ] as const) {
      const text = `query ($symbol: Symbol!, $depth: Int!) { book(symbol: $symbol, depth: $depth) { symbol depth bids { price qty } asks { price qty } bestBid { price } bestAsk { price } spread midPrice checksum verified sequence timestamp freshness { state stale } } }`;
      const { data } = await ask(text, { symbol, depth });
      // The checksum is over ten levels, however few are asked for.
      const checksum = /"checksum":(\d+)/.exec(bookTruth(symbol, Math.max(10, depth)))?.[1];
      assert.equal(bookText(data.book), bookTruth(symbol, depth).replace(/\d+$/, String(checksum)));
      assert.equal(data.book.depth, depth);
      assert.equal(data.book.verified, true);
      assert.deepEqual(data.book.freshness, { state: 'LIVE', stale: false });
      assert.equal(data.book.bestBid.price, data.book.bids[0].price);
      assert.equal(data.book.bestAsk.price, data.book.asks[0].price);
      const [bid, askPrice] = [Number(data.book.bestBid.price), Number(data.book.bestAsk.price)];
      assert.ok(Math.abs(Number(data.book.spread) - (askPrice - bid)) < 1e-9);
      assert.ok(Math.abs(Number(data.book.midPrice) - (askPrice + bid) / 2) < 1e-9);
    }
  });

  test('a depth out of range is refused', async () => {
    for (const depth of [0, -1, 1001]) {
      const { errors } = await ask(
        'query ($depth: Int!) { book(symbol: "BTC/USD", depth: $depth) { depth } }',
        { depth },
      );
      assert.equal(errors?.[0]?.extensions?.['code'], 'BAD_USER_INPUT');
    }
  });

  for (const [name, open] of Object.entries(TRANSPORTS)) {
    test(`follow the exchange over ${name}`, async () => {
      await using values = open(`subscription { book(symbols: ["BTC/USD"], depth: 25) ${BOOK} }`);
      await values.next();
      for (let change = 0; change < 20; change += 1) {
        pair.exchange.trade('BTC/USD');
        const truth = bookTruth('BTC/USD', 25);
        await values.until(({ data }) => bookText(data.book) === truth);
      }
    });
  }
});

describe('trades', () => {
  test('are a Relay connection whose pages join without overlap', async () => {
    await ask('{ trades(symbol: "BTC/USD") { nodes { tradeId } } }');
    for (let count = 0; count < 60; count += 1) pair.exchange.trade('BTC/USD');
    const truth = (): readonly string[] => pair.exchange.tradeTexts('BTC/USD');
    const page = (args: string): Promise<Result> =>
      ask(
        `{ trades(symbol: "BTC/USD" ${args}) { nodes ${TRADE} edges { cursor node { tradeId } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      );
    const newest = await eventually(
      () => page('last: 5'),
      ({ data }) => tradeText(data.trades.nodes.at(-1)) === truth().at(-1),
    );
    assert.deepEqual(newest.data.trades.nodes.map(tradeText), truth().slice(-5));
    assert.deepEqual(
      [newest.data.trades.pageInfo.hasNextPage, newest.data.trades.pageInfo.hasPreviousPage],
      [false, true],
    );
    assert.equal((await page('')).data.trades.nodes.length, 50);

    const { data } = await page('first: 1');
    let cursor = data.trades.pageInfo.endCursor;
    const walked = [...data.trades.nodes];
    for (;;) {
      const next = (await page(`first: 7, after: "${cursor}"`)).data.trades;
      walked.push(...next.nodes);
      cursor = next.pageInfo.endCursor;
      assert.equal(next.edges.at(-1).cursor, cursor);
      if (!next.pageInfo.hasNextPage) break;
    }
    assert.deepEqual(walked.map(tradeText), truth().slice(-walked.length));
    const before = (await page(`last: 3, before: "${newest.data.trades.pageInfo.startCursor}"`)).data.trades;
    assert.deepEqual(before.nodes.map(tradeText), truth().slice(-8, -5));
    assert.equal(before.pageInfo.hasNextPage, true);
  });

  for (const [name, open] of Object.entries(TRANSPORTS)) {
    test(`come each once and in order over ${name}`, async () => {
      await using values = open(
        `subscription { trades(symbols: ["ETH/USD"], last: 3) { symbol trades ${TRADE} cursor gap { fromTradeId toTradeId missing } } }`,
      );
      const first = (await values.next()).data.trades;
      assert.equal(first.trades.length, 3);
      assert.equal(first.gap, null);
      const got: TradeResult[] = [...first.trades];
      for (let count = 0; count < 100; count += 1) pair.exchange.trade('ETH/USD');
      while (tradeText(got.at(-1) as TradeResult) !== pair.exchange.tradeTexts('ETH/USD').at(-1)) {
        got.push(...(await values.next()).data.trades.trades);
      }
      assert.deepEqual(got.map(tradeText), pair.exchange.tradeTexts('ETH/USD').slice(-got.length));
    });
  }

  test('what is no cursor, or of another pair, is refused', async () => {
    for (const args of ['after: "nonsense"', 'before: "MXwx"']) {
      const { errors } = await ask(`{ trades(symbol: "BTC/USD", ${args}) { nodes { tradeId } } }`);
      assert.equal(errors?.[0]?.extensions?.['code'], 'CURSOR_INVALID');
    }
    const { data } = await ask('{ trades(symbol: "BTC/USD", last: 1) { pageInfo { endCursor } } }');
    const cursor = data.trades.pageInfo.endCursor as string;
    for (const [symbols, after] of [
      [['ETH/USD'], [cursor]],
      [['BTC/USD'], [cursor, cursor]],
    ]) {
      const text =
        'subscription ($symbols: [Symbol!]!, $after: [String!]) { trades(symbols: $symbols, after: $after) { symbol } }';
      const { errors } = await subscribe(client, text, { symbols, after }).next();
      assert.equal(errors?.[0]?.extensions?.['code'], 'CURSOR_INVALID');
    }
  });
});

describe('candles', () => {
  test('of each interval equal the exchange’s, the last one forming, with history before them', async () => {
    for (const [index, interval] of NAMES.entries()) {
      const minutes = CANDLE_MINUTES[index] ?? 0;
      const { data, errors } = await ask(
        `{ ohlc(symbol: "DOGE/USD", interval: ${interval}, last: 720) ${CANDLE} }`,
      );
      assert.equal(errors, undefined);
      const truth = candleTruth('DOGE/USD', minutes);
      assert.deepEqual(data.ohlc.slice(-truth.length).map(candleText), truth);
      if (minutes <= 5) assert.ok(data.ohlc.length > 50, `${data.ohlc.length} of ${interval}`);
      for (const { intervalBegin, intervalEnd } of data.ohlc) {
        assert.equal(Date.parse(intervalEnd) - Date.parse(intervalBegin), minutes * 60_000);
      }
      assert.ok(data.ohlc.slice(0, -1).every((candle: { closed: boolean }) => candle.closed));
    }
  });

  for (const [name, open] of Object.entries(TRANSPORTS)) {
    test(`follow each trade over ${name}`, async () => {
      await using values = open(`subscription { ohlc(symbols: ["BTC/USD"], interval: ONE_DAY) ${CANDLE} }`);
      await values.next();
      for (let count = 0; count < 10; count += 1) {
        pair.exchange.trade('BTC/USD');
        const truth = candleTruth('BTC/USD', 1_440).at(-1);
        await values.until(({ data }) => candleText(data.ohlc) === truth);
      }
    });
  }
});

describe('the account', () => {
  const BALANCE =
    '{ asset assetClass balance holdTrade freeBalance totalBalance wallets { type id balance } timestamp freshness { state } }';
  /** Balances by asset as the exchange has them. */
  const held = (asset: string): string | undefined => pair.exchange.account.truth().get(asset)?.balance;

  test('has every balance, digit for digit, with what orders hold', async () => {
    const { data } = await eventually(
      () =>
        ask(`{ balances ${BALANCE} balance(asset: "ETH") ${BALANCE} none: balance(asset: "XYZ") { asset } }`),
      ({ data }) => data?.balances.every((one: { holdTrade: string | null }) => one.holdTrade !== null),
    );
    const got = new Map(
      data.balances.map((one: { asset: string; balance: string }) => [one.asset, one.balance]),
    );
    for (const [asset, { balance }] of pair.exchange.account.truth()) assert.equal(got.get(asset), balance);
    assert.deepEqual(data.balance, {
      asset: 'ETH',
      assetClass: 'currency',
      balance: '50.0000000000',
      holdTrade: '0.0000000000',
      freeBalance: '50.0000000000',
      totalBalance: '50.0000000000',
      wallets: [
        { type: 'spot', id: 'main', balance: '30.0000000000' },
        { type: 'earn', id: 'flex', balance: '20.0000000000' },
      ],
      timestamp: null,
      freshness: { state: 'LIVE' },
    });
    assert.equal(data.none, null);
  });

  for (const [name, open] of Object.entries(TRANSPORTS)) {
    test(`follows each change over ${name}`, async () => {
      await using values = open(`subscription { balances(assets: ["EUR"]) ${BALANCE} }`);
      assert.equal((await values.next()).data.balances.balance, held('EUR'));
      pair.exchange.move('BTC', '1');
      pair.exchange.move('EUR', '2.5');
      await values.until(({ data }) => data.balances.balance === held('EUR'));
      const id = pair.exchange.placeOrder('ETH/EUR', 'buy', '0.01000000', '3000.00');
      await values.until(({ data }) => Number(data.balances.holdTrade) === 30);
      pair.exchange.cancelOrder(id);
      await values.until(({ data }) => Number(data.balances.holdTrade) === 0);
    });
  }

  test('is valued over direct and inverse pairs and over others, none taken for 1', async () => {
    pair.exchange.move('PEPE', '1000000');
    pair.exchange.move('XYZ', '5');
    await eventually(
      () => ask('{ balance(asset: "XYZ") { asset } }'),
      ({ data }) => data.balance !== null,
    );
    const price = (symbol: string): number =>
      Number(/"last":([\d.]+)/.exec(pair.exchange.tickerText(symbol))?.[1]);
    const { data } = await ask(
      '{ portfolio(currency: "EUR") { currency total unpriced positions { balance { asset balance } price value route } } }',
    );
    const { total, unpriced, positions } = data.portfolio;
    const routes = Object.fromEntries(
      positions.map((one: { balance: { asset: string }; route: string[] }) => [
        one.balance.asset,
        one.route.join(' '),
      ]),
    );
    assert.deepEqual(routes, {
      BTC: 'BTC/EUR',
      ETH: 'ETH/EUR',
      EUR: '',
      PEPE: 'PEPE/EUR',
      USD: 'EUR/USD',
      'USDT.M': 'USDT/USD EUR/USD',
      XYZ: '',
    });
    assert.deepEqual(unpriced, ['XYZ']);
    const expected: Record<string, number> = {
      BTC: price('BTC/EUR'),
      EUR: 1,
      USD: 1 / price('EUR/USD'),
      'USDT.M': price('USDT/USD') / price('EUR/USD'),
    };
    for (const { balance, price: got, value } of positions) {
      const wanted = expected[balance.asset as string];
      if (wanted === undefined) continue;
      assert.ok(Math.abs(Number(got) - wanted) / wanted < 1e-12, `${balance.asset} at ${got}`);
      assert.equal(value, (Math.round(Number(balance.balance) * wanted * 1e4) / 1e4).toFixed(4));
    }
    const sum = positions.reduce((all: number, one: { value: string | null }) => all + Number(one.value), 0);
    assert.ok(Math.abs(Number(total) - sum) < 1e-3);
    // A price from before a disconnect is known as such, and so is what it values.
    let wholeIsStale = false;
    const stale = async (): Promise<readonly string[]> => {
      const { data } = await ask(
        '{ portfolio(currency: "EUR") { stale positions { stale balance { asset } } } }',
      );
      const { positions: all, stale: whole } = data.portfolio as {
        positions: { stale: boolean; balance: { asset: string } }[];
        stale: boolean;
      };
      const names = all.filter(one => one.stale).map(one => one.balance.asset);
      // The whole also waits for the balances.
      assert.ok(whole || names.length === 0);
      wholeIsStale = whole;
      return names;
    };
    assert.deepEqual(await stale(), []);
    assert.ok(!wholeIsStale);
    pair.exchange.faults.refusing = true;
    pair.exchange.dropAll('rst');
    await eventually(stale, names => names.join() === 'BTC,ETH,PEPE,USD,USDT.M');
    pair.exchange.faults.refusing = false;
    await eventually(stale, names => names.length === 0 && !wholeIsStale);
    await eventually(
      () => ask('{ status { balanceStreaming { healthy } } }'),
      ({ data }) => data.status.balanceStreaming.healthy,
    );
    const wrong = await ask('{ portfolio(currency: "NOPE") { total } }');
    assert.equal(wrong.errors?.[0]?.extensions?.['code'], 'BAD_USER_INPUT');
  });
});

test('the status has every count', async () => {
  const { data, errors } = await ask(`{ status {
    trades { duplicatesDropped gapsDetected gapsRepaired tradesRecovered tradesLost }
    balanceStreaming { enabled healthy tokenAvailable tokenAgeSeconds lastUpdateAt sequence sequenceGaps denied }
    subscriptions { channel symbol depth interval state subscribers lastMessageAt error }
    private { state connected authenticated connectedAt } } }`);
  assert.equal(errors, undefined);
  const { balanceStreaming, trades, subscriptions } = data.status;
  assert.deepEqual(
    [balanceStreaming.enabled, balanceStreaming.healthy, balanceStreaming.denied],
    [true, true, null],
  );
  assert.equal(trades.gapsDetected, 0);
  assert.equal(data.status.private.authenticated, true);
  const channels = new Set(subscriptions.map((one: { channel: string }) => one.channel));
  for (const channel of ['instrument', 'ticker', 'book', 'trade', 'ohlc', 'balances', 'executions'])
    assert.ok(channels.has(channel), channel);
});

test('the status can be asked for part of what is subscribed, and for how many are in which state', async () => {
  await using small = await start({ withoutInstruments: true }, { SYMBOLS: 'BTC/USD,ETH/USD,NOPE/USD' });
  const { data } = await eventually(
    () =>
      query(
        small.url,
        `{ status {
          subscriptionStates { state count }
          pair: subscriptions(symbol: "ETH/USD") { channel symbol }
          dead: subscriptions(live: false) { channel symbol state }
          live: subscriptions(live: true) { state }
          one: subscriptions(first: 1) { channel }
          none: subscriptions(first: -1) { channel } } }`,
      ),
    ({ data }) =>
      data.status.live.length === 2 &&
      data.status.dead.some((one: { state: string }) => one.state === 'REJECTED'),
  );
  const { subscriptionStates, pair: ofPair, dead, live, one, none } = data.status;
  assert.deepEqual(ofPair, [{ channel: 'ticker', symbol: 'ETH/USD' }]);
  assert.deepEqual(
    dead.map(({ channel, symbol, state }: Record<string, string>) => `${channel} ${symbol} ${state}`).sort(),
    ['instrument null PENDING', 'ticker NOPE/USD REJECTED'],
  );
  assert.deepEqual(new Set(live.map(({ state }: { state: string }) => state)), new Set(['LIVE']));
  assert.deepEqual([one.length, none.length], [1, 0]);
  const counts = Object.fromEntries(
    subscriptionStates.map(({ state, count }: { state: string; count: number }) => [state, count]),
  );
  assert.deepEqual(counts, { LIVE: 2, PENDING: 1, REJECTED: 1 });
});

test('the status says how late values reach subscribers', async () => {
  await using small = await start();
  const lag = '{ status { lag { medianMs p99Ms } } }';
  assert.deepEqual((await query(small.url, lag)).data.status, { lag: null });
  const reader = connect(small.url);
  const values = subscribe(reader, 'subscription { trades(symbols: ["BTC/USD"], last: 0) { cursor } }');
  const { data } = await eventually(
    () => {
      small.exchange.trade('BTC/USD');
      return query(small.url, lag);
    },
    result => result.data.status.lag !== null,
  );
  const { medianMs, p99Ms } = data.status.lag;
  assert.ok(medianMs >= 0 && p99Ms >= medianMs && p99Ms < 10_000);
  await values.stop();
  await reader.dispose();
});

test('fifty subscribers of one pair share one upstream subscription and one broadcast, which the last one ends', async () => {
  await using small = await start({}, { SUBSCRIPTION_LINGER_MS: '50', SYMBOLS: 'BTC/USD' });
  const clients = Array.from({ length: 50 }, () => connect(small.url));
  const streams = clients.map((one, index) =>
    subscribe(
      one,
      'subscription ($symbols: [Symbol!]!, $last: Int!) { trades(symbols: $symbols, last: $last) { cursor } }',
      {
        symbols: [index % 2 ? 'SOL/USD' : 'sol-usd'],
        last: 1 + index,
      },
    ),
  );
  for (const stream of streams) await stream.next();
  const status =
    '{ status { clients { subscriptions broadcasts } subscriptions { channel symbol subscribers } } }';
  const { data } = await query(small.url, status);
  assert.deepEqual(data.status.clients, { subscriptions: 50, broadcasts: 1 });
  const upstream = (result: Result) =>
    result.data.status.subscriptions.filter((one: { symbol: string }) => one.symbol === 'SOL/USD');
  assert.deepEqual(upstream({ data }), [{ channel: 'trade', symbol: 'SOL/USD', subscribers: 50 }]);
  for (const stream of streams) await stream.stop();
  await eventually(
    () => query(small.url, status),
    result => upstream(result).length === 0,
  );
  for (const one of clients) await one.dispose();
});
