/** Short runs of what `npm run soak` does a million times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzClients, fuzzUpstream } from '../support/fuzz.ts';

test('twenty thousand frames of the exchange that are nearly right harm nothing', async () => {
  const { frames, problems } = await fuzzUpstream({ frames: 20_000, seed: 3 });
  assert.deepEqual(problems, []);
  assert.equal(frames, 20_000);
});

test('ten thousand messages of clients that are nearly right harm nothing', async () => {
  const { frames, problems } = await fuzzClients({ frames: 10_000, seed: 3 });
  assert.deepEqual(problems, []);
  assert.ok(frames >= 10_000);
});
