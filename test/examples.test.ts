import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { BalanceManager } from '../examples/balance-manager.ts';
import { type Signal, TradingEngine } from '../examples/trading-engine.ts';
import * as library from '../src/index.ts';
import { eventually } from './support/client.ts';
import { clientOf, startLibrary } from './support/kraken.ts';

describe('the balance manager', () => {
  test('tells what is free, stops when balances are stale or failures add up, and goes on with fresh data', async () => {
    await using library = await startLibrary({ key: 'with key' });
    const { exchange, kraken } = library;
    const manager = new BalanceManager(kraken);
    assert.equal(manager.isOpen, true);
    assert.throws(() => manager.available('BTC'), /can not be relied on/);
    kraken.connect();
    await eventually(
      () => !manager.isOpen && kraken.getBalance('BTC')?.freeBalance?.toFixed(),
      free => free === '1.2435',
    );
    exchange.placeOrder('BTC/USD', 'sell', '0.50000000', '90000.0');
    await eventually(
      () => manager.available('BTC').toFixed(),
      free => free === '0.7435',
    );

    for (let failure = 0; failure < 3; failure += 1) manager.reportFailure();
    assert.equal(manager.isOpen, true);
    exchange.move('BTC', '1');
    await eventually(
      () => manager.isOpen,
      open => !open,
    );

    exchange.faults.refusing = true;
    exchange.dropAll();
    await eventually(
      () => manager.isOpen,
      open => open,
    );
    exchange.faults.refusing = false;
    await eventually(
      () => manager.isOpen,
      open => !open,
    );
    // What orders hold is asked anew on each connection.
    await eventually(
      () => kraken.getBalance('BTC')?.freeBalance !== undefined && manager.available('BTC').toFixed(),
      free => free === '1.7435',
    );
  });
});

describe('the trading engine', () => {
  test('says when to buy and to sell, at the exchange’s own prices, and says nothing of its own', async () => {
    await using library = await startLibrary();
    const { exchange, kraken } = library;
    const signals: Signal[] = [];
    const seen = new Set<string | undefined>();
    kraken.registerCallback('ticker', ticker => void seen.add(ticker.last));
    const engine = new TradingEngine(kraken, signal => void signals.push(signal));
    kraken.connect();
    engine.follow(['BTC/USD']);
    await eventually(
      () => kraken.getTicker('BTC/USD'),
      ticker => ticker !== undefined,
    );
    await eventually(
      () => {
        exchange.trade('BTC/USD');
        return signals.length;
      },
      count => count >= 4,
    );
    for (const [index, { side, price, symbol }] of signals.entries()) {
      assert.equal(symbol, 'BTC/USD');
      assert.ok(seen.has(price));
      assert.notEqual(side, signals[index - 1]?.side);
    }
  });
});

/** Every example of docs/client.md is run as it stands there, against the simulator. */
describe('docs/client.md', () => {
  const text = readFileSync(new URL('../docs/client.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/^## (.+)$|```ts\n([\s\S]*?)```/gm)].reduce<
    { title: string; code: string }[]
  >((found, [, heading, code]) => {
    if (heading !== undefined) found.push({ title: heading, code: '' });
    const last = found.at(-1);
    if (code !== undefined && last !== undefined) last.code += code;
    return found;
  }, []);

  test('has an example for every channel', () => {
    for (const method of [
      'subscribeTicker',
      'subscribeOrderbook',
      'subscribeTrades',
      'subscribeOhlc',
      'subscribeBalance',
    ])
      assert.ok(text.includes(method), method);
  });

  for (const { title, code } of examples.filter(example => example.code !== '')) {
    test(title, async () => {
      await using simulated = await startLibrary({ tradesPerSecond: 200 });
      const { exchange } = simulated;
      const made: library.KrakenWebSocketV2[] = [];
      const lines: string[] = [];
      /** The class as the example sees it: connected to the simulator, whatever key it gives. */
      function Simulated(key?: string, _secret?: string, config?: object): library.KrakenWebSocketV2 {
        const kraken = clientOf(exchange, config, key === undefined ? 'without key' : 'with key');
        made.push(kraken);
        return kraken;
      }
      const body = code.replace(/^import .*$/gm, '').replace(/: [A-Z]\w+(?=[,)])/g, '');
      const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
      const run = new AsyncFunction('KrakenWebSocketV2', 'CodedError', 'console', 'process', body);
      const print = (...values: unknown[]): void => void lines.push(values.map(String).join(' '));
      const environment = { env: { KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET: 'secret' } };
      try {
        await (run(
          Simulated,
          library.CodedError,
          { log: print, error: print },
          environment,
        ) as Promise<void>);
        await eventually(
          () => lines.length,
          count => count > 0,
        );
        assert.ok(!lines.some(line => /undefined|\[object/.test(line)), lines.join('\n'));
      } finally {
        for (const kraken of made) kraken.disconnect();
      }
    });
  }
});
