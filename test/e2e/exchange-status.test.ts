/** What the exchange says of itself: its state, maintenance that it announces, and emergencies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { frames } from '../support/fixtures.ts';
import { startLibrary } from '../support/kraken.ts';
import { start, WITH_ACCOUNT } from '../support/server.ts';

const FIELDS = `{ system receivedAt
  maintenance { id title phase startsAt endsAt affectedServices recommendedAction }
  emergencies { id title status impact startedAt affectedServices } }`;

test('is told now and at each change, in queries and subscriptions', async () => {
  // With an account there are two connections, each of which begins with a status.
  await using pair = await start({}, WITH_ACCOUNT);
  const { exchange, app, url } = pair;
  const ask = async () => (await query(url, `{ status { exchange exchangeStatus ${FIELDS} } }`)).data.status;
  await eventually(
    () => app.client.isAuthenticated,
    yes => yes,
  );
  const client = connect(url);
  const values = subscribe(client, `subscription { exchangeStatus ${FIELDS} }`);
  const first = (await values.next()).data.exchangeStatus;
  assert.deepEqual([first.system, first.maintenance, first.emergencies], ['online', [], []]);

  exchange.announce({ maintenance: [{ event_id: 7, title: 'Umbau, 3 h' }] });
  const { data } = await values.next();
  assert.deepEqual(
    { ...data.exchangeStatus.maintenance[0], startsAt: undefined, endsAt: undefined },
    {
      id: 'Maintenance:7',
      title: 'Umbau, 3 h',
      phase: 'approaching_30m',
      startsAt: undefined,
      endsAt: undefined,
      affectedServices: ['spot_ws', 'spot_trading'],
      recommendedAction: 'reduce_activity',
    },
  );
  const { startsAt, endsAt } = data.exchangeStatus.maintenance[0];
  assert.equal(Date.parse(endsAt) - Date.parse(startsAt), 3_600_000);
  exchange.announce({ maintenance: [], emergency: [{ event_id: 8, impact: null }] });
  const worse = (await values.next()).data.exchangeStatus;
  assert.deepEqual(worse.maintenance, []);
  assert.deepEqual([worse.emergencies[0].id, worse.emergencies[0].impact], ['Emergency:8', null]);
  exchange.setSystem('maintenance');
  const down = (await values.next()).data.exchangeStatus;
  assert.deepEqual([down.system, down.emergencies.length], ['maintenance', 1]);
  assert.deepEqual(await ask(), { exchange: 'maintenance', exchangeStatus: down });
  exchange.setSystem('online');
  exchange.announce({ emergency: [] });
  await values.until(
    ({ data: { exchangeStatus: one } }) => one.system === 'online' && one.emergencies.length === 0,
  );

  // Two connections, and each of them again: the same words are no news.
  const waiting = values.waiting;
  exchange.dropAll('rst');
  await eventually(
    () => exchange.sessions.size,
    size => size === 2,
  );
  await eventually(
    () => app.client.isAuthenticated,
    yes => yes,
  );
  assert.equal(values.waiting, waiting);
  await client.dispose();
});

test('is not known before it was heard', async () => {
  await using pair = await start();
  pair.exchange.faults.refusing = true;
  await using deaf = await start({}, { KRAKEN_WS_URL: pair.exchange.publicUrl });
  const { data, errors } = await query(deaf.url, `{ status { exchange exchangeStatus ${FIELDS} } }`);
  assert.equal(errors, undefined);
  assert.deepEqual(data.status, { exchange: null, exchangeStatus: null });
});

test('as recorded: advisories with every member, older frames without any, and rows that make no sense', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  const heard: string[] = [];
  kraken.registerCallback('exchangeStatus', ({ system, maintenance, emergencies }) => {
    heard.push(`${system} ${maintenance.length} ${emergencies.length}`);
  });
  kraken.connect();
  const hears = (text: string) =>
    eventually(
      () => heard.at(-1),
      last => last === text,
    );
  await hears('online 0 0');
  const [old = '', announced = ''] = [
    frames('status-heartbeat.jsonl')[2],
    frames('status-heartbeat.jsonl')[5],
  ];
  exchange.broadcast(announced);
  await hears('online 1 1');
  const status = kraken.getExchangeStatus() ?? assert.fail('it was heard');
  assert.deepEqual(
    [status.maintenance[0]?.event_id, status.maintenance[0]?.phase, status.emergencies[0]?.started_at_utc],
    ['21', 'approaching_30m', '2025-08-12T00:14:30Z'],
  );
  exchange.broadcast(old);
  await hears('online 0 0');
  const rows =
    '{"title":"no id"},7,{"event_id":"x\\u0000"},{"event_id":5,"title":[9],"phase":{},"expected_start_utc":"soon","affected_services":["a",{},null]}';
  exchange.broadcast(
    `{"channel":"status","type":"update","data":[{"system":"online","upcoming_maintenance":[${rows}],"emergency":"none"}]}`,
  );
  await hears('online 1 0');
  assert.deepEqual(kraken.getExchangeStatus()?.maintenance, [
    {
      event_id: '5',
      title: '',
      phase: 'unspecified',
      expected_start_utc: undefined,
      expected_end_utc: undefined,
      affected_services: ['a'],
      recommended_action: undefined,
    },
  ]);
  const counted = kraken.getMessageStatistics().channels.find(({ channel }) => channel === 'status');
  assert.equal(counted?.errors, 4);
});
