import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lag } from '../../src/hub/lag.ts';

const AT = Date.UTC(2026, 10, 25);
const after = (ms: number): string => new Date(AT + ms).toISOString();

test('how late values left is from their timestamp to the end of the turn, the first of each channel', () => {
  const lag = new Lag();
  for (let late = 1; late <= 100; late += 1) {
    lag.happened('ticker', after(0));
    lag.happened('ticker', after(-5_000));
    lag.written(AT + late);
  }
  assert.deepEqual(lag.view(AT + 100), { medianMs: 51, p99Ms: 100 });
});

test('what left more than ten seconds ago is no longer told, and nothing is told of nothing', () => {
  const lag = new Lag();
  assert.equal(lag.view(AT), undefined);
  lag.happened('book', after(0));
  lag.written(AT + 400);
  lag.happened('trade', after(9_000));
  lag.written(AT + 9_007);
  assert.deepEqual(lag.view(AT + 10_000), { medianMs: 400, p99Ms: 400 });
  assert.deepEqual(lag.view(AT + 10_401), { medianMs: 7, p99Ms: 7 });
  assert.equal(lag.view(AT + 19_008), undefined);
});

test('a clock behind that of the exchange, or a timestamp that is none, makes nothing early', () => {
  const lag = new Lag();
  lag.happened('book', after(500));
  lag.happened('trade', 'yesterday');
  lag.happened('ticker', undefined);
  lag.written(AT);
  assert.deepEqual(lag.view(AT), { medianMs: 0, p99Ms: 0 });
});
