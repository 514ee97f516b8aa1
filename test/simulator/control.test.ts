import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/client.ts';
import { type Library, startLibrary } from '../support/kraken.ts';

const BTC = 'BTC/USD';
let library: Library;
before(async () => {
  library = await startLibrary({ key: 'with key' });
  const { kraken } = library;
  kraken.subscribeOrderbook([BTC]);
  kraken.subscribeTrades([BTC]);
  kraken.connect();
  await eventually(
    () =>
      kraken.getOrderbook(BTC) !== undefined && kraken.isAuthenticated && kraken.getRecentTrades(BTC).length,
    count => count === 50,
  );
});
after(() => library[Symbol.asyncDispose]());

async function control(
  command: string,
  body: object = {},
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(`${library.exchange.restUrl}/control/${command}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

describe('faults on demand, over HTTP', () => {
  test('are listed, and each can be asked for', async () => {
    const { commands } = (await (await fetch(`${library.exchange.restUrl}/control/`)).json()) as {
      commands: string[];
    };
    const bodies: Readonly<Record<string, object>> = {
      mute: { channel: 'ticker' },
      unmute: { channel: 'ticker' },
      'corrupt-book': { symbol: 'ETH/USD' },
      'skip-book': { symbol: 'ETH/USD' },
      stall: { on: false },
      refuse: { on: false },
      deny: { permission: 'orders' },
      allow: { permission: 'orders' },
      system: { state: 'online' },
      pair: { symbol: BTC, status: 'post_only' },
      trade: { symbol: BTC, count: 2 },
      quote: { symbol: BTC, count: 2 },
      deep: { symbol: BTC },
      move: { asset: 'EUR', amount: '1' },
      order: { symbol: BTC, side: 'sell', qty: '0.10000000', price: '90000.0' },
      cancel: { id: 'none' },
      'slow-snapshot': { ms: 0 },
      'rate-limit': { count: 0 },
      'reject-tokens': { count: 0 },
      'fail-rest': { count: 0 },
      'lose-trades': { count: 0 },
      'delay-trades': { count: 0 },
    };
    for (const command of commands) {
      const { status, body } = await control(command, bodies[command]);
      assert.deepEqual([status, body['done']], [200, command]);
    }
  });

  test('a corrupted book is seen, and mended', async () => {
    const { kraken } = library;
    await eventually(
      () => kraken.getOrderbook(BTC) !== undefined && kraken.isConnected,
      live => live,
    );
    const failures = kraken.market.bookStatistics.checksumFailures;
    await control('corrupt-book', { symbol: BTC });
    await control('trade', { symbol: BTC });
    await eventually(
      () => kraken.market.bookStatistics.checksumFailures,
      count => count > failures,
    );
    await eventually(
      () => kraken.feedState('book', kraken.resolveSymbol(BTC)),
      state => state === 'LIVE',
    );
  });

  test('what can not be done is said', async () => {
    assert.equal((await control('dance')).status, 404);
    assert.deepEqual(await control('corrupt-book'), { status: 400, body: { error: 'symbol is a string' } });
    assert.equal((await control('drop', { kind: 'gently' })).status, 400);
  });
});
