import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { silentLogger } from '../../src/lib/logger.ts';
import { WrongTokens } from '../../src/server/wrong-tokens.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setup() {
  const clock = new ManualClock();
  const lines: object[] = [];
  const tokens = new WrongTokens(clock, { ...silentLogger, warn: detail => lines.push(detail) });
  const seen = (remoteAddress: string) => {
    const request = { socket: { remoteAddress } } as unknown as IncomingMessage;
    const answer = { isGiven: false };
    void tokens.seen(request).then(() => {
      answer.isGiven = true;
    });
    return answer;
  };
  /** Milliseconds until a wrong token of this address is answered. */
  const delayOf = async (address: string): Promise<number> => {
    const answer = seen(address);
    for (let ms = 0; ; ms += 50) {
      await Promise.resolve();
      await Promise.resolve();
      if (answer.isGiven) return ms;
      clock.advance(50);
    }
  };
  return { clock, tokens, lines, seen, delayOf };
}

test('answers to wrong tokens come later with each, up to two seconds, and of one address alone', async () => {
  const { delayOf, tokens, lines } = setup();
  const delays: number[] = [];
  for (let count = 0; count < 7; count += 1) delays.push(await delayOf('203.0.113.1'));
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  assert.equal(await delayOf('::ffff:203.0.113.1'), 2_000, 'the same address');
  assert.equal(await delayOf('203.0.113.2'), 100);
  assert.equal(tokens.count, 9);
  assert.deepEqual(lines[8], { address: '203.0.113.2' });
});

test('an address that sends nothing wrong for a minute begins anew, and half of it helps too', async () => {
  const { clock, delayOf } = setup();
  for (let count = 0; count < 6; count += 1) await delayOf('203.0.113.1');
  clock.advance(30_000);
  const half = await delayOf('203.0.113.1');
  assert.ok(half > 100 && half < 2_000, String(half));
  for (let count = 0; count < 6; count += 1) await delayOf('203.0.113.1');
  clock.advance(75_000);
  assert.equal(await delayOf('203.0.113.1'), 100);
});

test('answers that wait are bounded: beyond that they are given at once', async () => {
  const { clock, tokens, seen } = setup();
  const answers = Array.from({ length: 150 }, (_, index) => seen(`203.0.113.${index}`));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(answers.filter(({ isGiven }) => isGiven).length, 50);
  clock.advance(2_000);
  await Promise.resolve();
  await Promise.resolve();
  assert.ok(answers.every(({ isGiven }) => isGiven));
  assert.deepEqual([tokens.count, clock.pending], [150, 0]);
});
