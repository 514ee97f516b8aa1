/** Balances over the API: assets under every name in use, and what stays when Kraken says no. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, type Result, subscribe } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

async function withBalances(): Promise<Pair> {
  const pair = await start({}, WITH_ACCOUNT);
  const { client } = pair.app;
  await eventually(
    () => client.getAllBalances().get('BTC')?.holdTrade !== undefined && client.market.instruments.known,
    known => known,
  );
  return pair;
}

const codeOf = ({ errors }: Result): unknown => errors?.[0]?.extensions?.['code'];
const suggestionsOf = ({ errors }: Result): unknown => errors?.[0]?.extensions?.['suggestions'];

test('an asset is found under every name in use, and one that there is not is an error with suggestions', async () => {
  await using pair = await withBalances();
  const { exchange, url } = pair;
  const ask = (text: string) => query(url, `{ ${text} }`, {}, TOKEN);
  for (const name of ['BTC', 'btc', 'XBT', 'xbt', 'XXBT', ' BTC ']) {
    const { data, errors } = await ask(
      `balance(asset: "${name}") { asset } balances(assets: ["${name}"]) { asset }`,
    );
    assert.equal(errors, undefined, name);
    assert.deepEqual(data, { balance: { asset: 'BTC' }, balances: [{ asset: 'BTC' }] }, name);
  }
  const kept = await ask('balances(assets: ["usdt.m", "zusd", "Eth"]) { asset }');
  assert.deepEqual(kept.data.balances, [{ asset: 'ETH' }, { asset: 'USD' }, { asset: 'USDT.M' }]);
  // An asset that Kraken lists, or a part of one, of which the account has none.
  const none = await ask('a: balance(asset: "SOL") { asset } b: balance(asset: "xbt.f") { asset }');
  assert.deepEqual(none, { data: { a: null, b: null } });
  exchange.move('ETH.F', '2', 'transfer', 'earn flex');
  await eventually(
    () => ask('balance(asset: "xeth.f") { asset }'),
    ({ data }) => data.balance?.asset === 'ETH.F',
  );

  for (const text of [
    'balance(asset: "BTV") { asset }',
    'balances(assets: ["USD", "BTV"]) { asset }',
    'portfolio(currency: "btv") { total }',
  ]) {
    const wrong = await ask(text);
    assert.equal(codeOf(wrong), 'BAD_USER_INPUT', text);
    assert.ok((suggestionsOf(wrong) as string[]).includes('BTC'), text);
  }
  for (const name of ['', '__proto__', 'x'.repeat(5_000), 'NOPE.F', 'B T C']) {
    assert.equal(
      codeOf(await ask(`balance(asset: "${name}") { asset }`)),
      'BAD_USER_INPUT',
      name.slice(0, 9),
    );
  }
  const { data } = await ask('portfolio(currency: "xbt") { currency }');
  assert.equal(data.portfolio.currency, 'BTC');
});

test('the same in subscriptions: none is silent', async () => {
  await using pair = await withBalances();
  const { exchange, url } = pair;
  const client = connect(url, TOKEN);
  const read = (assets: string) =>
    subscribe(client, `subscription { balances(assets: ${assets}) { asset balance } }`);
  const values = read('["XBT", "usdt.m"]');
  assert.equal((await values.next()).data.balances.asset, 'BTC');
  assert.equal((await values.next()).data.balances.asset, 'USDT.M');
  exchange.move('EUR', '1');
  exchange.move('BTC', '1');
  assert.deepEqual((await values.next()).data.balances, { asset: 'BTC', balance: '2.2435000000' });
  const wrong = read('["XBT", "DOEG"]');
  const told = await wrong
    .next()
    .catch((error: unknown) => ({ errors: error as NonNullable<Result['errors']> }));
  assert.equal(codeOf(told), 'BAD_USER_INPUT');
  assert.ok((suggestionsOf(told) as string[]).includes('DOGE'));
  await client.dispose();
});

test('the same in the library', async () => {
  await using library = await startLibrary({ key: 'with key' });
  const { kraken } = library;
  assert.equal(kraken.getBalance('anything'), undefined, 'before the list has arrived');
  kraken.connect();
  await eventually(
    () => kraken.market.instruments.known && kraken.getAllBalances().size > 0,
    known => known,
  );
  for (const name of ['BTC', 'XBT', 'xxbt']) assert.equal(kraken.getBalance(name)?.asset, 'BTC');
  assert.equal(kraken.getBalance('sol'), undefined);
  assert.throws(
    () => kraken.getBalance('SOLL'),
    ({ code, context }: { code: string; context: { suggestions: string[] } }) =>
      code === 'BAD_USER_INPUT' && context.suggestions[0] === 'SOL',
  );
});

const EVERYTHING = `{
  balances { asset balance freshness { stale state } }
  balance(asset: "BTC") { balance freshness { stale state } }
  portfolio { stale total positions { balance { asset } value } } }`;

test('after a permission is lost the last balances stay, stale and refused, in queries and subscriptions', async () => {
  await using pair = await withBalances();
  const { exchange, app, url } = pair;
  const ask = () => query(url, EVERYTHING, {}, TOKEN);
  const before = await ask();
  assert.equal(before.errors, undefined);
  assert.equal(before.data.portfolio.stale, false);
  const client = connect(url, TOKEN);
  const values = subscribe(client, 'subscription { balances { asset balance freshness { stale state } } }');
  const assets = before.data.balances.map((one: { asset: string }) => one.asset);
  for (const _ of assets) await values.next();

  exchange.account.permissions.delete('websockets');
  exchange.dropAll('rst');
  const refused = { stale: true, state: 'REJECTED' };
  const told = new Set<string>();
  while (told.size < assets.length) {
    const { data } = await values.until(value => value.data.balances.freshness.state === 'REJECTED');
    told.add(data.balances.asset);
  }
  assert.deepEqual([...told].sort(), assets);
  assert.equal(values.ended, false);
  const { data, errors } = await eventually(ask, one => one.data?.portfolio?.total !== undefined);
  assert.equal(errors, undefined);
  assert.deepEqual(data.balance, { balance: '1.2435000000', freshness: refused });
  assert.deepEqual(
    data.balances,
    before.data.balances.map((one: object) => ({ ...one, freshness: refused })),
  );
  assert.equal(data.portfolio.stale, true);
  assert.equal(data.portfolio.positions.length, assets.length);
  // Whoever comes now gets them too.
  const late = subscribe(
    client,
    'subscription { balances(assets: ["BTC"]) { balance freshness { state } } }',
  );
  assert.deepEqual((await late.next()).data.balances, {
    balance: '1.2435000000',
    freshness: { state: 'REJECTED' },
  });
  // Allowed again, the same readers go on.
  exchange.account.permissions.add('websockets');
  app.client.connect();
  await late.until(value => value.data.balances.freshness.state === 'LIVE');
  await client.dispose();
});

test('while the private connection is down the last balances stay, and the portfolio is stale', async () => {
  await using pair = await withBalances();
  const { exchange, app, url } = pair;
  exchange.faults.refusing = true;
  exchange.dropAll('rst');
  await eventually(
    () => app.client.balancesState,
    state => state === 'DISCONNECTED',
  );
  const { data } = await query(
    url,
    '{ balance(asset: "btc") { balance freshness { stale state } } portfolio(currency: "BTC") { stale } }',
    {},
    TOKEN,
  );
  assert.deepEqual(data.balance, {
    balance: '1.2435000000',
    freshness: { stale: true, state: 'DISCONNECTED' },
  });
  assert.equal(data.portfolio.stale, true);
});

test('what nothing was ever known of is an error with the reason, and one asset that was never held is none', async () => {
  const pair = await start({}, WITH_ACCOUNT);
  pair.exchange.account.permissions.delete('websockets');
  pair.exchange.account.forgetTokens();
  await using denied = await start(
    {},
    { ...WITH_ACCOUNT, KRAKEN_WS_AUTH_URL: pair.exchange.privateUrl, KRAKEN_REST_URL: pair.exchange.restUrl },
  );
  await eventually(
    () => denied.app.client.getBalanceStreamingStatus().denied,
    reason => reason !== undefined,
  );
  for (const text of [
    '{ balances { asset } }',
    '{ balance(asset: "BTC") { asset } }',
    '{ portfolio { total } }',
  ]) {
    const { errors } = await query(denied.url, text, {}, TOKEN);
    assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_REJECTED', text);
    assert.match(String(errors?.[0]?.extensions?.['reason']), /Access WebSockets API/);
  }
  await pair[Symbol.asyncDispose]();
});

test('what is held back, staked or tokenized is priced as what it is of; a name without a price is named', async () => {
  await using pair = await withBalances();
  const { exchange, url } = pair;
  const held = ['SOL.HOLD', 'DOT.S', 'AAPLx.T', 'USD.HOLD', 'NOPE.HOLD', 'ETH.B', 'XRP.P', 'LTC.X'];
  for (const asset of held) exchange.move(asset, '2');
  const { data } = await eventually(
    () =>
      query(url, '{ portfolio { unpriced positions { balance { asset } price value route } } }', {}, TOKEN),
    one => held.every(asset => JSON.stringify(one.data).includes(`"${asset}"`)),
  );
  assert.deepEqual(data.portfolio.unpriced, ['LTC.X', 'NOPE.HOLD']);
  const routes = new Map(
    data.portfolio.positions.map((one: { balance: { asset: string }; route: string[] }) => [
      one.balance.asset,
      one.route.join(),
    ]),
  );
  assert.deepEqual(
    held.map(asset => routes.get(asset)),
    ['SOL/USD', 'DOT/USD', 'AAPLx/USD', '', '', 'ETH/USD', 'XRP/USD', ''],
  );
  const dollars = data.portfolio.positions.find(
    (one: { balance: { asset: string } }) => one.balance.asset === 'USD.HOLD',
  );
  assert.equal(Number(dollars.value), 2);
});
