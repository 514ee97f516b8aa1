import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flushable, Turn } from '../../src/hub/turn.ts';
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

/** Something that is flushed and must not fail. */
function flushable(flush: () => void): Flushable {
  return { flush, failed: error => assert.fail(String(error)) };
}

/** @param flushMs what each flush takes */
function setUp(flushMs: number) {
  const clock = new WorkingClock();
  const turn = new Turn(clock);
  const flushedAt: number[] = [];
  const writer = flushable(() => {
    flushedAt.push(clock.monotonicMs());
    clock.work(flushMs);
  });
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
    turn.touched(flushable(() => clock.work(heldUpMs)));
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

test('what throws ends alone, and its neighbours of the same turn are flushed', () => {
  const { clock, turn } = setUp(0);
  const seen: string[] = [];
  const throwing = (name: string): Flushable => ({
    flush: () => {
      throw new Error(name);
    },
    failed: error => seen.push(`${(error as Error).message} failed`),
  });
  const well = (name: string): Flushable => flushable(() => seen.push(name));
  for (const one of [well('a'), throwing('b'), well('c')]) turn.changed(one);
  for (const one of [throwing('d'), well('e')]) turn.touched(one);
  clock.turn();
  assert.deepEqual(seen, ['a', 'b failed', 'c', 'd failed', 'e']);
  assert.equal(turn.pending, false);
});

test('broadcasts that take long come after the others, and take turns among themselves', () => {
  const { clock, turn } = setUp(0);
  const seen: string[] = [];
  const heavy = ['A', 'B', 'C'].map(name =>
    flushable(() => {
      seen.push(name);
      clock.work(5);
    }),
  );
  const light = flushable(() => seen.push('light'));
  const change = (): void => {
    for (const one of heavy) turn.changed(one);
    turn.changed(light);
  };
  change();
  clock.turn();
  assert.deepEqual(seen.splice(0), ['A', 'B', 'C', 'light'], 'no one knew that they take long');
  for (let turns = 0; turns < 3; turns += 1) {
    change();
    clock.advance(10);
    clock.turn();
  }
  assert.deepEqual(seen.splice(0), ['light', 'A', 'B', 'light', 'C', 'A', 'light', 'B', 'A']);
});
