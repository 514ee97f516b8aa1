import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { Api } from '../../web/api/api.ts';
import { pageClock } from '../../web/lib/page-clock.ts';
import { Pairs } from '../../web/model/pairs.ts';

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

describe('the list of pairs', () => {
  const listed = (symbol: string, status = 'online') => {
    const [base = '', quote = ''] = symbol.split('/');
    return { symbol, base, quote, status };
  };

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('is by relevance: what is traded, what has the most pairs, what is quoted in dollars', async () => {
    const instruments = [
      'AAVE/USD',
      'BTC/EUR',
      'BTC/USD',
      'ETH/BTC',
      'ETH/USD',
      'SOL/BTC',
      'SOL/EUR',
      'SOL/USD',
      'USD/EUR',
    ].map(symbol => listed(symbol));
    const api = {
      query: () => Promise.resolve({ instruments: [listed('1INCH/USD', 'delisted'), ...instruments] }),
    };
    const pairs = new Pairs(api as unknown as Api);
    pairs.load();
    await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual(
      pairs.all.map(({ symbol }) => symbol),
      [
        'BTC/USD',
        'BTC/EUR',
        'USD/EUR',
        'SOL/USD',
        'SOL/EUR',
        'SOL/BTC',
        'ETH/USD',
        'ETH/BTC',
        'AAVE/USD',
        '1INCH/USD',
      ],
    );
  });

  test('is asked for again now and then, and when somebody looks at it', async () => {
    let asked = 0;
    const api = {
      query: () => {
        asked += 1;
        return Promise.resolve({ instruments: [listed('BTC/USD')] });
      },
    };
    const pairs = new Pairs(api as unknown as Api);
    const answered = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
    pairs.load();
    await answered();
    pairs.refresh();
    assert.equal(asked, 1, 'it is fresh');
    pass(5_000);
    pairs.refresh();
    await answered();
    assert.equal(asked, 2);
    mock.timers.tick(60_000);
    await answered();
    mock.timers.tick(60_000);
    assert.equal(asked, 4);
  });
});
