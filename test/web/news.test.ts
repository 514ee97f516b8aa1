import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { pageClock } from '../../web/lib/page-clock.ts';
import { lagOf } from '../../web/model/lag.ts';
import { Recent } from '../../web/model/recent.ts';

let nowMs = 5_000;
mock.method(performance, 'now', () => nowMs);
mock.method(Date, 'now', () => nowMs);
/** In steps in which a page looks at its clock. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 1_000) {
    nowMs += Math.min(left, 1_000);
    pageClock.check();
  }
}

describe('an alarm', () => {
  test('is about what rose while the page was open, and ends ten minutes after it did', () => {
    const recent = new Recent();
    recent.take('lost', 7);
    assert.equal(recent.of('lost'), 0, 'before the page was opened');
    recent.take('lost', 9);
    assert.equal(recent.of('lost'), 2);
    pass(500_000);
    recent.take('lost', 10);
    assert.equal(recent.of('lost'), 3);
    pass(500_000);
    recent.take('lost', 10);
    assert.equal(recent.of('lost'), 3);
    pass(101_000);
    assert.equal(recent.of('lost'), 0);
    recent.take('lost', 11);
    assert.equal(recent.of('lost'), 1, 'what is over is not told again');
  });

  test('is not that a server began again', () => {
    const recent = new Recent();
    recent.take('lost', 7);
    recent.take('lost', 2);
    assert.equal(recent.of('lost'), 0);
    recent.take('lost', 3);
    assert.equal(recent.of('lost'), 1);
    assert.equal(recent.of('never heard of'), 0);
  });
});

describe('the lag', () => {
  const lag = (medianMs: number, p99Ms = medianMs) => ({ medianMs, p99Ms });

  test('is shown as it is where it can be', () => {
    assert.deepEqual(lagOf(null, 20), { text: '–', details: undefined, alarm: false });
    assert.deepEqual(lagOf(lag(12.2, 41), 20), { text: '12 ms', details: 'p99 41 ms', alarm: false });
    assert.deepEqual(lagOf(lag(300, 4_000), 20), { text: '300 ms', details: 'p99 4 s', alarm: true });
    assert.equal(lagOf(lag(0, 1), 0.4).text, '0 ms', 'an exchange next door');
    assert.equal(lagOf(lag(8), null).text, '8 ms');
  });

  test('that no network can have is the difference of two clocks', () => {
    assert.deepEqual(lagOf(lag(0), 80), {
      text: 'Clocks differ',
      details: 'the exchange is ahead',
      alarm: true,
    });
    assert.equal(lagOf(lag(-40, 3), 0.4).text, 'Clocks differ');
    assert.equal(lagOf(lag(3, 4), 200).text, 'Clocks differ', 'faster than light');
    assert.equal(lagOf(lag(3_600_000), 80).details, 'the exchange is behind');
    assert.deepEqual(lagOf(lag(7_000, 7_200), 80), {
      text: '7 s',
      details: 'late, or the clocks differ',
      alarm: true,
    });
    assert.equal(lagOf(lag(7_000, 20_000), 80).details, 'p99 20 s', 'it varies as a lag does');
  });

  test('is nothing once it is known by how much they differ', () => {
    assert.deepEqual(lagOf(lag(900), 80, 4_200), {
      text: '900 ms',
      details: "the server's clock is 4.2 s ahead; corrected",
      alarm: true,
    });
    assert.equal(lagOf(lag(900), 80, -4_200).details, "the server's clock is 4.2 s behind; corrected");
    assert.equal(lagOf(lag(900), 80, 120).text, '900 ms');
  });
});
