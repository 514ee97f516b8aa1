import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectionEvent } from '../../src/client/callbacks.ts';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { SIMULATED_KEY } from '../../src/simulator/account.ts';
import { eventually } from '../support/client.ts';
import { type Library, startLibrary } from '../support/kraken.ts';

/** What the client has of every asset, and what the exchange has. */
function held({ kraken }: Library): string {
  return [...kraken.getAllBalances().values()]
    .map(({ asset, balance, holdTrade }) => `${asset} ${balance} ${Number(holdTrade)}`)
    .sort()
    .join('\n');
}
function truth({ exchange }: Library): string {
  return [...exchange.account.truth()]
    .map(([asset, { balance, hold }]) => `${asset} ${balance} ${Number(hold)}`)
    .sort()
    .join('\n');
}

async function inStep(library: Library): Promise<void> {
  await eventually(
    () => held(library),
    text => text === truth(library),
  );
}

const start = (config = {}): Promise<Library> => startLibrary({ key: 'with key', config });

describe('balances', () => {
  test('follow the account with holds, digit for digit, through deposits, trades, orders and cancels', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    const events: string[] = [];
    for (const event of ['connected', 'authenticated', 'error'] as const) {
      kraken.registerCallback(event, ({ type, connection }) => void events.push(`${connection} ${type}`));
    }
    kraken.connect();
    await inStep(library);
    assert.equal(kraken.isAuthenticated, true);
    assert.ok(events.includes('private AUTHENTICATED'));
    assert.ok(!events.some(event => event.endsWith('ERROR')));

    exchange.move('BTC', '0.25000000', 'deposit');
    exchange.move('USD', '-100.5', 'withdrawal');
    exchange.move('SOL', '3', 'trade');
    exchange.move('ETH', '1', 'transfer', 'earn flex');
    await inStep(library);
    const order = exchange.placeOrder('BTC/USD', 'sell', '0.50000000', '90000.0');
    exchange.placeOrder('ETH/USD', 'buy', '1.00000000', '3000.00');
    await inStep(library);
    assert.equal(kraken.getBalance('BTC')?.freeBalance?.toFixed(), '0.9935');
    assert.equal(kraken.getBalance('BTC')?.totalBalance.toFixed(), '1.4935');
    exchange.cancelOrder(order);
    await inStep(library);
    assert.equal(kraken.getBalance('BTC')?.freeBalance?.toFixed(), '1.4935');
    assert.deepEqual(
      kraken.getBalance('ETH')?.wallets.map(wallet => `${wallet.type} ${wallet.id} ${wallet.balance}`),
      ['spot main 30.0000000000', 'earn flex 21.0000000000'],
    );
    assert.equal(kraken.getBalance('USDT.M')?.balance, '500.0000', 'what earns is kept apart');
    const status = kraken.getBalanceStreamingStatus();
    assert.deepEqual(
      [status.enabled, status.healthy, status.tokenAvailable, status.sequenceGaps, status.denied],
      [true, true, true, 0, undefined],
    );
  });

  test('the callback hears of each change, and iterators of the latest', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    const heard: string[] = [];
    kraken.registerCallback('balance', ({ asset, balance }) => void heard.push(`${asset} ${balance}`));
    kraken.connect();
    await inStep(library);
    exchange.move('EUR', '5');
    await eventually(
      () => heard.includes('EUR 1005.0000'),
      found => found,
    );
    for await (const balance of kraken.streams.balances()) {
      if (balance.asset !== 'EUR') continue;
      assert.equal(balance.balance, '1005.0000');
      break;
    }
  });

  test('a gap in the sequence: nothing is applied, the channel is subscribed anew, and the account is right again', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    kraken.connect();
    await inStep(library);
    exchange.faults.skipSequence('balances');
    exchange.move('BTC', '1');
    await eventually(
      () => kraken.getBalanceStreamingStatus().sequenceGaps,
      gaps => gaps === 1,
    );
    await inStep(library);
    assert.equal(kraken.balancesState, 'LIVE');
    exchange.move('BTC', '1');
    await inStep(library);
    const [session] = [...exchange.sessions].filter(one => one.isSubscribed('balances'));
    assert.deepEqual(
      session?.requests
        .map(text => /"method":"(\w+)","params":\{"channel":"(\w+)"/.exec(text)?.slice(1).join(' '))
        .filter(request => request?.endsWith('balances')),
      ['subscribe balances', 'unsubscribe balances', 'subscribe balances'],
    );
  });

  test('a gap on executions is mended too, and holds are read again', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    kraken.connect();
    await inStep(library);
    exchange.faults.skipSequence('executions');
    exchange.placeOrder('BTC/USD', 'sell', '0.10000000', '90000.0');
    await inStep(library);
    exchange.placeOrder('BTC/USD', 'sell', '0.10000000', '90000.0');
    await inStep(library);
    assert.equal(kraken.getBalanceStreamingStatus().sequenceGaps, 1);
  });

  test('a reconnect brings a new token and a new snapshot', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    kraken.connect();
    await inStep(library);
    exchange.faults.refusing = true;
    exchange.dropAll('rst');
    await eventually(
      () => kraken.isAuthenticated,
      authenticated => !authenticated,
    );
    assert.equal(kraken.balancesState, 'DISCONNECTED');
    exchange.faults.refusing = false;
    exchange.move('BTC', '1');
    await inStep(library);
    const tokens = exchange.account.calls.filter(call => call === 'GetWebSocketsToken');
    assert.equal(tokens.length, 2);
  });
});

describe('what goes wrong with the session', () => {
  test('Token reuse / invalid session after upgrade: a refused token is replaced at once, and then with patience', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    exchange.faults.rejectTokens(2);
    kraken.connect();
    await inStep(library);
    assert.equal(exchange.account.calls.filter(call => call === 'GetWebSocketsToken').length, 2);
    exchange.account.forgetTokens();
    exchange.faults.refusing = true;
    exchange.dropAll();
    await eventually(
      () => kraken.isAuthenticated,
      authenticated => !authenticated,
    );
    exchange.faults.refusing = false;
    await inStep(library);
  });

  test('missing WS permission: it is named, nothing loops, and public data go on', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    const errors: ConnectionEvent[] = [];
    kraken.registerCallback('error', event => void errors.push(event));
    exchange.account.permissions.delete('websockets');
    kraken.subscribeTicker(['BTC/USD']);
    kraken.connect();
    await eventually(
      () => kraken.getBalanceStreamingStatus().denied,
      denied => denied !== undefined,
    );
    const { denied, healthy } = kraken.getBalanceStreamingStatus();
    assert.equal(
      denied,
      'GetWebSocketsToken: EGeneral:Permission denied (the API key lacks "Access WebSockets API")',
    );
    assert.equal(healthy, false);
    assert.deepEqual(
      errors.map(({ connection, message }) => [connection, message]),
      [['private', denied]],
    );
    const { private: view } = kraken.getConnectionStatus();
    assert.deepEqual([view.state, view.lastError], ['CLOSED', denied]);
    assert.equal(kraken.balancesState, 'REJECTED');
    await eventually(
      () => kraken.getTicker('BTC/USD'),
      ticker => ticker !== undefined,
    );
    assert.equal(exchange.account.calls.filter(call => call === 'GetWebSocketsToken').length, 1);
    // Once the key is mended, connecting again is enough.
    exchange.account.permissions.add('websockets');
    kraken.connect();
    await inStep(library);
  });

  test('a key that may not see funds is told so by the subscription', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    exchange.account.permissions.delete('funds');
    kraken.connect();
    await eventually(
      () => kraken.getBalanceStreamingStatus().denied,
      denied => denied !== undefined,
    );
    assert.match(
      kraken.getBalanceStreamingStatus().denied ?? '',
      /EGeneral:Permission denied .*"Query funds"/,
    );
  });

  test('a key that may not see orders still has balances', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    exchange.account.permissions.delete('orders');
    kraken.connect();
    await inStep(library);
    exchange.move('BTC', '1');
    await inStep(library);
    assert.equal(kraken.balancesState, 'LIVE');
  });

  test('an invalid key is told as such, once', async () => {
    await using library = await startLibrary();
    const { exchange } = library;
    const kraken = new KrakenWebSocketV2('another-key', 'c2VjcmV0', {
      publicUrl: exchange.publicUrl,
      privateUrl: exchange.privateUrl,
      restUrl: exchange.restUrl,
    });
    kraken.connect();
    await eventually(
      () => kraken.getBalanceStreamingStatus().denied,
      denied => denied !== undefined,
    );
    assert.equal(kraken.getBalanceStreamingStatus().denied, 'GetWebSocketsToken: EAPI:Invalid key');
    kraken.disconnect();
  });

  test('REST that fails for a while is tried again', async () => {
    await using library = await start();
    const { exchange, kraken } = library;
    exchange.faults.failRest(1, 'html');
    kraken.connect();
    await inStep(library);
    exchange.faults.failRest(1, 'EAPI:Invalid nonce');
    exchange.placeOrder('BTC/USD', 'sell', '0.10000000', '90000.0');
    await inStep(library);
  });
});

describe('credentials', () => {
  test('without them there are public data, and balances are refused by name', async () => {
    await using library = await startLibrary();
    const { kraken } = library;
    assert.throws(() => kraken.connect({ privateChannels: true }), { code: 'BALANCES_DISABLED' });
    assert.throws(() => kraken.subscribeBalance(), { code: 'BALANCES_DISABLED' });
    assert.equal(kraken.getConnectionStatus().private.state, 'DISABLED');
    assert.equal(kraken.getBalanceStreamingStatus().enabled, false);
  });

  test('an exchange client supplies tokens in place of key and secret', async () => {
    for (const form of ['ours', 'ours as an object', 'ccxt'] as const) {
      await using other = await start();
      // The key is with the other client; this one gets tokens only.
      const { exchange } = other;
      const rest = async (): Promise<string> => {
        const { RestClient } = await import('../../src/kraken/rest.ts');
        const { systemClock } = await import('../../src/lib/clock.ts');
        const { SIMULATED_SECRET } = await import('../../src/simulator/account.ts');
        const options = { url: exchange.restUrl, apiKey: SIMULATED_KEY, apiSecret: SIMULATED_SECRET };
        const client = new RestClient({ ...options, ratePerSecond: 10, timeoutMs: 1_000 }, systemClock);
        return String((await client.post('GetWebSocketsToken'))['token']);
      };
      const kraken = new KrakenWebSocketV2(undefined, undefined, {
        publicUrl: exchange.publicUrl,
        privateUrl: exchange.privateUrl,
      });
      kraken.setExchangeClient(
        form === 'ours'
          ? { getWebSocketsToken: rest }
          : form === 'ours as an object'
            ? { getWebSocketsToken: async () => ({ token: await rest() }) }
            : { privatePostGetWebSocketsToken: async () => ({ result: { token: await rest() } }) },
      );
      kraken.connect();
      await eventually(
        () => kraken.getBalance('BTC')?.balance,
        balance => balance === '1.2435000000',
      );
      assert.equal(kraken.getBalance('BTC')?.holdTrade, undefined, 'holds need the key');
      kraken.disconnect();
    }
  });

  test('private channels may be left out, and joined later', async () => {
    await using library = await start();
    const { kraken } = library;
    kraken.connect({ privateChannels: false });
    await eventually(
      () => kraken.isConnected,
      connected => connected,
    );
    assert.equal(library.exchange.account.calls.length, 0);
    kraken.subscribeBalance();
    await inStep(library);
    kraken.unsubscribe('balances');
    await eventually(
      () => kraken.getConnectionStatus().private.state,
      state => state === 'CLOSED',
    );
  });
});
