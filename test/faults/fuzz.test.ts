/** Short runs of what `npm run soak` does a million times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzClients } from '../support/fuzz.ts';
import { fuzzUpstream } from '../support/fuzz-upstream.ts';

test('two thousand hostile frames harm no one who reads every field of everything', async () => {
  const { frames, problems } = await fuzzUpstream({ frames: 2_000, seed: 3 });
  assert.deepEqual(problems, []);
  assert.equal(frames, 2_000);
});

test('ten thousand messages of clients that are nearly right harm nothing', async () => {
  const { frames, problems } = await fuzzClients({ frames: 10_000, seed: 3 });
  assert.deepEqual(problems, []);
  assert.ok(frames >= 10_000);
});
