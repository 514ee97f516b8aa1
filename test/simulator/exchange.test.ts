import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Exchange, simulatedSymbols } from '../../src/simulator/exchange.ts';
import { fixed, write } from '../../src/simulator/wire.ts';
import { eventually } from '../support/client.ts';
import { fixturePath, frames } from '../support/fixtures.ts';
import { Probe } from '../support/probe.ts';

describe('the gateway', () => {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  let probe: Probe;
  let privateProbe: Probe;
  before(async () => {
    await exchange.start();
    probe = new Probe(exchange.publicUrl);
    privateProbe = new Probe(exchange.privateUrl);
  });
  after(async () => {
    probe.close();
    privateProbe.close();
    await exchange.stop();
  });

  const subscribe = (params: object, more: object = {}): object => ({ method: 'subscribe', params, ...more });
  const refusals: readonly (readonly [string, object | string, string])[] = [
    [
      'an unknown pair',
      subscribe({ channel: 'ticker', symbol: ['XBT/USD'] }),
      'Currency pair not supported XBT/USD',
    ],
    [
      'a mis-cased pair',
      subscribe({ channel: 'ticker', symbol: ['btc/usd'] }),
      'Currency pair not supported btc/usd',
    ],
    [
      'a symbol that is no list',
      subscribe({ channel: 'ticker', symbol: 'BTC/USD' }),
      'Symbol field must be an array',
    ],
    ['no symbol', subscribe({ channel: 'ticker' }), 'Symbol(s) not found'],
    ['the status channel', subscribe({ channel: 'status' }), 'Symbol(s) not found'],
    [
      'an unknown channel',
      subscribe({ channel: 'weather', symbol: ['BTC/USD'] }),
      'Subscription name invalid',
    ],
    [
      'a misplaced member',
      { method: 'subscribe', channel: 'ticker', symbol: ['BTC/USD'] },
      "Unsupported field: 'channel' for the given msg type: subscribe",
    ],
    [
      'params on ping',
      { method: 'ping', params: {} },
      "Unsupported field: 'params' for the given msg type: ping",
    ],
    ['an unknown method', { method: 'dance' }, 'Unsupported event'],
    ['params of the wrong type', { method: 'subscribe', params: 'ticker' }, 'Unsupported event'],
    ['invalid JSON', '{"method":', 'Malformed request'],
    [
      'a private channel',
      subscribe({ channel: 'balances', token: 'x' }),
      'Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com',
    ],
    [
      'an unsubscribe without a subscription',
      { method: 'unsubscribe', params: { channel: 'ticker', symbol: ['SOL/USD'] } },
      'Subscription Not Found',
    ],
  ];
  for (const [what, request, words] of refusals) {
    test(`refuses ${what} in the words of Kraken`, async () => {
      const answer = await probe.ask(request);
      assert.equal(answer['error'], words);
      assert.equal(answer['success'], false);
      assert.match(String(answer['time_in']), /^\d{4}-.*\.\d{6}Z$/);
    });
  }

  test('refuses a second subscribe, and sends no second snapshot', async () => {
    const request = subscribe({ channel: 'ticker', symbol: ['LTC/USD'] }, { req_id: 7 });
    assert.equal((await probe.ask(request))['success'], true);
    const again = await probe.ask(request);
    assert.deepEqual(
      [again['error'], again['req_id'], again['symbol']],
      ['Already subscribed', 7, 'LTC/USD'],
    );
    assert.equal(
      probe.frames.filter(frame => frame.includes('"snapshot"') && frame.includes('"symbol":"LTC/USD","bid"'))
        .length,
      1,
    );
  });

  test('on the private endpoint public channels and missing tokens are refused', async () => {
    const words = async (params: object): Promise<unknown> =>
      (await privateProbe.ask(subscribe(params)))['error'];
    assert.equal(
      await words({ channel: 'ticker', symbol: ['BTC/USD'] }),
      'Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com',
    );
    assert.equal(await words({ channel: 'balances' }), 'Token(s) not found');
    assert.equal(await words({ channel: 'balances', token: 'made up' }), 'ESession:Invalid session');
  });

  test('a client that asks too fast is told so in the one answer without an envelope, and stays connected', async () => {
    const hasty = new Probe(exchange.publicUrl);
    await hasty.ask({ method: 'ping', req_id: 1 });
    for (let count = 0; count < 60; count += 1) hasty.tell('{"method":"ping"}');
    await eventually(
      () => hasty.frames,
      frames => frames.includes('{"Error":"Exceeded msg rate"}'),
    );
    hasty.close();
  });

  test('the first frame of a connection is the status, with an id above 2^53', () => {
    assert.match(probe.frames[0] ?? '', /^\{"channel":"status".*"connection_id":1\d{19}\b/);
  });
});

test('numbers are written with all their fixed digits', () => {
  assert.equal(fixed(-5, 2).token, '-0.05');
  assert.equal(fixed(645_250, 1).token, '64525.0');
  assert.equal(fixed(0, 8).token, '0.00000000');
  assert.equal(fixed(7, 0).token, '7');
  assert.equal(write({ a: [fixed(1, 1)], b: 'x', c: undefined }), '{"a":[0.1],"b":"x"}');
});

test('the same seed gives the same market', () => {
  const run = (seed: number): readonly string[] => {
    const exchange = new Exchange({ seed });
    for (let trade = 0; trade < 50; trade += 1) exchange.trade(simulatedSymbols[trade % 3] ?? '');
    return simulatedSymbols.map(symbol => exchange.tickerText(symbol).replace(/"timestamp":"[^"]*"/, ''));
  };
  assert.deepEqual(run(7), run(7));
  assert.notDeepEqual(run(7), run(8));
});

test('a recording is served byte for byte', async () => {
  const exchange = new Exchange({ replay: [fixturePath('ticker.jsonl')], replayIntervalMs: 0 });
  await exchange.start();
  const probe = new Probe(exchange.publicUrl);
  try {
    await probe.ask({ method: 'subscribe', params: { channel: 'ticker', symbol: ['BTC/USD'] } });
    while (exchange.replayNext() !== undefined);
    const recorded = frames('ticker.jsonl');
    await eventually(
      () => probe.frames.filter(frame => frame.includes('"bid"')),
      got => got.length === recorded.length,
    );
    assert.deepEqual(
      probe.frames.filter(frame => frame.includes('"bid"')),
      recorded,
    );
  } finally {
    probe.close();
    await exchange.stop();
  }
});
