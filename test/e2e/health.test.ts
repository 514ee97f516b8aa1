/** What makes the server DEGRADED: what its operator wants, and not what some reader asks for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

async function health({ url }: Pair): Promise<string> {
  const { data } = await query(url, '{ status { health } }');
  return data.status.health;
}

async function becomes(pair: Pair, expected: string): Promise<void> {
  await eventually(
    () => health(pair),
    found => found === expected,
  );
}

async function stateOf({ url }: Pair, channel: string, symbol: string, state: string): Promise<void> {
  await eventually(
    () => query(url, `{ status { subscriptions(symbol: "${symbol}") { channel state } } }`),
    ({ data }) =>
      data.status.subscriptions.some(
        (one: { channel: string; state: string }) => one.channel === channel && one.state === state,
      ),
  );
}

test('a pair that waits or is refused for an anonymous reader says nothing of the health', async () => {
  await using pair = await start({}, { SYMBOLS: 'BTC/USD' });
  await becomes(pair, 'HEALTHY');
  const client = connect(pair.url);
  pair.exchange.faults.mute('ticker', 'SOL/USD');
  await using silent = subscribe(client, 'subscription { ticker(symbols: ["SOL/USD"]) { bid } }');
  await stateOf(pair, 'ticker', 'SOL/USD', 'PENDING');
  assert.equal(await health(pair), 'HEALTHY');
  await silent.stop();

  pair.exchange.faults.mute('book', 'ETH/USD');
  await using book = subscribe(client, 'subscription { book(symbols: ["ETH/USD"]) { sequence } }');
  await stateOf(pair, 'book', 'ETH/USD', 'PENDING');
  assert.equal(await health(pair), 'HEALTHY');
  await book.stop();
  await client.dispose();
});

test('a pair that is refused counts when the operator declared it', async () => {
  for (const [symbols, expected] of [
    ['BTC/USD,NOPE/USD', 'DEGRADED'],
    ['BTC/USD', 'HEALTHY'],
  ] as const) {
    await using pair = await start({}, { SYMBOLS: symbols });
    await eventually(
      () => pair.app.client.market.instruments.known && pair.app.client.getTicker('BTC/USD'),
      ticker => ticker !== undefined,
    );
    await becomes(pair, expected);
  }
});

test('a declared pair that has nothing to show counts', async () => {
  await using pair = await start({}, { SYMBOLS: 'BTC/USD,ETH/USD' });
  await becomes(pair, 'HEALTHY');
  pair.exchange.faults.mute('ticker', 'ETH/USD');
  pair.exchange.dropAll('rst');
  await stateOf(pair, 'ticker', 'BTC/USD', 'LIVE');
  await becomes(pair, 'DEGRADED');
});

test('a book that is out of step counts, whoever reads it', async () => {
  await using pair = await start({}, { SYMBOLS: 'BTC/USD' });
  const client = connect(pair.url);
  await using values = subscribe(client, 'subscription { book(symbols: ["ETH/USD"]) { sequence } }');
  await values.next();
  await becomes(pair, 'HEALTHY');
  // The new snapshot does not come.
  pair.exchange.faults.corruptBook('ETH/USD');
  pair.exchange.faults.snapshotDelayMs = 60_000;
  pair.exchange.trade('ETH/USD');
  await becomes(pair, 'DEGRADED');
  await values.stop();
  await client.dispose();
});

test('without the list of pairs the server is DEGRADED', async () => {
  await using pair = await start({ withoutInstruments: true }, { SYMBOLS: 'BTC/USD' });
  await stateOf(pair, 'ticker', 'BTC/USD', 'LIVE');
  assert.equal(await health(pair), 'DEGRADED');
});

test("the account's channels count where there is an account", async () => {
  await using pair = await start({}, WITH_ACCOUNT);
  await becomes(pair, 'HEALTHY');
  pair.exchange.account.permissions.delete('funds');
  pair.exchange.dropAll('rst');
  await eventually(
    () => query(pair.url, '{ status { balanceStreaming { denied } } }', {}, TOKEN),
    ({ data }) => data.status.balanceStreaming.denied !== null,
  );
  await becomes(pair, 'DEGRADED');
  // Market data go on.
  await eventually(
    () => fetch(`${pair.url}/ready`),
    ({ status }) => status === 200,
  );
  assert.equal(await health(pair), 'DEGRADED');
});
