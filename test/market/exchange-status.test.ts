import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaintenanceRow, StatusMessage } from '../../src/kraken/messages.ts';
import { nextExchangeStatus, sameExchangeStatus } from '../../src/market/exchange-status.ts';

const row: MaintenanceRow = {
  event_id: '1',
  title: 'Scheduled Maintenance',
  phase: 'announced',
  expected_start_utc: undefined,
  expected_end_utc: undefined,
  affected_services: [],
  recommended_action: undefined,
};
const plain: StatusMessage = { kind: 'status', system: 'online', skipped: [] };
const announced: StatusMessage = { ...plain, maintenance: [row], emergencies: [] };

test('what the public connection does not mention is over, and what the private one does not mention stands', () => {
  const first = nextExchangeStatus(undefined, announced, 'public', 1);
  const second = nextExchangeStatus(first, plain, 'private', 2);
  assert.deepEqual([second.maintenance, second.receivedAt], [[row], 2]);
  assert.equal(sameExchangeStatus(first, second), true);
  assert.deepEqual(nextExchangeStatus(second, plain, 'public', 3).maintenance, []);
  const ended = nextExchangeStatus(second, { ...plain, maintenance: [] }, 'private', 3);
  assert.deepEqual(ended.maintenance, []);
  assert.equal(sameExchangeStatus(second, ended), false);
});

test('another state, phase or title is news', () => {
  const before = nextExchangeStatus(undefined, announced, 'public', 1);
  for (const message of [
    { ...announced, system: 'maintenance' },
    { ...announced, maintenance: [{ ...row, phase: 'imminent_5m' }] },
    { ...announced, maintenance: [{ ...row, title: 'Longer' }] },
  ]) {
    assert.equal(sameExchangeStatus(before, nextExchangeStatus(before, message, 'public', 1)), false);
  }
  assert.equal(sameExchangeStatus(undefined, before), false);
});
