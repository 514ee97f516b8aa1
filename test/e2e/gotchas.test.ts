/**
 * What went wrong in other clients of this exchange, each as a test of ours. Those that are not here have tests of
 * the same words beside what they are about: replayed trades, tokens, nonces, permissions, silent channels.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { decode } from '../../src/kraken/decode.ts';
import type { BookRow, LevelRow } from '../../src/kraken/messages.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { OrderBook } from '../../src/market/book.ts';
import { write } from '../../src/simulator/wire.ts';
import { eventually } from '../support/client.ts';
import { frames } from '../support/fixtures.ts';
import { startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';

interface Message {
  readonly type: 'snapshot' | 'update';
  readonly row: BookRow;
}

/** The messages of a recording; `change` may spoil the text first. */
function messages(from: number, to: number, change = (text: string): string => text): Message[] {
  return frames('book.jsonl')
    .slice(from, to)
    .map(frame => {
      const message = decode(change(frame));
      const row = message.kind === 'book' ? message.data[0] : undefined;
      return message.kind === 'book' && row ? { type: message.type, row } : assert.fail(frame);
    });
}

/** Applies messages; returns whether each verified. */
function replay(all: readonly Message[], depth: number): boolean[] {
  const [first] = all;
  const book = new OrderBook(first?.row.symbol ?? assert.fail());
  return all.map(({ type, row }) =>
    type === 'snapshot' ? book.applySnapshot(row, depth, 0) : book.applyUpdate(row, 0) === true,
  );
}

describe('order books', () => {
  test('Checksum broken by number formatting: through floats no message verifies, with the digits as sent each does', () => {
    const throughFloats = (text: string): string => JSON.stringify(JSON.parse(text));
    assert.deepEqual(new Set(replay(messages(0, 1_254), 10)), new Set([true]));
    assert.equal(replay(messages(0, 1, throughFloats), 10)[0], false);
  });

  test('Books with fewer than ten levels: the checksum covers what there is, to the last level', () => {
    const book = new OrderBook('GST/USD' as PairSymbol);
    const level = (price: string, qty: string) => ({ price: price as DecimalText, qty: qty as DecimalText });
    const row = (asks: LevelRow[], bids: LevelRow[], digits: string): BookRow => ({
      symbol: book.symbol,
      asks,
      bids,
      checksum: crc32(digits),
      timestamp: undefined,
    });
    const snapshot = row([level('0.0100', '5.00'), level('0.0200', '1.00')], [], '100500200100');
    assert.equal(book.applySnapshot(snapshot, 10, 0), true);
    assert.equal(
      book.applyUpdate(row([level('0.0100', '0.00')], [level('0.0090', '2.50')], '20010090250'), 0),
      true,
    );
    assert.equal(book.applyUpdate(row([level('0.0200', '0.00')], [level('0.0090', '0.00')], ''), 0), true);
    assert.deepEqual([book.asks.length, book.bids.length], [0, 0]);
  });

  test('Missing truncation: with one more level kept, books fail and cross', () => {
    const kept = replay(messages(0, 1_254), 11);
    assert.ok(kept.includes(false));
  });

  test('One price twice in a message; bids and asks in one message: rows count in the order in which they came', () => {
    const all = messages(0, 1_254);
    const twice = all.filter(({ row }) => new Set(row.bids.map(level => level.price)).size < row.bids.length);
    const both = all.filter(
      ({ type, row }) => type === 'update' && row.bids.length > 0 && row.asks.length > 0,
    );
    assert.ok(twice.length > 0 && both.length > 0);
    const reversed = all.map(({ type, row }) => ({
      type,
      row: { ...row, bids: row.bids.toReversed(), asks: row.asks.toReversed() },
    }));
    assert.ok(replay(reversed, 10).includes(false));
  });

  test('Slow consumer, updates lost: a message that is missing shows in the next checksum, and the book is fetched anew', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.subscribeOrderbook([BTC]);
    kraken.connect();
    await eventually(
      () => kraken.getOrderbook(BTC),
      book => book !== undefined,
    );
    exchange.faults.skipBook(BTC);
    for (let change = 0; change < 20; change += 1) exchange.trade(BTC);
    await eventually(
      () => kraken.getOrderbook(BTC)?.checksum,
      checksum => write(exchange.bookRow(BTC, 10)).includes(`"checksum":${checksum},`),
    );
    assert.equal(kraken.market.bookStatistics.checksumFailures, 1);
  });

  test('Merging a snapshot after a resubscribe: it replaces the whole book', () => {
    const all = messages(0, 400);
    const book = new OrderBook(all[0]?.row.symbol ?? assert.fail());
    const [snapshot] = messages(0, 1);
    assert.ok(snapshot);
    for (const { type, row } of all)
      type === 'snapshot' ? book.applySnapshot(row, 10, 0) : book.applyUpdate(row, 0);
    book.applySnapshot(snapshot.row, 10, 0);
    assert.deepEqual(
      book.asks.map(level => level.price),
      snapshot.row.asks.map(level => level.price),
    );
    assert.deepEqual(
      book.bids.map(level => level.price),
      snapshot.row.bids.map(level => level.price),
    );
  });
});

describe('subscriptions', () => {
  test('Rejected symbol stays silent while liveness checks stay green: it says REJECTED, with the reason', async () => {
    await using library = await startLibrary({ withoutInstruments: true });
    const { kraken } = library;
    kraken.subscribeTicker([BTC, 'NOT/LISTED']);
    kraken.connect();
    const rejected = kraken.resolveSymbol('NOT/LISTED');
    await eventually(
      () => kraken.feedState('ticker', rejected),
      state => state === 'REJECTED',
    );
    assert.equal(kraken.getSubscription('ticker', rejected)?.error, 'Currency pair not supported NOT/LISTED');
    await eventually(
      () => kraken.getTicker(BTC),
      ticker => ticker !== undefined,
    );
  });

  test('Subscribe storms: every pair in one request a channel', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.market.instruments.known,
      known => known,
    );
    const symbols = [...kraken.market.instruments.pairs()].map(pair => pair.symbol);
    kraken.subscribeTicker(symbols);
    kraken.subscribeTrades(symbols);
    await eventually(
      () => symbols.every(symbol => kraken.getTicker(symbol) !== undefined),
      all => all,
    );
    const requests = [...exchange.sessions][0]?.requests.filter(text => text.includes('"subscribe"')) ?? [];
    assert.equal(requests.length, 3, 'instrument, ticker, trade');
    assert.equal(kraken.getMessageStatistics().errors, 0);
  });

  test('Resubscribe must send symbol as array and restore parameters', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.subscribeOrderbook([BTC], 25);
    kraken.subscribeOhlc([BTC], 60);
    kraken.connect();
    await eventually(
      () => kraken.getOrderbook(BTC),
      book => book !== undefined,
    );
    const before = [...exchange.sessions];
    exchange.dropAll('rst');
    await eventually(
      () =>
        [...exchange.sessions].some(session => !before.includes(session) && session.bookDepth(BTC) === 25),
      again => again,
    );
    const [session] = exchange.sessions;
    await eventually(
      () => session?.isSubscribed('ohlc', BTC, 60),
      subscribed => subscribed === true,
    );
    for (const text of session?.requests ?? []) {
      const { params } = JSON.parse(text) as { params?: { channel?: string; symbol?: unknown } };
      if (params && params.channel !== 'instrument') assert.deepEqual(params.symbol, [BTC]);
    }
  });

  test('Already subscribed is success, and unmatched or late acknowledgements are not fatal', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.subscribeTicker([BTC]);
    kraken.connect();
    await eventually(
      () => kraken.getTicker(BTC),
      ticker => ticker !== undefined,
    );
    for (const text of [
      '{"method":"subscribe","req_id":99999,"result":{"channel":"ticker","symbol":"BTC/USD"},"success":true}',
      '{"method":"subscribe","error":"Already subscribed","success":false,"symbol":"BTC/USD","req_id":99999}',
      '{"method":"unsubscribe","error":"Subscription Not Found","success":false}',
      '{"method":"subscribe","result":{"channel":"balances","snapshot":true},"success":true}',
      '{"method":"error","error":"Malformed request","success":false}',
    ]) {
      exchange.broadcast(text);
    }
    exchange.trade(BTC);
    await eventually(
      () => kraken.getTicker(BTC)?.last,
      last => exchange.tickerText(BTC).includes(`"last":${last},`),
    );
    assert.equal(kraken.getConnectionStatus().public.reconnects, 0);
  });
});

describe('connections', () => {
  test('Silent socket death: a socket that says nothing is left, and its successor is live', async () => {
    await using library = await startLibrary({ config: { heartbeatTimeoutMs: 100 } });
    const { exchange, kraken } = library;
    kraken.subscribeTicker([BTC]);
    const beat = setInterval(() => exchange.broadcast('{"channel":"heartbeat"}'), 20);
    kraken.connect();
    await eventually(
      () => kraken.getTicker(BTC),
      ticker => ticker !== undefined,
    );
    exchange.faults.stalled = true;
    await eventually(
      () => kraken.isConnected,
      connected => !connected,
    );
    assert.match(kraken.getConnectionStatus().public.lastError ?? '', /^no frame for \d+ ms$/);
    exchange.faults.stalled = false;
    await eventually(
      () => kraken.feedState('ticker', kraken.resolveSymbol(BTC)),
      state => state === 'LIVE',
    );
    clearInterval(beat);
  });

  test('Exceeded msg rate: the socket is kept, and what was asked for comes later', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    exchange.faults.limitRate(1);
    kraken.subscribeTicker([BTC]);
    kraken.connect();
    await eventually(
      () => kraken.getMessageStatistics().errors,
      errors => errors === 1,
    );
    assert.equal(kraken.isConnected, true);
  });
});

test('A pair whose precision or status changes while connected is known as it is now', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  kraken.connect();
  const pair = (): string | undefined => {
    const found = kraken.market.instruments.pair(kraken.resolveSymbol('ETH/BTC'));
    return found && `${found.status} ${found.price_precision} ${found.price_increment}`;
  };
  await eventually(pair, text => text === 'online 6 0.000001');
  const lists: number[] = [];
  kraken.registerCallback('instruments', instruments => void lists.push([...instruments.pairs()].length));
  exchange.changePair('ETH/BTC', { status: 'post_only', price_precision: 5, price_increment: 0.00001 });
  await eventually(pair, text => text === 'post_only 5 0.00001');
  assert.deepEqual(lists, [137]);
});
