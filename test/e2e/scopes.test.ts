/** What an anonymous visitor learns of the account: nothing that moves when it does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const UPSTREAM = '{ state connected authenticated connectedAt lastMessageAt reconnects latencyMs lastError }';
/** All of the status that could move when the account does. Time itself, and what the public socket says by itself, is left out. */
const STATUS = `status {
  health private ${UPSTREAM}
  balanceStreaming { enabled healthy tokenAvailable tokenAgeSeconds lastUpdateAt sequence sequenceGaps denied holdsDenied }
  messages { errors channels { channel errors } }
  subscriptions { channel symbol state subscribers error } subscriptionStates { state count }
  clients { connections refused subscriptions broadcasts delivered conflated slowConsumers }
  books { verified checksumFailures resyncs }
  trades { duplicatesDropped gapsDetected gapsRepaired tradesRecovered tradesLost }
}`;

let pair: Pair;
before(async () => {
  pair = await start({}, WITH_ACCOUNT);
  await eventually(
    () => query(pair.url, '{ status { health balanceStreaming { healthy } } }', {}, TOKEN),
    ({ data }) => data.status.health === 'HEALTHY' && data.status.balanceStreaming.healthy,
  );
});
after(() => pair[Symbol.asyncDispose]());

/** The account moves in every way that it can, and its owner has heard of it. */
async function move(count: number): Promise<void> {
  const { exchange, app } = pair;
  for (let round = 0; round < count; round += 1) {
    exchange.move('BTC', '0.25000000', 'deposit');
    exchange.move('USD', '-1.5', 'trade');
    const order = exchange.placeOrder('BTC/USD', 'sell', '0.01000000', '90000.0');
    exchange.cancelOrder(order);
  }
  await eventually(
    () => app.client.getBalance('BTC')?.balance,
    balance => balance === exchange.account.truth().get('BTC')?.balance,
  );
}

async function metrics(token?: string): Promise<readonly string[]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${pair.url}/metrics`, { headers });
  const lines = (await response.text()).split('\n').filter(line => /^(kraken|graphql)_/.test(line));
  // What moves by itself.
  return lines.filter(line => !/channel="(heartbeat|method|status)"|round_trip/.test(line));
}

test('polling all of the status tells nothing of what the account does, while its owner is told everything', async () => {
  await using owned = subscribe(connect(pair.url, TOKEN), 'subscription { balances { asset balance } }');
  await owned.next();
  const look = async (token?: string) => (await query(pair.url, `{ ${STATUS} }`, {}, token)).data.status;
  const [strangers, owners] = [await look(), await look(TOKEN)];
  await move(5);
  await owned.until(({ data }) => data.balances.asset === 'USD');
  assert.deepEqual(await look(), strangers);
  const afterwards = await look(TOKEN);
  assert.notDeepEqual(afterwards.balanceStreaming, owners.balanceStreaming);
  assert.ok(afterwards.clients.delivered > owners.clients.delivered);
  assert.deepEqual(strangers.balanceStreaming, {
    enabled: true,
    healthy: false,
    tokenAvailable: false,
    tokenAgeSeconds: null,
    lastUpdateAt: null,
    sequence: null,
    sequenceGaps: 0,
    denied: null,
    holdsDenied: null,
  });
  const channels = (status: { subscriptions: { channel: string }[] }) =>
    new Set(status.subscriptions.map(({ channel }) => channel));
  assert.ok(channels(owners).has('balances') && channels(owners).has('executions'));
  assert.ok(!channels(strangers).has('balances') && !channels(strangers).has('executions'));
  const { lastMessageAt, connectedAt, lastError, reconnects, latencyMs } = strangers.private;
  assert.deepEqual(
    [lastMessageAt, connectedAt, lastError, reconnects, latencyMs],
    [null, null, null, 0, null],
  );
  assert.equal(strangers.private.state, 'CONNECTED');
});

test('nor does subscribing to it, and subscribers with and without the token do not share', async () => {
  const text = `subscription { status(maxRate: 10) { private { lastMessageAt } balanceStreaming { sequence lastUpdateAt }
    subscriptions { channel } messages { total channels { channel total } } } }`;
  await using strangers = subscribe(connect(pair.url), text);
  await using owners = subscribe(connect(pair.url, TOKEN), text);
  const first = (await strangers.next()).data.status;
  const before = (await owners.next()).data.status;
  await move(5);
  const moved = (
    await owners.until(({ data }) => data.status.balanceStreaming.sequence > before.balanceStreaming.sequence)
  ).data.status;
  assert.ok(moved.private.lastMessageAt !== null);
  for (let count = 0; count < 5; count += 1) {
    const { status } = (await strangers.next()).data;
    assert.deepEqual(
      [status.private, status.balanceStreaming, status.subscriptions],
      [first.private, first.balanceStreaming, first.subscriptions],
    );
    const { channels, total } = status.messages as {
      channels: { channel: string; total: number }[];
      total: number;
    };
    assert.ok(!channels.some(({ channel }) => ['balances', 'executions'].includes(channel)));
    assert.equal(
      total,
      channels.reduce((sum, one) => sum + one.total, 0),
      'the total leaves the account out too',
    );
  }
});

test('nor does /metrics', async () => {
  await move(1);
  const kept = await metrics();
  await move(5);
  // An answer is kept for a second.
  const owners = await eventually(
    () => metrics(TOKEN),
    lines => {
      const executions = lines.find(line => line.startsWith('kraken_messages_total{channel="executions"}'));
      return executions !== undefined && !executions.endsWith(' 0');
    },
  );
  assert.ok(owners.some(line => line.includes('connection="private"')));
  assert.ok(owners.some(line => line.includes('channel="balances"')));
  await eventually(
    async () => (await fetch(`${pair.url}/metrics`)).text(),
    text => !text.includes('private') && !/channel="(balances|executions)"/.test(text),
  );
  assert.deepEqual(await metrics(), kept);
  const wrong = await fetch(`${pair.url}/metrics`, { headers: { authorization: 'Bearer wrong' } });
  assert.equal(wrong.status, 401);
});

test('events of the private connection come with the token only', async () => {
  const text = 'subscription { connectionEvents { connection type message } }';
  await using strangers = subscribe(connect(pair.url), text);
  await using owners = subscribe(connect(pair.url, TOKEN), text);
  assert.equal((await strangers.next()).data.connectionEvents.connection, 'public');
  const first = [await owners.next(), await owners.next()].map(
    ({ data }) => data.connectionEvents.connection,
  );
  assert.deepEqual(first.sort(), ['private', 'public']);
  pair.exchange.dropAll('rst');
  const events: string[] = [];
  const seen = async (values: typeof owners, connection: string): Promise<void> => {
    await values.until(({ data: { connectionEvents: event } }) => {
      events.push(event.connection);
      return event.connection === connection && event.type !== 'DISCONNECTED' && event.type !== 'ERROR';
    });
  };
  await seen(owners, 'private');
  events.length = 0;
  await seen(strangers, 'public');
  assert.deepEqual(new Set(events), new Set(['public']));
});

test('why Kraken denies the account is told to its owner alone', async () => {
  await using denied = await start({}, WITH_ACCOUNT);
  denied.exchange.account.permissions.delete('funds');
  denied.exchange.account.permissions.delete('websockets');
  denied.exchange.dropAll();
  const text =
    '{ status { private { lastError } balanceStreaming { denied } subscriptions { channel error } } }';
  await eventually(
    () => query(denied.url, text, {}, TOKEN),
    ({ data }) => data.status.balanceStreaming.denied !== null,
  );
  const { data } = await query(denied.url, text);
  assert.deepEqual(data.status.private, { lastError: null });
  assert.deepEqual(data.status.balanceStreaming, { denied: null });
});
