/** HTTP as clients, balancers and caches expect it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { WebSocket } from 'ws';
import { query } from '../support/client.ts';
import { type Pair, start } from '../support/server.ts';

let pair: Pair;
before(async () => {
  pair = await start();
});
after(async () => {
  await pair[Symbol.asyncDispose]();
});

const port = (): number => Number(new URL(pair.url).port);
const HASH = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };

/** Sends bytes as they are, and reads until the other side ends or enough has come. */
async function exchangeRaw(request: string, until: RegExp): Promise<string> {
  const socket = connectTcp(port(), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request.replaceAll('\n', '\r\n'));
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (until.test(answer)) break;
  }
  socket.destroy();
  return answer;
}

describe('an offer to upgrade to anything but a WebSocket is ignored', () => {
  const body = '{"query":"{ __typename }"}';

  test('a POST that offers h2c, as Java and curl --http2 send it, is answered', async () => {
    const answer = await exchangeRaw(
      `POST /graphql HTTP/1.1\nHost: 127.0.0.1\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\nContent-Type: application/json\nContent-Length: ${body.length}\n\n${body}`,
      /__typename/,
    );
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /"__typename":"Query"/);
  });

  for (const offer of ['TLS/1.2', 'h2c', 'HTTP/2.0, websocket']) {
    test(`GET /health with ${offer}`, async () => {
      const answer = await exchangeRaw(
        `GET /health HTTP/1.1\nHost: 127.0.0.1\nConnection: Upgrade\nUpgrade: ${offer}\n\n`,
        /"ok"/,
      );
      assert.match(answer, /^HTTP\/1\.1 200 /);
    });
  }

  test('the connection is good for another request afterwards', async () => {
    const offering = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    const socket = connectTcp(port(), '127.0.0.1');
    for (let time = 0; time < 3; time += 1) {
      socket.write(offering);
      let answer = '';
      while (!answer.includes('"ok"')) answer += String((await once(socket, 'data'))[0]);
      assert.match(answer, /^HTTP\/1\.1 200 /);
    }
    socket.destroy();
  });

  test('a WebSocket is upgraded, however the word is spelled', async () => {
    const answer = await exchangeRaw(
      'GET /graphql HTTP/1.1\nHost: 127.0.0.1\nConnection: Upgrade\nUpgrade: WebSocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Protocol: graphql-transport-ws\n\n',
      /\r\n\r\n/,
    );
    assert.match(answer, /^HTTP\/1\.1 101 /);
  });
});

describe('a persisted query by its hash alone', () => {
  const isRefused = (errors: unknown): void => {
    const [error] = errors as { message: string; extensions: object }[];
    assert.equal(error?.message, 'PersistedQueryNotSupported');
    assert.deepEqual(error?.extensions, { code: 'PERSISTED_QUERY_NOT_SUPPORTED' });
  };

  test('is refused by POST with the code that clients know', async () => {
    const response = await fetch(`${pair.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ operationName: 'A', extensions: HASH }),
    });
    assert.equal(response.status, 200);
    isRefused(((await response.json()) as { errors: unknown }).errors);
  });

  test('is refused by GET alike', async () => {
    const response = await fetch(
      `${pair.url}/graphql?${new URLSearchParams({ extensions: JSON.stringify(HASH) })}`,
      { headers: { accept: 'application/graphql-response+json' } },
    );
    assert.equal(response.status, 400);
    isRefused(((await response.json()) as { errors: unknown }).errors);
  });

  test('is executed when the text comes with it', async () => {
    const response = await fetch(`${pair.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }', extensions: HASH }),
    });
    assert.deepEqual(await response.json(), { data: { __typename: 'Query' } });
  });

  for (const useGETForHashedQueries of [false, true]) {
    test(`Apollo Client sends the text instead, hashes by ${useGETForHashedQueries ? 'GET' : 'POST'}`, async () => {
      const sent: boolean[] = [];
      const http = new HttpLink({
        uri: `${pair.url}/graphql`,
        fetch: (input, init) => {
          sent.push(String(init?.body ?? '').includes('"query"'));
          return fetch(input, init);
        },
      });
      const client = new ApolloClient({
        link: ApolloLink.from([
          new PersistedQueryLink({ sha256: () => 'b'.repeat(64), useGETForHashedQueries }),
          http,
        ]),
        cache: new InMemoryCache(),
      });
      const { data } = await client.query({
        query: gql('query A { instrument(symbol: "BTC/USD") { symbol } }'),
      });
      assert.equal((data as { instrument: { symbol: string } }).instrument.symbol, 'BTC/USD');
      await client.query({ query: gql('query B { status { health } }') });
      // Once refused, it tries no more hashes.
      assert.deepEqual(sent, [false, true, true]);
      client.stop();
    });
  }

  test('is an error of that operation over WebSocket, and the socket stays open', async () => {
    const socket = new WebSocket(`${pair.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const next = async () => JSON.parse(String((await once(socket, 'message'))[0]));
    socket.send('{"type":"connection_init"}');
    assert.equal((await next()).type, 'connection_ack');
    for (const payload of [{ extensions: HASH }, { query: '', variables: {}, extensions: HASH }]) {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      const refusal = await next();
      assert.equal(refusal.type, 'error');
      isRefused(refusal.payload);
    }
    socket.send(
      JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{ __typename }', extensions: HASH } }),
    );
    assert.deepEqual(await next(), { id: '2', type: 'next', payload: { data: { __typename: 'Query' } } });
    socket.close();
    await once(socket, 'close');
  });
});

describe('compression', () => {
  const long = `{ ${Array.from({ length: 90 }, (_, index) => `name${index}: __typename`).join(' ')} }`;
  const ask = (text: string, acceptEncoding: string, extra: RequestInit = {}): Promise<Response> =>
    fetch(`${pair.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': acceptEncoding },
      body: JSON.stringify({ query: text }),
      ...extra,
    });

  test('a large answer is gzip where that is accepted, and the same text', async () => {
    const plain = await ask(long, 'identity');
    assert.equal(plain.headers.get('content-encoding'), null);
    const compressed = await ask(long, 'br, gzip;q=0.5');
    assert.equal(compressed.headers.get('content-encoding'), 'gzip');
    const [text, size] = [await plain.text(), Number(compressed.headers.get('content-length'))];
    assert.equal(await compressed.text(), text);
    assert.ok(size < text.length / 4, `${size} of ${text.length}`);
    for (const { headers } of [plain, compressed]) {
      assert.match(headers.get('vary') ?? '', /Accept-Encoding/);
      assert.equal(headers.get('cache-control'), 'no-store');
    }
  });

  test('it is not where gzip is not accepted, or the answer is small', async () => {
    for (const accepted of ['br', 'gzip;q=0', '*;q=0', 'identity']) {
      assert.equal((await ask(long, accepted)).headers.get('content-encoding'), null, accepted);
    }
    assert.equal((await ask('{ __typename }', 'gzip')).headers.get('content-encoding'), null);
  });

  test('a compressed request body is not decompressed', async () => {
    const response = await ask('', 'gzip', {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: Buffer.from('H4sIAAAAAAAAA6vmUgACpcLSzKKSSiUrBZDc+JLKglQlrlourloAs0gn5BwAAAA=', 'base64'),
    });
    assert.ok(response.status >= 400 && response.status < 500, String(response.status));
  });

  test('720 candles', async context => {
    const candles = `{ ohlc(symbol: "BTC/USD", interval: ONE_MINUTE, last: 720) {
      symbol interval intervalBegin intervalEnd open high low close vwap volume trades closed
      freshness { state stale ageMs } } }`;
    assert.equal((await query(pair.url, candles)).data.ohlc.length, 720);
    const raw = (await (await ask(candles, 'identity')).arrayBuffer()).byteLength;
    const compressed = await ask(candles, 'gzip');
    const size = Number(compressed.headers.get('content-length'));
    await compressed.text();
    assert.ok(size * 5 < raw, `${size} of ${raw}`);
    context.diagnostic(`${raw} bytes, ${size} compressed`);
  });
});

describe('what may be kept', () => {
  test('nothing of answers and probes', async () => {
    for (const path of ['/health', '/ready', '/metrics', '/nowhere', '/graphql?query={__typename}']) {
      const { headers } = await fetch(pair.url + path);
      assert.equal(headers.get('cache-control'), 'no-store', path);
    }
  });

  test('event streams are neither stored, nor transformed, nor held back, nor compressed', async () => {
    const abort = new AbortController();
    const response = await fetch(
      `${pair.url}/graphql?${new URLSearchParams({ query: 'subscription { ticker(symbols: ["BTC/USD"]) { bid } }' })}`,
      { headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip' }, signal: abort.signal },
    );
    assert.equal(response.headers.get('cache-control'), 'no-store, no-transform');
    assert.equal(response.headers.get('x-accel-buffering'), 'no');
    assert.notEqual(response.headers.get('content-encoding'), 'gzip');
    abort.abort();
  });
});

test('an idle connection is kept for as long as KEEP_ALIVE_TIMEOUT_MS says, and clients are told', async () => {
  assert.equal((await fetch(`${pair.url}/health`)).headers.get('keep-alive'), 'timeout=75');
  await using brief = await start({}, { KEEP_ALIVE_TIMEOUT_MS: '1000' });
  const socket = connectTcp(Number(new URL(brief.url).port), '127.0.0.1');
  socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /Keep-Alive: timeout=1\r\n/);
  socket.resume();
  await once(socket, 'end');
  socket.destroy();
});
