import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../src/kraken/decode.ts';
import type { StatusMessage } from '../../src/kraken/messages.ts';
import { frames } from '../support/fixtures.ts';

function statusOf(frame: string): StatusMessage {
  const message = decode(frame);
  return message.kind === 'status' ? message : assert.fail(JSON.stringify(message));
}
const withRows = (maintenance: string, emergency = '[]'): StatusMessage =>
  statusOf(
    `{"channel":"status","type":"update","data":[{"system":"online","upcoming_maintenance":${maintenance},"emergency":${emergency}}]}`,
  );

test('advisories as recorded', () => {
  const recorded = frames('status-heartbeat.jsonl');
  const { maintenance, emergencies, skipped } = statusOf(recorded[5] ?? '');
  assert.deepEqual(maintenance, [
    {
      event_id: '21',
      title: 'Scheduled Maintenance',
      phase: 'approaching_30m',
      expected_start_utc: '2025-08-12T02:00:00Z',
      expected_end_utc: '2025-08-12T03:00:00Z',
      affected_services: ['futures_ws', 'futures_trading'],
      recommended_action: 'reduce_activity',
    },
  ]);
  assert.deepEqual(emergencies, [
    {
      event_id: '4821',
      title: 'Spot Connectivity Incident',
      incident_status: 'identified',
      impact: 'major',
      started_at_utc: '2025-08-12T00:14:30Z',
      affected_services: ['futures_ws'],
    },
  ]);
  assert.deepEqual(skipped, []);
  const old = statusOf(recorded[0] ?? '');
  assert.deepEqual([old.maintenance, old.emergencies], [undefined, undefined], 'not mentioned is not none');
  const none = statusOf(recorded[4] ?? '');
  assert.deepEqual([none.maintenance, none.emergencies], [[], []]);
});

test('a title is a line of bounded length, in any language', () => {
  const title = (json: string): string | undefined =>
    withRows(`[{"event_id":1,"title":${json}}]`).maintenance?.[0]?.title;
  assert.equal(title('"Wartung – 3 h (東京)"'), 'Wartung – 3 h (東京)');
  assert.equal(title('"two\\nlines\\u0000"'), 'two lines');
  assert.equal(title(JSON.stringify('x'.repeat(5_000)))?.length, 300);
});

test('an advisory that makes no sense costs itself, and the state of the exchange is known all the same', () => {
  const { system, maintenance, emergencies, skipped } = withRows(
    '[{},{"event_id":2},null]',
    '{"event_id":3}',
  );
  assert.equal(system, 'online');
  assert.deepEqual(
    maintenance?.map(row => row.event_id),
    ['2'],
  );
  assert.equal(emergencies, undefined);
  assert.equal(skipped.length, 3);
  const many = withRows(JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ event_id: id }))));
  assert.equal(many.maintenance?.length, 50);
});
