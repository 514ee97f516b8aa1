import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FairLine } from '../../src/lib/fair-line.ts';

/** A line whose work ends when the test says so, and what was done, in order. */
function lineOf(atOnce = 1, atOnceEach = 2, waitingEach = 10, waiting = 1_000) {
  const full = (allowed: number): Error => new Error(`full: ${allowed}`);
  const line = new FairLine<string>({ atOnce, atOnceEach, waiting, waitingEach, full });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (key: string) => (): Promise<string> => {
    begun.push(key);
    return new Promise(resolve => ends.set(key, () => resolve(key)));
  };
  return {
    begun,
    enter: (key: string, client?: string, more: { urgent?: boolean; gone?: AbortSignal } = {}) =>
      line.enter(key, run(key), { client, ...more }),
    end: async (key: string) => {
      ends.get(key)?.();
      for (let turn = 0; turn < 5; turn += 1) await undefined;
    },
  };
}

async function drain({ begun, end }: ReturnType<typeof lineOf>): Promise<void> {
  for (let index = 0; index < begun.length; index += 1) await end(begun[index] ?? '');
}

describe('a fair line', () => {
  test('lets clients take turns, however much each has waiting, and what is urgent go first', async () => {
    const line = lineOf();
    const all = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map(key => line.enter(key, key[0]));
    all.push(line.enter('u', 'b', { urgent: true }));
    await drain(line);
    await Promise.all(all);
    assert.deepEqual(line.begun, ['a1', 'u', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  test('does once what several ask for, in the first of their turns', async () => {
    const line = lineOf();
    const mine = ['a1', 'a2', 'a3', 'shared'].map(key => line.enter(key, 'a'));
    const other = line.enter('shared', 'b');
    await drain(line);
    assert.deepEqual(line.begun, ['a1', 'a2', 'shared', 'a3']);
    assert.deepEqual(await Promise.all([...mine, other]), ['a1', 'a2', 'a3', 'shared', 'shared']);
  });

  test('refuses a client beyond its share, and nobody else', async () => {
    const line = lineOf();
    const asked = Array.from({ length: 110 }, (_, index) => line.enter(`a${index}`, 'a'));
    const other = line.enter('b0', 'b');
    const outcomes = Promise.allSettled(asked);
    await drain(line);
    const refused = (await outcomes).filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 99, 'one under way, ten waiting');
    assert.equal(await other, 'b0');
    assert.equal(line.begun[2], 'b0');
  });

  test('gives one client no more than its share of what is under way', async () => {
    const line = lineOf(8, 2);
    const asked = Array.from({ length: 10 }, (_, index) => line.enter(`a${index}`, 'a'));
    const other = line.enter('b', 'b');
    assert.deepEqual(line.begun, ['a0', 'a1', 'b']);
    await drain(line);
    await Promise.all([...asked, other]);
  });

  test('frees at once the place of one who has gone, and does not do what no one waits for', async () => {
    const line = lineOf(1, 1, 2);
    const first = line.enter('a1', 'a');
    const gone = new AbortController();
    const left = line.enter('a2', 'a', { gone: gone.signal });
    const shared = [line.enter('a3', 'a', { gone: gone.signal }), line.enter('a3', 'b')];
    const outcomes = Promise.allSettled([left, shared[0]]);
    await assert.rejects(line.enter('a4', 'a'), /full: 2/);
    gone.abort(new Error('gone'));
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    const next = line.enter('a5', 'a');
    await drain(line);
    await Promise.all([first, shared[1], next]);
    assert.deepEqual(line.begun, ['a1', 'a3', 'a5']);
  });

  test('goes on after what failed', async () => {
    const line = new FairLine<number>({
      atOnce: 1,
      atOnceEach: 1,
      waiting: 9,
      waitingEach: 9,
      full: () => new Error(),
    });
    const failed = line.enter('a', () => Promise.reject(new Error('no')));
    const next = line.enter('b', () => Promise.resolve(1));
    await assert.rejects(failed, /no/);
    assert.equal(await next, 1);
  });
});
