import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RestError } from '../../src/kraken/rest-error.ts';
import { TokenKeeper } from '../../src/kraken/token.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let requests: { resolve: (token: string) => void; reject: (error: Error) => void }[];
let heard: string[];
let keeper: TokenKeeper;

/** Lets promises settle. */
const settle = () => new Promise(resolve => setImmediate(resolve));

beforeEach(() => {
  clock = new ManualClock();
  requests = [];
  heard = [];
  keeper = new TokenKeeper(
    () => new Promise((resolve, reject) => requests.push({ resolve, reject })),
    780_000,
    {
      available: () => heard.push(`token ${keeper.value}`),
      failed: (error, permanent) => heard.push(`${error.message}${permanent ? ', for good' : ''}`),
    },
    clock,
  );
});

describe('a token', () => {
  test('is asked for once, however many want it', async () => {
    keeper.renew();
    keeper.renew();
    assert.equal(requests.length, 1);
    requests[0]?.resolve('a');
    await settle();
    assert.deepEqual(heard, ['token a']);
  });

  test('is replaced before it grows old, and serves until its successor is there', async () => {
    keeper.renew();
    requests[0]?.resolve('a');
    await settle();
    clock.advance(779_999);
    assert.equal(requests.length, 1);
    assert.equal(keeper.ageMs, 779_999);
    clock.advance(1);
    assert.equal(requests.length, 2);
    assert.equal(keeper.value, 'a');
    requests[1]?.resolve('b');
    await settle();
    assert.equal(keeper.value, 'b');
    assert.equal(keeper.ageMs, 0);
  });

  test('that was refused is not used again', async () => {
    keeper.renew();
    requests[0]?.resolve('a');
    await settle();
    keeper.renew();
    assert.equal(keeper.value, undefined);
    assert.equal(requests.length, 2);
  });

  test('that could not be had is asked for again, ever later', async () => {
    clock.dice = 1;
    keeper.renew();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const asked = requests.length;
      requests.at(-1)?.reject(new RestError('EService:Unavailable', true));
      await settle();
      const from = clock.monotonicMs();
      while (requests.length === asked) clock.advance(100);
      waits.push(Math.round((clock.monotonicMs() - from) / 1_000));
    }
    assert.deepEqual(waits, [2, 3, 5, 9, 17, 31, 31]);
  });

  test('is not asked for again when Kraken says no for good', async () => {
    keeper.renew();
    requests[0]?.reject(new RestError('EGeneral:Permission denied', false));
    await settle();
    clock.advance(3_600_000);
    assert.equal(requests.length, 1);
    assert.deepEqual(heard, ['EGeneral:Permission denied, for good']);
  });

  test('is asked for no sooner than Kraken says', async () => {
    keeper.renew();
    requests[0]?.reject(new RestError('EGeneral:Temporary lockout', true, 900_000));
    await settle();
    clock.advance(899_000);
    assert.equal(requests.length, 1);
    clock.advance(1_001);
    assert.equal(requests.length, 2);
  });

  test('that comes after it is no longer wanted is not taken', async () => {
    keeper.renew();
    keeper.stop();
    requests[0]?.resolve('late');
    await settle();
    assert.deepEqual([keeper.value, heard, clock.pending], [undefined, [], 0]);
  });
});
