import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BARE, CCXT_CHECKED, Consumer, OURS as LIBRARY } from '../bench/support/consumer.ts';
import { COALESCED, OURS, WS_SEND } from '../bench/support/contestants.ts';
import { distinctOperations } from '../bench/support/distinct.ts';
import { Feed } from '../bench/support/feed.ts';
import { Laboratory } from '../bench/support/laboratory.ts';
import { bookFrames } from '../bench/support/recordings.ts';

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

for (const reader of [LIBRARY, BARE, CCXT_CHECKED]) {
  test(`${reader.name}: every message of the feed is read, and every book is right`, async context => {
    const source = bookFrames();
    const feed = new Feed(() => source.snapshot);
    context.after(() => feed.stop());
    await using consumer = await Consumer.start(reader, await feed.start(), 'book');
    await feed.subscribed();
    await feed.pump(source, 3_000);
    const { wrong } = await consumer.caughtUp(source.sent);
    assert.equal(wrong, 0);
  });
}
