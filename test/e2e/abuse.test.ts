import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { type Pair, start } from '../support/server.ts';

const TICKER = 'subscription { ticker(symbols: ["BTC/USD"]) { bid } }';

async function clients(
  url: string,
): Promise<{ connections: number; subscriptions: number; broadcasts: number }> {
  return (await query(url, '{ status { clients { connections subscriptions broadcasts } } }')).data.status
    .clients;
}

/** A socket that speaks for itself. */
async function raw({ url }: Pair, text: string): Promise<{ socket: Socket; answer: () => string }> {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  let answer = '';
  socket.on('data', chunk => {
    answer += String(chunk);
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return { socket, answer: () => answer };
}

/** A WebSocket that is acknowledged, with all that it got. */
async function acknowledged({ url }: Pair): Promise<{ socket: WebSocket; got: string[] }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const got: string[] = [];
  socket.on('message', data => got.push(String(data)));
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await eventually(
    () => got.length,
    count => count === 1,
  );
  return { socket, got };
}

test('a request target that is no URL is not found, and harms nobody', async () => {
  await using pair = await start();
  const upgrade =
    'Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  for (const [target, headers] of [
    ['//', upgrade],
    ['//', 'Host: 127.0.0.1\r\n\r\n'],
    ['http://[', 'Host: 127.0.0.1\r\n\r\n'],
  ]) {
    const { socket, answer } = await raw(pair, `GET ${target} HTTP/1.1\r\n${headers}`);
    await eventually(answer, text => text.startsWith('HTTP/1.1 404'));
    socket.destroy();
  }
  assert.equal((await fetch(`${pair.url}/health`)).status, 200);
});

test('a subscription that does not accept an event stream is refused and leaves nothing behind', async () => {
  await using pair = await start();
  for (const accept of [
    'application/json',
    'application/graphql-response+json',
    'multipart/mixed',
    'text/plain',
  ]) {
    const response = await fetch(`${pair.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query: TICKER }),
    });
    assert.ok(response.status >= 200);
    await response.text();
  }
  assert.deepEqual(await clients(pair.url), { connections: 0, subscriptions: 0, broadcasts: 0 });
});

test('an id that is completed and used again in one burst is one subscription, gone with its socket', async () => {
  await using pair = await start();
  const { socket, got } = await acknowledged(pair);
  const begin = `{"id":"1","type":"subscribe","payload":{"query":${JSON.stringify(TICKER)}}}`;
  for (const text of [begin, '{"id":"1","type":"complete"}', begin]) socket.send(text);
  await eventually(
    () => clients(pair.url),
    ({ subscriptions }) => subscriptions === 1,
  );
  const before = got.length;
  pair.exchange.trade('BTC/USD');
  await eventually(
    () => got.length,
    count => count > before,
  );
  assert.equal(got.length, before + 1, 'each change comes once');
  socket.terminate();
  await eventually(
    () => clients(pair.url),
    left => left.subscriptions === 0 && left.broadcasts === 0 && left.connections === 0,
  );
});

test('a pair that turns out not to exist fails alone in a subscription that began before the list arrived', async () => {
  await using pair = await start({ withoutInstruments: true });
  const client = connect(pair.url);
  await using values = subscribe(client, 'subscription ($s: [Symbol!]!) { ticker(symbols: $s) { bid } }', {
    s: ['BTC/USD', 'NOPE/USD'],
  });
  // What each of them begins with, in whichever order.
  const begun = new Set<'value' | 'refusal'>();
  await values.until(({ errors }) => begun.add(errors === undefined ? 'value' : 'refusal').size === 2);
  pair.exchange.broadcast(
    '{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":1,"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.50,"tick_size":0.1,"price_increment":0.1,"qty_min":0.00005000}]}}',
  );
  await eventually(
    () => pair.app.client.market.instruments.known,
    known => known,
  );
  while (values.waiting > 0) await values.next();
  pair.exchange.trade('BTC/USD');
  const { data, errors } = await values.next();
  assert.equal(errors, undefined);
  assert.match(data.ticker.bid, /^\d+\.\d$/);
  await client.dispose();
});

test('a document that was refused before the list arrived is read anew after it', async () => {
  await using pair = await start({ withoutInstruments: true });
  await eventually(
    () => pair.app.client.isConnected,
    connected => connected,
  );
  const text = '{ ticker(symbol: "BTCUSD") { symbol } }';
  const early = await query(pair.url, text);
  assert.equal(early.errors?.[0]?.extensions?.['code'], 'UPSTREAM_UNAVAILABLE');
  pair.exchange.sendInstruments();
  await eventually(
    () => pair.app.client.market.instruments.known,
    known => known,
  );
  assert.deepEqual((await query(pair.url, text)).data, { ticker: { symbol: 'BTC/USD' } });
});

test('a client that answers nothing does not hold the shutdown, and readiness is told meanwhile', async () => {
  const pair = await start();
  const { socket } = await acknowledged(pair);
  // The peer of a polite close: it never answers, because it never reads.
  socket.pause();
  const closing = pair[Symbol.asyncDispose]();
  const response = await fetch(`${pair.url}/ready`);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /shutting down/);
  const late = new WebSocket(`${pair.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const [, refusal] = (await once(late, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(refusal.statusCode, 503);
  late.on('error', () => {});
  late.terminate();
  const began = performance.now();
  await closing;
  assert.ok(performance.now() - began < 8_000);
  socket.terminate();
});

test('the smallest rate is a long wait, not a storm', async () => {
  await using pair = await start();
  const client = connect(pair.url);
  await using values = subscribe(client, 'subscription { status(maxRate: 1e-9) { health } }');
  await values.next();
  const before = await query(pair.url, '{ status { clients { conflated delivered } } }');
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  assert.deepEqual(await query(pair.url, '{ status { clients { conflated delivered } } }'), before);
  await client.dispose();
});

test('a callback that hears of a disconnect may connect again, and is served', async () => {
  await using pair = await start();
  const kraken = new KrakenWebSocketV2(undefined, undefined, { publicUrl: pair.exchange.publicUrl });
  let again = true;
  kraken.registerCallback('disconnected', () => {
    if (again) kraken.connect();
    again = false;
  });
  kraken.connect();
  await eventually(
    () => kraken.isConnected,
    connected => connected,
  );
  kraken.disconnect();
  await eventually(
    () => kraken.isConnected,
    connected => connected,
  );
  const symbol = kraken.resolveSymbol('BTC/USD');
  const topic = { channel: 'ticker', symbol, event_trigger: 'bbo' } as const;
  kraken.retain(topic);
  await eventually(
    () => kraken.getTicker('BTC/USD'),
    ticker => ticker !== undefined,
  );
  const session = [...pair.exchange.sessions].at(-1);
  kraken.subscribeTicker(['ETH/USD']);
  await eventually(
    () => session?.isSubscribed('ticker', 'ETH/USD'),
    subscribed => subscribed === true,
  );
  kraken.unsubscribe('ticker', ['ETH/USD']);
  await eventually(
    () => session?.isSubscribed('ticker', 'ETH/USD'),
    subscribed => subscribed === false,
  );
  kraken.disconnect();
});
