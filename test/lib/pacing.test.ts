import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ControlPacing } from '../../src/kraken/control-pacing.ts';
import { fullJitterDelayMs } from '../../src/lib/backoff.ts';
import { EventRate } from '../../src/lib/event-rate.ts';
import { TokenBucket } from '../../src/lib/token-bucket.ts';

test('a token bucket never lets more through than its burst and its rate allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
      (rate, waits) => {
        const bucket = new TokenBucket(rate, rate, 0);
        let nowMs = 0;
        let taken = 0;
        for (const waitMs of waits) {
          nowMs += waitMs;
          if (bucket.take(nowMs) === 0) taken += 1;
          assert.ok(taken <= rate + (nowMs / 1000) * rate + 1e-6);
        }
      },
    ),
  );
});

test('the wait that a token bucket names is enough', () => {
  const bucket = new TokenBucket(5, 1, 0);
  assert.equal(bucket.take(0), 0);
  const waitMs = bucket.take(0);
  assert.equal(waitMs, 200);
  assert.ok(bucket.take(waitMs / 2) > 0);
  assert.equal(bucket.take(waitMs), 0);
});

test('after a complaint of Kraken control messages pause for a second, and longer while it repeats', () => {
  const pacing = new ControlPacing(5, 0);
  pacing.slowDown(0);
  assert.equal(pacing.take(0), 1_000);
  assert.equal(pacing.take(1_000), 0);
  let nowMs = 1_000;
  const pauses = Array.from({ length: 7 }, () => {
    pacing.slowDown(nowMs);
    const pauseMs = pacing.take(nowMs);
    nowMs += pauseMs;
    return pauseMs;
  });
  assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  nowMs += 10_000;
  pacing.slowDown(nowMs);
  assert.equal(pacing.take(nowMs), 1_000, 'a complaint long after is a new one');
});

test('full jitter draws from the whole interval, which doubles up to its bound', () => {
  assert.equal(fullJitterDelayMs(0, 1_000, 60_000, 0.5), 500);
  assert.equal(fullJitterDelayMs(3, 1_000, 60_000, 0.5), 4_000);
  assert.equal(fullJitterDelayMs(500, 1_000, 60_000, 0.5), 30_000);
  assert.equal(fullJitterDelayMs(500, 1_000, 60_000, 0), 0);
});

test('an event rate counts the last ten seconds and forgets what is older', () => {
  const rate = new EventRate(0);
  for (let ms = 0; ms < 20_000; ms += 100) rate.count(ms);
  assert.equal(rate.total, 200);
  assert.ok(Math.abs(rate.perSecond(19_999) - 10) < 0.2);
  assert.equal(rate.perSecond(60_000), 0);
  assert.equal(rate.total, 200);
});
