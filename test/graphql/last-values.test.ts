import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLastValues } from '../support/last-values.ts';

test('after any sequence of rows, what a subscriber got last is what a query says', async () => {
  const { problems } = await compareLastValues({ sequences: 60, seed: 42 });
  assert.deepEqual(problems, []);
});
