/** What hostile clients do, each within the limits of what a socket lets them send. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { clientFrame } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';

/** Goes on until it is told to stop; whatever the server answers, or does to its sockets, is no error. */
export type Attack = (url: string, until: AbortSignal) => Promise<void>;

const many = (count: number, of: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => of(index)).join(' ');

const INSTRUMENT =
  'symbol base quote status pricePrecision priceIncrement qtyPrecision qtyIncrement qtyMin costMin marginable';
const LEVELS = 'asks { price qty } bids { price qty }';

async function post(url: string, body: object): Promise<void> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    await response.arrayBuffer();
  } catch {
    // Refused, cut or too slow: the attacker asks again.
  }
}

/** Asks one thing after the other over HTTP, from several connections. */
function asking(documents: readonly string[] | (() => string), connections = 4): Attack {
  return async (url, until) => {
    let index = 0;
    const next = (): string =>
      typeof documents === 'function' ? documents() : (documents[index++ % documents.length] ?? '');
    const ask = async (): Promise<void> => {
      while (!until.aborted) {
        await post(url, { query: next() });
        await delay(1);
      }
    };
    await Promise.all(Array.from({ length: connections }, ask));
  };
}

/** A WebSocket, acknowledged, that sends whatever it is told. */
async function rawWebSocket(url: string): Promise<Socket> {
  const socket = await upgrade(Number(new URL(url).port));
  socket.on('error', () => {});
  socket.write(clientFrame('{"type":"connection_init"}'));
  await once(socket, 'data');
  return socket;
}

export function subscribeMessage(id: string, query: string): Buffer {
  return clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
}

/** Sends operations on one WebSocket at a rate, and connects again when it is cut. @param reads whether answers are read */
function socketAsking(perSecond: number, documentOf: (index: number) => string, reads = true): Attack {
  return async (url, until) => {
    let index = 0;
    while (!until.aborted) {
      const socket = await rawWebSocket(url).catch(() => undefined);
      if (socket === undefined) {
        await delay(20);
        continue;
      }
      if (reads) socket.resume();
      else socket.pause();
      while (!until.aborted && !socket.destroyed && socket.writable) {
        for (let sent = 0; sent < Math.max(1, perSecond / 50); sent += 1) {
          index += 1;
          socket.write(subscribeMessage(`${index}`, documentOf(index)));
        }
        await delay(perSecond < 50 ? 1_000 / perSecond : 20);
      }
      socket.destroy();
    }
  };
}

/** Asks for large answers over HTTP, many at once on each connection, and reads none. */
const stoppedHttp: Attack = async (url, until) => {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({
    query: `{ ${many(4, index => `a${index}: instruments { ${INSTRUMENT} }`)} }`,
  });
  const text = `POST /graphql HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const sockets = new Set<Socket>();
  while (!until.aborted) {
    if (sockets.size < 24) {
      const socket = connectTcp(Number(port), hostname);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.pause();
      sockets.add(socket);
      socket.write(text.repeat(20));
    }
    await delay(20);
  }
  for (const socket of sockets) socket.destroy();
};

/** Subscribes by event streams and reads none of them. */
const stoppedStreams: Attack = async (url, until) => {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({
    query: `subscription { book(symbols: ["BTC/USD", "ETH/USD"], depth: 1000) { ${LEVELS} } }`,
  });
  const text = `POST /graphql HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const sockets = new Set<Socket>();
  while (!until.aborted) {
    if (sockets.size < 50) {
      const socket = connectTcp(Number(port), hostname);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.pause();
      sockets.add(socket);
      socket.write(text);
    }
    await delay(20);
  }
  for (const socket of sockets) socket.destroy();
};

const longName = 'A'.repeat(20_000);
let distinct = 0;

export const ATTACKS = {
  'response names that are repeated for every row': asking([
    `{ book(symbol: "SOL/USD", depth: 1000) { ${many(45, index => `a${index}: asks { ...F }`)} } } fragment F on BookLevel { ${longName}: price }`,
    `{ book(symbol: "SOL/USD", depth: 1000) { ${many(90, index => `a${index}: asks { ...F }`)} } } fragment F on BookLevel { ${'A'.repeat(100)}: price }`,
    `{ ${many(99, index => `${'n'.repeat(90)}${index}: trades(symbol: "BTC/USD", last: 1000) { nodes { price qty side timestamp } }`)} }`,
  ]),
  'subscriptions to results of gigabytes': socketAsking(
    20,
    index =>
      `subscription { b${index}: book(symbols: ["SOL/USD"], depth: 1000) { ${many(45, alias => `a${alias}: asks{...F}`)} } } fragment F on BookLevel { ${'A'.repeat(20_000)}: price }`,
  ),
  'comments, in documents that are never the same': asking(
    () => `{ status { health } } # ${distinct++}\n${'#a\n'.repeat(20_000)}`,
  ),
  'comments within the bound': asking(
    () => `{ status { health } } # ${distinct++}\n${'#a\n'.repeat(10_000)}`,
  ),
  'tokens, in documents that are never the same': asking(() => {
    distinct += 1;
    return `{ status { ${many(95, index => `a${distinct}${index}: health`)} ${'__typename '.repeat(60)} } }`;
  }),
  'fields that are repeated': asking([
    `{ ticker(symbol: "BTC/USD") { ${'bid '.repeat(1_900)} } }`,
    `{ ${'ticker(symbol: "BTC/USD") { bid ask } '.repeat(150)} }`,
    `{ ticker(symbol: "BTC/USD") { ${many(150, index => `...F${index}`)} } } ${many(150, index => `fragment F${index} on Ticker { bid }`)}`,
    `{ tickers(symbols: ${'['.repeat(900)}"a"${']'.repeat(900)}) { bid } }`,
  ]),
  'queries that no one reads': socketAsking(
    50,
    index => `{ a${index}: instruments { ${INSTRUMENT} } b: instruments { ${INSTRUMENT} } }`,
    false,
  ),
  'answers that no one reads': stoppedHttp,
  'event streams that no one reads': stoppedStreams,
  'the most expensive queries': socketAsking(
    48,
    index => `{ ${many(4, alias => `a${index}${alias}: instruments { ${INSTRUMENT} }`)} }`,
  ),
  'lists of the status': socketAsking(
    48,
    index =>
      `{ status { ${many(20, alias => `a${index}${alias}: subscriptions { channel symbol state subscribers }`)} } }`,
  ),
  'pairs that do not exist': asking(
    () => `{ tickers(symbols: [${many(200, index => `"NO${index}PE${distinct++}/USD"`)}]) { bid } }`,
  ),
  'distinct subscriptions to deep books': socketAsking(
    20,
    index =>
      `subscription { a${index}: book(symbols: ["BTC/USD", "ETH/USD"], depth: 1000) { ${LEVELS} sequence } }`,
  ),
  'words that objects have': asking([
    '{ constructor }',
    '{ toString }',
    '{ hasOwnProperty }',
    '{ status { __proto__: health constructor valueOf } }',
    'query ($constructor: Int = 1) { trades(symbol: "BTC/USD", last: $constructor) { nodes { price } } }',
    'query constructor { __proto__: status { constructor: health } }',
  ]),
  'bursts of messages': async (url, until) => {
    while (!until.aborted) {
      const socket = await rawWebSocket(url).catch(() => undefined);
      if (socket === undefined) continue;
      socket.resume();
      for (let burst = 0; burst < 10 && !until.aborted && !socket.destroyed; burst += 1) {
        for (let sent = 0; sent < 500; sent += 1) socket.write(clientFrame('{"type":"ping"}'));
        await delay(50);
      }
      socket.destroy();
    }
  },
} satisfies Readonly<Record<string, Attack>>;
