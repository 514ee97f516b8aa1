import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COALESCED, OURS, WS_SEND } from '../bench/support/contestants.ts';
import { distinctOperations } from '../bench/support/distinct.ts';
import { Laboratory } from '../bench/support/laboratory.ts';

// Counts and order, never time: what the benchmarks measure is what they say they measure.

for (const contestant of [OURS, WS_SEND, COALESCED]) {
  test(`${contestant.name}: every subscriber of a run gets every trade once, in order`, async () => {
    await using laboratory = await Laboratory.open(contestant);
    await laboratory.subscribe(20);
    const run = await laboratory.run(2_000, 0.5);
    assert.deepEqual(
      { sent: run.sent, delivered: run.delivered, disorder: run.disorder, trouble: run.trouble },
      { sent: 1_000, delivered: 20_000, disorder: 0, trouble: [] },
    );
  });
}

test('selections of their own, and several pairs, make no difference', async () => {
  await using laboratory = await Laboratory.open(OURS, 120);
  await laboratory.subscribe(10, distinctOperations(OURS, laboratory.symbols, 10));
  const run = await laboratory.run(2_000, 0.6);
  assert.deepEqual(
    { delivered: run.delivered, disorder: run.disorder, trouble: run.trouble },
    { delivered: 12_000, disorder: 0, trouble: [] },
  );
});
