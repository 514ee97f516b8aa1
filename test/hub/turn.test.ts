import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turn } from '../../src/hub/turn.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A clock on which work takes time. */
class WorkingClock extends ManualClock {
  #workedMs = 0;

  work(ms: number): void {
    this.#workedMs += ms;
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.#workedMs;
  }
}

/** @param flushMs what each flush takes */
function setUp(flushMs: number) {
  const clock = new WorkingClock();
  const turn = new Turn(clock);
  const flushedAt: number[] = [];
  const writer = {
    flush: () => {
      flushedAt.push(clock.monotonicMs());
      clock.work(flushMs);
    },
  };
  return { clock, turn, flushedAt, writer };
}

test('a flush that took no time is followed by the next one at once', () => {
  const { clock, turn, flushedAt, writer } = setUp(0);
  for (let times = 0; times < 3; times += 1) {
    turn.touched(writer);
    clock.turn();
  }
  assert.deepEqual(flushedAt, [0, 0, 0]);
  assert.equal(clock.pending, 0);
});

test('a flush that took long is followed by a rest in proportion, in which results gather', () => {
  const { clock, turn, flushedAt, writer } = setUp(1);
  turn.touched(writer);
  clock.turn();
  turn.touched(writer);
  clock.turn();
  assert.deepEqual(flushedAt, [0], 'not at the end of the turn');
  clock.advance(4);
  assert.deepEqual(flushedAt, [0]);
  clock.advance(1);
  assert.deepEqual(flushedAt, [0, 6], 'five times what it took, after it');
});

test('what holds up one flush among quick ones is no reason to rest', () => {
  const { clock, turn, flushedAt, writer } = setUp(0);
  for (const heldUpMs of [0, 50, 0]) {
    turn.touched(writer);
    turn.touched({ flush: () => clock.work(heldUpMs) });
    clock.turn();
  }
  assert.deepEqual(flushedAt, [0, 0, 50]);
});

test('however long a flush took, the next one is ten milliseconds away at most', () => {
  const { clock, turn, flushedAt, writer } = setUp(500);
  turn.touched(writer);
  clock.turn();
  turn.touched(writer);
  clock.advance(10);
  assert.deepEqual(flushedAt, [0, 510]);
});
