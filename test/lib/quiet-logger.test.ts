import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietLogger } from '../../src/lib/quiet-logger.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setup() {
  const clock = new ManualClock();
  const lines: [string, string, object][] = [];
  const level = (name: string) => (detail: object, message: string) =>
    void lines.push([name, message, detail]);
  const logger = quietLogger(
    { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') },
    clock,
  );
  return { clock, lines, logger };
}

test('of a fault that repeats ten lines are written in ten seconds, and the next says how many were not', () => {
  const { clock, lines, logger } = setup();
  for (let index = 0; index < 5_000; index += 1) logger.warn({ index }, 'a frame was not understood');
  assert.equal(lines.length, 10);
  clock.advance(10_000);
  logger.warn({ index: 5_000 }, 'a frame was not understood');
  assert.deepEqual(lines.at(-1), ['warn', 'a frame was not understood', { index: 5_000, suppressed: 4_990 }]);
  clock.advance(10_000);
  logger.warn({ index: 5_001 }, 'a frame was not understood');
  assert.deepEqual(lines.at(-1)?.[2], { index: 5_001 });
});

test('other faults, other levels and everything that is no fault are written all the same', () => {
  const { lines, logger } = setup();
  for (let index = 0; index < 20; index += 1) {
    logger.warn({}, 'one');
    logger.error({}, 'one');
    logger.error({}, 'another');
    logger.info({}, 'one');
    logger.debug({}, 'one');
  }
  const count = (level: string, message: string) =>
    lines.filter(([name, text]) => name === level && text === message).length;
  assert.deepEqual(
    [
      count('warn', 'one'),
      count('error', 'one'),
      count('error', 'another'),
      count('info', 'one'),
      count('debug', 'one'),
    ],
    [10, 10, 10, 20, 20],
  );
});
