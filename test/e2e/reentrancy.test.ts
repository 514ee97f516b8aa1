/** What a hostile user does in callbacks, and what outlives a disconnect. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';

describe('a callback that', () => {
  test('connects again in answer to every disconnect makes no storm, whatever Kraken denies', async () => {
    await using library = await startLibrary({ key: 'with key', config: { reconnectDelayMs: 200 } });
    const { exchange, kraken } = library;
    exchange.account.permissions.delete('websockets');
    let again = 0;
    const reconnect = (): void => {
      again += 1;
      kraken.connect();
    };
    kraken.registerCallback('disconnected', reconnect);
    kraken.connect();
    await eventually(
      () => again,
      count => count >= 3,
    );
    const calls = exchange.account.calls.filter(call => call === 'GetWebSocketsToken').length;
    kraken.unregisterCallback('disconnected', reconnect);
    assert.ok(calls <= 4, `${calls} calls`);
  });

  test('connects again while disconnect is under way gets what it asked for', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.isAuthenticated && kraken.isConnected,
      both => both,
    );
    const once = (): void => {
      kraken.unregisterCallback('disconnected', once);
      kraken.connect();
    };
    kraken.registerCallback('disconnected', once);
    kraken.disconnect();
    await eventually(
      () => kraken.isAuthenticated && kraken.isConnected,
      both => both,
    );
  });
});

describe('after', () => {
  test('disconnect nothing is delivered that was still being fetched', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    kraken.subscribeTrades([BTC]);
    kraken.connect();
    await eventually(
      () => kraken.getRecentTrades(BTC).length,
      count => count === 50,
    );
    const late: number[] = [];
    exchange.faults.failRest(1, 'EService:Busy');
    exchange.faults.loseTrades(1);
    exchange.trade(BTC);
    exchange.trade(BTC);
    await eventually(
      () => kraken.feedState('trade', kraken.resolveSymbol(BTC)),
      state => state === 'RESYNCING',
    );
    kraken.disconnect();
    kraken.registerCallback('trade', trade => void late.push(trade.tradeId));
    await eventually(
      () => kraken.feedState('trade', kraken.resolveSymbol(BTC)),
      state => state !== 'RESYNCING',
    );
    await delay(50);
    assert.deepEqual(late, []);
  });

  test('an unsubscribe a repair does not bring the tape back', async () => {
    await using library = await startLibrary({ config: { subscriptionLingerMs: 0 } });
    const { exchange, kraken } = library;
    kraken.subscribeTrades([BTC]);
    kraken.connect();
    await eventually(
      () => kraken.getRecentTrades(BTC).length,
      count => count === 50,
    );
    exchange.faults.failRest(1, 'EService:Busy');
    exchange.faults.loseTrades(1);
    exchange.trade(BTC);
    exchange.trade(BTC);
    await eventually(
      () => kraken.feedState('trade', kraken.resolveSymbol(BTC)),
      state => state === 'RESYNCING',
    );
    kraken.unsubscribe('trade', [BTC]);
    await eventually(
      () => kraken.getSubscription('trade', kraken.resolveSymbol(BTC)),
      view => view === undefined,
    );
    await delay(50);
    assert.equal(kraken.getRecentTrades(BTC).length, 0);
    kraken.subscribeTrades([BTC]);
    await eventually(
      () => kraken.getRecentTrades(BTC, 1_000).length,
      count => count === 50,
    );
    assert.equal(kraken.market.tradeStatistics.tradesLost, 0);
  });

  test('a reconnect what orders hold is unknown until it is told anew', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { exchange, kraken } = library;
    exchange.placeOrder(BTC, 'sell', '0.50000000', '90000.0');
    kraken.connect();
    await eventually(
      () => Number(kraken.getBalance('BTC')?.holdTrade),
      hold => hold === 0.5,
    );
    exchange.faults.refusing = true;
    exchange.dropAll();
    await eventually(
      () => kraken.balancesState,
      state => state === 'DISCONNECTED',
    );
    assert.equal(kraken.getBalance('BTC')?.holdTrade, undefined);
    exchange.faults.refusing = false;
    await eventually(
      () => Number(kraken.getBalance('BTC')?.holdTrade),
      hold => hold === 0.5,
    );
  });

  test('a permission to see funds by REST is taken away, holds are unknown rather than old', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { exchange, kraken } = library;
    kraken.connect();
    await eventually(
      () => kraken.getBalance('BTC')?.holdTrade,
      hold => hold !== undefined,
    );
    exchange.account.permissions.delete('funds');
    exchange.placeOrder(BTC, 'sell', '0.50000000', '90000.0');
    await eventually(
      () => kraken.getBalanceStreamingStatus().holdsDenied,
      denied => denied !== undefined,
    );
    assert.equal(kraken.getBalance('BTC')?.freeBalance, undefined);
    assert.equal(kraken.balancesState, 'LIVE');
  });
});

test('a control message that Kraken ignores for its rate does not leave balances broken', async () => {
  await using library = await startLibrary({ key: 'with key' });
  const { exchange, kraken } = library;
  kraken.connect();
  await eventually(
    () => kraken.balancesState,
    state => state === 'LIVE',
  );
  exchange.faults.skipSequence('balances');
  exchange.faults.limitRate(1);
  exchange.move('BTC', '1');
  await eventually(
    () => kraken.balancesState,
    state => state === 'RESYNCING',
  );
  // Its acknowledgement is awaited for ten seconds, and then it is asked again.
  const deadline = performance.now() + 25_000;
  while (kraken.balancesState !== 'LIVE' && performance.now() < deadline) await delay(50);
  assert.equal(kraken.getBalance('BTC')?.balance, '2.2435000000');
});
