import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PageClock } from '../../web/lib/page-clock.ts';

describe('the page’s clock', () => {
  /** A clock, and how often it was in doubt. */
  function clockOf() {
    let [ms, wall] = [1_000, 1_700_000_000_000];
    const clock = new PageClock(
      () => ms,
      () => wall,
    );
    let doubts = 0;
    clock.onDoubt(() => {
      doubts += 1;
    });
    return {
      now: (): number => clock.now(),
      doubts: (): number => doubts,
      pass: (monotonicMs: number, wallMs = monotonicMs): void => {
        ms += monotonicMs;
        wall += wallMs;
      },
    };
  }

  test('goes as the monotonic clock does, while that goes', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    for (let second = 0; second < 100; second += 1) {
      clock.pass(1_000, 1_000 + (second % 2 ? 30 : -30));
      clock.now();
    }
    assert.equal(clock.now() - beginMs, 100_000);
    assert.equal(clock.doubts(), 0);
  });

  test('counts a sleep, and doubts then what was heard before', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    clock.pass(200, 60_200);
    assert.equal(clock.now() - beginMs, 60_200);
    assert.equal(clock.doubts(), 1);
    clock.pass(1_000);
    assert.equal(clock.now() - beginMs, 61_200);
    assert.equal(clock.doubts(), 1, 'once');
  });

  test('doubts after a clock was set, and after a freeze in which both went on, and never goes back', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    clock.pass(1_000, -30_000);
    assert.equal(clock.now() - beginMs, 1_000);
    assert.equal(clock.doubts(), 1);
    clock.pass(6_000);
    assert.equal(clock.now() - beginMs, 7_000);
    assert.equal(clock.doubts(), 2);
  });
});
