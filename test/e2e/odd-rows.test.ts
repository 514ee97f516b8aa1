/** Rows that make no sense, over real sockets: each costs itself, and what it left uncertain is put right. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { eventually } from '../support/client.ts';
import { type Library, startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';
const now = (aheadMs = 0): string => new Date(Date.now() + aheadMs).toISOString();

function errorsOf({ kraken }: Library, channel: string): number {
  return kraken.getMessageStatistics().channels.find(one => one.channel === channel)?.errors ?? 0;
}

const live = ({ kraken }: Library, feed: 'ticker' | 'book' | 'trade' | 'ohlc 1'): Promise<unknown> =>
  eventually(
    () => kraken.feedState(feed, BTC as PairSymbol),
    state => state === 'LIVE',
  );

function ohlc(begin: string, interval = 1, open = '7.0'): string {
  return `{"channel":"ohlc","type":"update","data":[{"symbol":"${BTC}","open":${open},"high":7.0,"low":7.0,"close":7.0,"trades":999,"volume":1.0,"vwap":7.0,"interval_begin":"${begin}","interval":${interval}}]}`;
}

function trade(id: number | string, timestamp: string): string {
  return `{"channel":"trade","type":"update","data":[{"symbol":"${BTC}","side":"buy","price":7.0,"qty":1.0,"ord_type":"limit","trade_id":${id},"timestamp":"${timestamp}"}]}`;
}

describe('candles', () => {
  test('that begin at no time, an odd one, or one that is far away do not enter the series', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.connect();
    kraken.subscribeOhlc([BTC], 1);
    exchange.trade(BTC);
    await live(library, 'ohlc 1');
    const before = JSON.stringify(kraken.getOhlcData(BTC).map(candle => candle.intervalBegin));
    const minute = `${now().slice(0, 16)}:00`;
    for (const begin of [
      'never',
      '',
      `${minute.slice(0, -1)}7Z`,
      '2099-01-01T00:00:00Z',
      '2010-01-01T00:00:00Z',
    ])
      exchange.broadcast(ohlc(begin));
    exchange.broadcast(ohlc(`${minute}Z`, 1, '-7.0'));
    await eventually(
      () => errorsOf(library, 'ohlc'),
      errors => errors === 6,
    );
    assert.equal(JSON.stringify(kraken.getOhlcData(BTC).map(candle => candle.intervalBegin)), before);
    assert.equal(typeof kraken.getOhlcData(BTC)[0]?.intervalEnd, 'string');
  });
});

describe('trades', () => {
  test('with ids or times that do not fit are not served, and those that fit go on', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const ids: number[] = [];
    kraken.registerCallback('trade', ({ tradeId }) => void ids.push(tradeId));
    kraken.connect();
    kraken.subscribeTrades([BTC]);
    await live(library, 'trade');
    for (const frame of [
      trade(5, 'never'),
      trade(5, now(1_000)),
      trade('9007199254740991', now()),
      trade(0, now()),
      trade(ids.at(-1) ?? 0, now(10 * 86_400_000)),
    ])
      exchange.broadcast(frame);
    exchange.trade(BTC);
    exchange.trade(BTC);
    await eventually(
      () => errorsOf(library, 'trade'),
      errors => errors === 5,
    );
    const last = ids.at(-1) ?? 0;
    await eventually(
      () => ids.at(-1),
      id => id === last,
    );
    for (let index = 1; index < ids.length; index += 1) assert.equal(ids[index], (ids[index - 1] ?? 0) + 1);
    assert.equal(kraken.feedState('trade', BTC as PairSymbol), 'LIVE');
  });
});

describe('books', () => {
  test('of which a row was not understood get a new snapshot, and the other pairs of the frame go on', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.connect();
    kraken.subscribeOrderbook([BTC, 'ETH/USD'], 100);
    await live(library, 'book');
    const { resyncs } = kraken.market.bookStatistics;
    exchange.broadcast(
      `{"channel":"book","type":"update","data":[{"symbol":"${BTC}","bids":[{"price":0.1,"qty":-1}],"asks":[],"checksum":1}]}`,
    );
    await eventually(
      () => kraken.market.bookStatistics.resyncs,
      count => count === resyncs + 1,
    );
    assert.equal(errorsOf(library, 'book'), 1);
    assert.equal(kraken.market.bookStatistics.checksumFailures, 0);
    await live(library, 'book');
  });
});

describe('balances', () => {
  test('of which an entry was not understood get a new snapshot', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { exchange, kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.balancesState,
      state => state === 'LIVE',
    );
    const seen: string[] = [];
    kraken.observe({ balancesChanged: () => void seen.push(kraken.balancesState) });
    const { sequence = 0 } = kraken.getBalanceStreamingStatus();
    exchange.broadcast(
      `{"channel":"balances","type":"update","data":[{"ledger_id":"L","asset":"BTC","type":"trade","wallet_type":"spot","wallet_id":"main","amount":"much","fee":0,"balance":1}],"sequence":${sequence + 1}}`,
    );
    await eventually(
      () => kraken.getBalanceStreamingStatus().sequenceGaps,
      gaps => gaps >= 1,
    );
    await eventually(
      () => kraken.balancesState,
      state => state === 'LIVE',
    );
    assert.ok(errorsOf(library, 'balances') >= 1);
    assert.ok(seen.includes('RESYNCING'), seen.join());
  });

  test('of which a row of the snapshot was not understood are not called live until one is whole', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { exchange, kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.balancesState,
      state => state === 'LIVE',
    );
    const btc = kraken.getBalance('BTC')?.balance;
    const seen: string[] = [];
    kraken.observe({
      balancesChanged() {
        const [usd, bitcoin] = [kraken.getBalance('USD')?.balance, kraken.getBalance('BTC')?.balance];
        seen.push(`${usd} ${bitcoin} ${kraken.balancesState}`);
      },
    });
    exchange.broadcast(
      '{"channel":"balances","type":"snapshot","data":[{"asset":"BTC","balance":null},{"asset":"USD","balance":7.00,"wallets":[]}],"sequence":1}',
    );
    await eventually(
      () => seen.length > 0 && kraken.balancesState,
      state => state === 'LIVE',
    );
    // Nothing says that there is no BTC any more.
    assert.ok(seen.includes(`7.00 ${btc} RESYNCING`), seen.join());
    assert.notEqual(kraken.getBalance('USD')?.balance, '7.00');
  });
});

describe('pairs', () => {
  test('that are wrong in a new list stay as they were, and no name that is none is listed', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.market.instruments.known,
      known => known,
    );
    const row = (symbol: string, precision: string): string =>
      `{"symbol":"${symbol}","base":"A","quote":"B","status":"online","qty_precision":8,"qty_increment":0.1,"qty_min":1,"price_precision":${precision},"price_increment":0.1}`;
    exchange.broadcast(
      `{"channel":"instrument","type":"snapshot","data":{"pairs":[${row(BTC, '4294967296')},${row('A/B', '1')},${row('A B', '1')},${row('__proto__', '1')}]}}`,
    );
    await eventually(
      () => errorsOf(library, 'instrument'),
      errors => errors === 3,
    );
    assert.deepEqual([...kraken.market.instruments.pairs()].map(pair => pair.symbol).sort(), ['A/B', BTC]);
  });

  test('that no one subscribed to, or that Kraken refused, are not stored', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.subscribeTicker([BTC, 'NO/SUCH']);
    kraken.connect();
    await live(library, 'ticker');
    await eventually(
      () => kraken.feedState('ticker', 'NO/SUCH' as PairSymbol),
      state => state === 'REJECTED',
    );
    const frame = (symbol: string): string =>
      `{"channel":"ticker","type":"update","data":[{"symbol":"${symbol}","bid":7.77,"bid_qty":1.0,"ask":8.0,"ask_qty":1.0,"last":7.5,"volume":1.0,"vwap":1.0,"low":1.0,"high":2.0,"change":0.1,"change_pct":0.10}]}`;
    for (const symbol of ['NO/SUCH', 'ETH/USD', BTC]) exchange.broadcast(frame(symbol));
    await eventually(
      () => kraken.getTicker(BTC)?.bid,
      bid => bid === '7.77',
    );
    for (const symbol of ['NO/SUCH', 'ETH/USD'])
      assert.equal(kraken.market.ticker(symbol as PairSymbol), undefined);
  });
});

describe('a handler that throws', () => {
  test('ends its frame alone: it is counted, and what it was about is asked for once more', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    let thrown = 0;
    let snapshots = 0;
    kraken.observe({
      tickerChanged(_symbol, timestamp) {
        if (timestamp === undefined) snapshots += 1;
        else if (thrown === 0) {
          thrown += 1;
          throw new Error('a handler failed');
        }
      },
    });
    kraken.connect();
    kraken.subscribeTicker([BTC]);
    await live(library, 'ticker');
    const before = snapshots;
    exchange.trade(BTC);
    await eventually(
      () => [thrown, snapshots > before],
      ([count, renewed]) => count === 1 && renewed === true,
    );
    assert.equal(errorsOf(library, 'ticker'), 1);
    assert.equal(kraken.getConnectionStatus().public.reconnects, 0);
    await live(library, 'ticker');
  });
});
