import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
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
      announce: { maintenance: [{}], emergency: [] },
      unmute: { channel: 'ticker' },
      'corrupt-book': { symbol: 'ETH/USD' },
      'skip-book': { symbol: 'ETH/USD' },
      stall: { on: false },
      refuse: { on: false },
      deny: { permission: 'orders' },
      allow: { permission: 'orders' },
      system: { state: 'online' },
      pair: { symbol: BTC, status: 'post_only' },
      unlist: { symbol: 'DOT/EUR' },
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

describe('the controls are closed', () => {
  const ask = (
    path: string,
    headers: Readonly<Record<string, string>>,
    method = 'POST',
    body = '',
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(library.exchange.restUrl);
      const request = httpRequest(
        { host: '127.0.0.1', port, path: `/control/${path}`, method, headers, agent: false },
        response => {
          let text = '';
          response.on('data', chunk => {
            text += String(chunk);
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        },
      );
      request.on('error', reject);
      request.end(body);
    });

  test('to pages, wherever they are from and whatever name they have made point here', async () => {
    const pages = [
      { origin: 'https://elsewhere.example' },
      { origin: 'http://localhost:4000' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-origin' },
      { host: 'rebound.example' },
      { host: 'localhost.rebound.example:4100' },
      { host: '127.0.0.1.rebound.example' },
      { host: '10.0.0.1' },
    ];
    for (const headers of pages) {
      assert.equal(
        (await ask('refuse', headers, 'POST', '{"on":true}')).status,
        403,
        JSON.stringify(headers),
      );
      assert.equal((await ask('', headers, 'GET')).status, 403, JSON.stringify(headers));
    }
    assert.equal(library.exchange.faults.refusing, false);
    for (const host of ['127.0.0.1:4100', 'localhost', '[::1]:4100', '127.0.0.2'])
      assert.equal((await ask('', { host, 'sec-fetch-site': 'none' }, 'GET')).status, 200, host);
  });

  test('to names that every object has', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf']) {
      assert.equal((await ask(name, {}, 'GET')).status, 404, name);
      assert.equal((await ask(name, {}, 'POST', '{}')).status, 404, name);
    }
  });

  test('to bodies that are too long or no object, and to counts that are none', async () => {
    assert.equal((await ask('trade', {}, 'POST', ' '.repeat(65_537))).status, 413);
    assert.equal((await ask('trade', {}, 'POST', ' '.repeat(2_000_000))).status, 413);
    for (const body of ['null', '[]', '1', '"text"', '{'])
      assert.equal((await ask('stall', {}, 'POST', body)).status, 400, body);
    for (const count of ['10001', '1e999', '-1', '"1"', 'null']) {
      const body = `{"symbol":"${BTC}","count":${count}}`;
      assert.equal((await ask('trade', {}, 'POST', body)).status, 400, count);
    }
    assert.equal((await ask('slow-snapshot', {}, 'POST', '{"ms":1e999}')).status, 400);
    assert.deepEqual(JSON.parse((await ask('trade', {}, 'POST', `{"symbol":"${BTC}","count":0}`)).body), {
      done: 'trade',
    });
  });
});
