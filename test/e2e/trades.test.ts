import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TradeUpdate } from '../../src/index.ts';
import { eventually } from '../support/client.ts';
import { disconnectAgainAndAgain } from '../support/disconnects.ts';
import { type Library, startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';

/** Everything that a callback gets of one pair, from now on. */
function collect({ kraken }: Library): TradeUpdate[] {
  const trades: TradeUpdate[] = [];
  kraken.registerCallback('trade', trade => void trades.push(trade));
  return trades;
}

/** A trade as the exchange writes it. */
function written({ symbol, side, price, qty, ordType, tradeId, timestamp }: TradeUpdate): string {
  const [raw, id] = [`"price":${price},"qty":${qty}`, `"trade_id":${tradeId}`];
  return `{"symbol":"${symbol}","side":"${side}",${raw},"ord_type":"${ordType}",${id},"timestamp":"${timestamp}"}`;
}

async function live({ kraken }: Library): Promise<void> {
  kraken.subscribeTrades([BTC]);
  kraken.connect();
  await eventually(
    () => kraken.getRecentTrades(BTC).length,
    count => count === 50,
  );
}

/** Waits until the client has the exchange's last trade. */
async function caughtUp({ kraken, exchange }: Library): Promise<void> {
  const last = exchange.tradeTexts(BTC).at(-1);
  await eventually(
    () => kraken.getRecentTrades(BTC, 1).map(written)[0],
    text => text === last,
  );
}

/** What came is what happened since the first of it: each once, in order, digit for digit. */
function assertComplete({ exchange }: Library, trades: readonly TradeUpdate[]): void {
  const truth = exchange.tradeTexts(BTC);
  const from = truth.findIndex(text => text.includes(`"trade_id":${trades[0]?.tradeId},`));
  assert.deepEqual(trades.map(written), truth.slice(from));
}

describe('trades', () => {
  test('come with the digits of the wire, each once, the last fifty first', async () => {
    await using library = await startLibrary();
    const trades = collect(library);
    await live(library);
    for (let count = 0; count < 100; count += 1) library.exchange.trade(BTC);
    await caughtUp(library);
    assertComplete(library, trades);
    assert.ok(trades.length >= 150);
  });

  test('Trades replayed after reconnect are dropped, and those missed are in the snapshot', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const trades = collect(library);
    await live(library);
    exchange.faults.refusing = true;
    exchange.dropAll('rst');
    for (let count = 0; count < 10; count += 1) exchange.trade(BTC);
    exchange.faults.refusing = false;
    await caughtUp(library);
    assertComplete(library, trades);
    assert.equal(exchange.account.calls.length, 0);
    assert.ok(kraken.market.tradeStatistics.duplicatesDropped >= 20);
    assert.equal(kraken.market.tradeStatistics.tradesRecovered, 0);
  });

  test('an outage longer than the snapshot is filled by REST, page by page, before anything later is delivered', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const trades = collect(library);
    await live(library);
    exchange.faults.refusing = true;
    exchange.dropAll('fin');
    await eventually(
      () => kraken.isConnected,
      connected => !connected,
    );
    for (let count = 0; count < 2_500; count += 1) exchange.trade(BTC);
    exchange.faults.refusing = false;
    await eventually(
      () => kraken.feedState('trade', kraken.resolveSymbol(BTC)),
      state => state === 'LIVE',
    );
    exchange.trade(BTC);
    await caughtUp(library);
    assertComplete(library, trades);
    const { tradesRecovered, gapsDetected, gapsRepaired, tradesLost } = kraken.market.tradeStatistics;
    assert.ok(tradesRecovered > 2_400, String(tradesRecovered));
    assert.deepEqual([gapsDetected, gapsRepaired, tradesLost], [1, 1, 0]);
    assert.equal(trades.filter(trade => trade.recovered).length, tradesRecovered);
  });

  test('frames that are lost, sent twice or late on a connection that lives are put right', async () => {
    await using library = await startLibrary();
    const { exchange } = library;
    const trades = collect(library);
    await live(library);
    for (const fault of ['loseTrades', 'duplicateTrades', 'delayTrades'] as const) {
      exchange.faults[fault](3);
      for (let count = 0; count < 8; count += 1) exchange.trade(BTC);
      await caughtUp(library);
    }
    assertComplete(library, trades);
  });

  test('REST that fails for a while delays, and loses nothing', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const trades = collect(library);
    await live(library);
    exchange.faults.failRest(1, 'html');
    exchange.faults.failRest(1, 'EAPI:Rate limit exceeded');
    exchange.faults.loseTrades(1);
    exchange.trade(BTC);
    exchange.trade(BTC);
    await eventually(
      () => kraken.feedState('trade', kraken.resolveSymbol(BTC)),
      state => state === 'RESYNCING',
    );
    await caughtUp(library);
    assertComplete(library, trades);
  });

  test('what REST does not know either is named as a gap, and the tape goes on', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const trades = collect(library);
    const gaps: string[] = [];
    kraken.registerCallback('gap', ({ symbol, fromTradeId, toTradeId }) => {
      gaps.push(`${symbol} ${toTradeId - fromTradeId + 1} after ${trades.length}`);
    });
    await live(library);
    const last = trades.at(-1)?.tradeId ?? 0;
    const row = (id: number): string =>
      `{"symbol":"${BTC}","side":"buy","price":1.0,"qty":1.00000000,"ord_type":"limit","trade_id":${id},"timestamp":"${new Date().toISOString()}"}`;
    exchange.trade(BTC);
    await caughtUp(library);
    const known = kraken.getRecentTrades(BTC, 1)[0]?.tradeId ?? last;
    const before = trades.length;
    exchange.faults.failRest(1, 'EQuery:Unknown asset pair');
    exchange.broadcast(`{"channel":"trade","type":"update","data":[${row(known + 1_001)}]}`);
    await eventually(
      () => gaps.length,
      count => count === 1,
    );
    assert.deepEqual(gaps, [`${BTC} 1000 after ${before}`]);
    assert.equal(trades.at(-1)?.tradeId, known + 1_001);
    assert.equal(kraken.market.tradeStatistics.tradesLost, 1_000);
  });
});

test('disconnects of mixed kinds under trade flow: nothing lost, nothing twice, in order', async () => {
  const { disconnects, delivered, problems, longestOutage } = await disconnectAgainAndAgain({
    disconnects: 25,
    seed: 7,
  });
  assert.deepEqual(problems, []);
  assert.equal(disconnects, 25);
  assert.ok(delivered > 500);
  assert.ok(longestOutage > 50, `an outage of ${longestOutage} trades`);
});
