import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedSymbols } from '../../src/simulator/exchange.ts';
import { eventually } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';

test('histories that one client asks for at once are refused beyond its share, and another client waits for its own turn', async () => {
  await using library = await startLibrary({ config: { restRate: 5 } });
  const { kraken } = library;
  const [last = '', ...symbols] = simulatedSymbols.slice(0, 31);
  kraken.connect();
  kraken.subscribeOhlc([last, ...symbols]);
  await eventually(
    () => kraken.getOhlcData(last, 1).length,
    count => count === 1,
    30,
  );
  const done: string[] = [];
  const ask = (symbol: string, client: string): Promise<void> =>
    kraken.loadOhlcHistory(symbol, 1, { client }).then(() => void done.push(client));
  const greedy = Promise.allSettled(symbols.map(symbol => ask(symbol, 'greedy')));
  await ask(last, 'other');
  assert.ok(done.indexOf('other') <= 2, `after ${done.indexOf('other')} of the other client`);
  const refused = (await greedy).flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));
  assert.equal(refused.length, 19, 'one under way, ten waiting');
  assert.deepEqual(
    new Set(refused.map(({ name, allowed }) => `${name} ${allowed}`)),
    new Set(['RestQueueFull 10']),
  );
});
