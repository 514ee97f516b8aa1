import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import ccxt from 'ccxt';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import type { OrderBookUpdate } from '../../src/market/order-book-update.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { write } from '../../src/simulator/wire.ts';
import { eventually } from '../support/client.ts';
import { corruptBooks } from '../support/corruption.ts';
import { fixturePath, frames } from '../support/fixtures.ts';

let exchange: Exchange;
let kraken: KrakenWebSocketV2;

function client(): KrakenWebSocketV2 {
  kraken = new KrakenWebSocketV2(undefined, undefined, {
    publicUrl: exchange.publicUrl,
    reconnectDelayMs: 20,
    reconnectMaxDelayMs: 100,
    subscribeRate: 100,
  });
  return kraken;
}

afterEach(async () => {
  kraken.disconnect();
  await exchange.stop();
});

/** What the exchange would send as a snapshot, as text. */
function truth(symbol: string, depth: number): string {
  return write(exchange.bookRow(symbol, depth)).replace(/,"timestamp".*/, '');
}

/** The same of what the client has. */
function held(symbol: string, depth: number): string {
  const book = kraken.getOrderbook(symbol, depth);
  const levels = (side: OrderBookUpdate['asks'] = []): string =>
    side.map(({ price, qty }) => `{"price":${price},"qty":${qty}}`).join(',');
  return `{"symbol":"${symbol}","bids":[${levels(book?.bids)}],"asks":[${levels(book?.asks)}],"checksum":${book?.checksum}`;
}

describe('against the simulator', () => {
  beforeEach(async () => {
    exchange = new Exchange({ tradesPerSecond: 0 });
    await exchange.start();
  });

  test('books of every depth follow the exchange, digit for digit, each change verified', async () => {
    const depths = { 'BTC/USD': 10, 'ETH/USD': 25, 'DOGE/EUR': 100, 'PEPE/USD': 500, 'MINA/GBP': 1000 };
    client().connect();
    for (const [symbol, depth] of Object.entries(depths)) kraken.subscribeOrderbook([symbol], depth);
    await eventually(
      () => Object.keys(depths).filter(symbol => kraken.getOrderbook(symbol) !== undefined).length,
      count => count === 5,
    );
    for (let round = 0; round < 200; round += 1)
      for (const symbol of Object.keys(depths)) exchange.trade(symbol);
    for (const [symbol, depth] of Object.entries(depths)) {
      await eventually(
        () => held(symbol, depth),
        text => text === truth(symbol, depth),
      );
    }
    const { verified, checksumFailures } = kraken.market.bookStatistics;
    assert.equal(checksumFailures, 0);
    assert.ok(verified > 900);
  });

  test('a change that fails is never published: that book alone is subscribed anew, and verifies again', async () => {
    client().connect();
    kraken.subscribeOrderbook(['BTC/USD', 'ETH/USD'], 25);
    await eventually(
      () => kraken.getOrderbook('ETH/USD') && kraken.getOrderbook('BTC/USD'),
      book => book !== undefined,
    );
    const published: OrderBookUpdate[] = [];
    /** What a reader of the failing book would see at each of its changes. */
    const seen: (readonly [string | undefined, string])[] = [];
    const symbol = kraken.resolveSymbol('BTC/USD');
    kraken.observe({
      bookChanged: changed => {
        if (changed === symbol) seen.push([kraken.feedState('book', symbol), held('BTC/USD', 25)]);
      },
    });
    kraken.registerCallback('orderbook', book => void published.push(book));
    const [session] = exchange.sessions;
    const before = session?.requests.length ?? 0;
    const verified = held('BTC/USD', 25);

    exchange.corruptBook('BTC/USD');
    exchange.trade('BTC/USD');
    exchange.trade('ETH/USD');
    await eventually(
      () => kraken.market.bookStatistics.resyncs,
      count => count === 1,
    );
    assert.equal(kraken.market.bookStatistics.checksumFailures, 1);
    assert.deepEqual(seen, [
      ['RESYNCING', verified],
      ['LIVE', truth('BTC/USD', 25)],
    ]);
    const requests =
      session?.requests.slice(before).map(text => JSON.parse(text) as { method: string; params: object }) ??
      [];
    assert.deepEqual(
      requests.map(({ method, params }) => [method, params]),
      [
        ['unsubscribe', { channel: 'book', symbol: ['BTC/USD'], depth: 25 }],
        ['subscribe', { channel: 'book', symbol: ['BTC/USD'], depth: 25, snapshot: true }],
      ],
    );
    assert.ok(
      published.some(book => book.symbol === 'ETH/USD'),
      'the other book went on',
    );
    assert.equal(
      published.filter(book => book.symbol === 'BTC/USD').length,
      1,
      'the resynchronised state, and no other',
    );
  });

  test('one depth is subscribed for a pair, the largest wanted; it grows and shrinks while readers go on', async () => {
    client().connect();
    kraken.subscribeOrderbook(['BTC/USD'], 10);
    await eventually(
      () => kraken.getOrderbook('BTC/USD'),
      book => book !== undefined,
    );
    const symbol = kraken.resolveSymbol('BTC/USD');
    const deep = { channel: 'book', symbol, depth: 100 } as const;
    const [session] = exchange.sessions;

    kraken.retain(deep);
    while (session?.bookDepth('BTC/USD') !== 100) {
      assert.notEqual(kraken.getOrderbook('BTC/USD'), undefined, 'the smaller book stays readable');
      await new Promise(setImmediate);
    }
    await eventually(
      () => held('BTC/USD', 100),
      text => text === truth('BTC/USD', 100),
    );
    exchange.trade('BTC/USD');
    await eventually(
      () => held('BTC/USD', 10),
      text => text === truth('BTC/USD', 10),
    );

    kraken.subscribeOrderbook(['BTC/USD'], 25);
    kraken.unsubscribe('book');
    await new Promise(setImmediate);
    assert.equal(session.bookDepth('BTC/USD'), 100, 'somebody still wants it');
    kraken.subscribeOrderbook(['BTC/USD'], 10);
    kraken.release(deep);
    kraken.disconnect();
    kraken.connect();
    await eventually(
      () => [...exchange.sessions].some(one => one.bookDepth('BTC/USD') === 10),
      found => found,
    );
  });

  test('a book from before a disconnect is not live until its new snapshot', async () => {
    client().connect();
    kraken.subscribeOrderbook(['BTC/USD']);
    await eventually(
      () => kraken.getOrderbook('BTC/USD'),
      book => book !== undefined,
    );
    const symbol = kraken.resolveSymbol('BTC/USD');
    exchange.faults.refusing = true;
    exchange.dropAll();
    await eventually(
      () => kraken.feedState('book', symbol),
      state => state === 'DISCONNECTED',
    );
    assert.notEqual(kraken.getOrderbook('BTC/USD'), undefined);
    exchange.faults.refusing = false;
    exchange.trade('BTC/USD');
    await eventually(
      () => kraken.feedState('book', symbol),
      state => state === 'LIVE',
    );
    assert.equal(held('BTC/USD', 10), truth('BTC/USD', 10));
    assert.equal(kraken.market.bookStatistics.checksumFailures, 0);
  });

  test('a depth that Kraken does not have is refused with those that it has', () => {
    assert.throws(() => client().subscribeOrderbook(['BTC/USD'], 27), {
      code: 'BAD_USER_INPUT',
      message: 'depth is one of 10, 25, 100, 500, 1000, not 27',
    });
  });

  // Its own checksum is off by default, and can not work on floats, which have lost the digits.
  test('ccxt, which knows nothing of us, mirrors a book of the simulator', async () => {
    client();
    const other = new ccxt.pro.kraken();
    const urls = other.urls as unknown as { api: { public: string; ws: Record<string, string> } };
    urls.api.public = exchange.restUrl;
    urls.api.ws['publicV2'] = exchange.publicUrl;
    try {
      await other.loadHttpProxyAgent();
      await other.watchOrderBook('BTC/USD', 10);
      for (let change = 0; change < 100; change += 1) {
        const next = other.watchOrderBook('BTC/USD', 10);
        exchange.trade('BTC/USD');
        const book = await next;
        const row = JSON.parse(truth('BTC/USD', 10).concat('}')) as {
          bids: { price: number; qty: number }[];
        };
        assert.deepEqual(
          Array.from(book.bids.slice(0, 10), level => Array.from(level)),
          row.bids.map(({ price, qty }) => [price, qty]),
        );
      }
    } finally {
      await other.close();
    }
  });
});

test('every recorded book verifies over a socket', async () => {
  // Recordings of several depths in one file: a pair has the depth of its snapshot.
  exchange = new Exchange({ replay: [fixturePath('book.jsonl')], replayIntervalMs: 0 });
  await exchange.start();
  client().connect();
  kraken.subscribeOrderbook(['BTC/USD', 'ETH/BTC', 'USDG/USD', 'ETH/USDT', 'GST/USD'], 10);
  kraken.subscribeOrderbook(['MINA/GBP'], 25);
  await eventually(
    () => [...exchange.sessions].flatMap(one => one.requests).length,
    count => count >= 4,
  );
  while (exchange.replayNext() !== undefined);
  const { verified } = await eventually(
    () => kraken.market.bookStatistics,
    ({ verified, checksumFailures }) => verified + checksumFailures >= frames('book.jsonl').length,
  );
  assert.equal(verified, 1_799);
});

test('books that are corrupted again and again: none unverified is published, each comes back, the others go on', async () => {
  const { problems, corrupted, checksumFailures, resyncs } = await corruptBooks({
    changes: 10_000,
    share: 0.002,
    seed: 3,
  });
  assert.deepEqual(problems, []);
  assert.ok(corrupted > 5);
  // One that is corrupted while it waits for its snapshot is passed over.
  assert.ok(checksumFailures > 5 && checksumFailures <= corrupted);
  assert.ok(resyncs > 5 && resyncs <= checksumFailures);
});
