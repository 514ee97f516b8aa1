import assert from 'node:assert/strict';
import { createConnection, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { seededRandom } from '../../src/simulator/random.ts';
import { connect, eventually, query, subscribe, subscribeByEvents, type Values } from '../support/client.ts';
import { BOOK_UPDATES, type BookEventResult, Mirror } from '../support/mirror.ts';
import { type Pair, start } from '../support/server.ts';

const BTC = 'BTC/USD';

/** Reads a subscription into a mirror until it stands where the server does. */
async function follow(pair: Pair, values: Values, mirror: Mirror, symbol = BTC): Promise<void> {
  const { client } = pair.app;
  await eventually(
    () => client.feedState('book', client.resolveSymbol(symbol)),
    state => state === 'LIVE',
  );
  const wanted = client.getOrderbook(symbol)?.sequence ?? 0;
  while (mirror.stale || mirror.sequence < wanted) {
    mirror.apply((await values.next()).data.bookUpdates as BookEventResult);
  }
}

function assertEqual(pair: Pair, mirror: Mirror, depth: number): void {
  const book = pair.app.client.getOrderbook(BTC, depth);
  const plain = (levels: readonly { price: string; qty: string }[] = []) =>
    levels.map(({ price, qty }) => `${price} ${qty}`);
  assert.deepEqual(mirror.problems, []);
  assert.equal(mirror.sequence, book?.sequence);
  assert.deepEqual(plain(mirror.bids), plain(book?.bids));
  assert.deepEqual(plain(mirror.asks), plain(book?.asks));
}

const TRANSPORTS: Readonly<Record<string, (url: string, variables: Record<string, unknown>) => Values>> = {
  WebSocket: (url, variables) => subscribe(connect(url), BOOK_UPDATES, variables),
  'server-sent events': (url, variables) => subscribeByEvents(url, BOOK_UPDATES, variables),
};

describe('a mirror built from bookUpdates alone', () => {
  for (const [name, open] of Object.entries(TRANSPORTS)) {
    for (const depth of [10, 15, 100]) {
      test(`equals the server's book of depth ${depth} at every sequence over ${name}`, async () => {
        await using pair = await start();
        await using values = open(pair.url, { symbols: [BTC], depth });
        const mirror = new Mirror(depth);
        mirror.apply((await values.next()).data.bookUpdates as BookEventResult);
        assert.deepEqual(mirror.reasons, ['SUBSCRIBED']);
        for (let round = 0; round < 60; round += 1) {
          // Several changes of one turn may come as one delta.
          for (let change = 0; change <= round % 3; change += 1) pair.exchange.trade(BTC);
          await eventually(
            () => pair.app.client.getOrderbook(BTC)?.checksum,
            checksum => JSON.stringify(pair.exchange.bookRow(BTC, 10)).includes(`"checksum":${checksum},`),
          );
          await follow(pair, values, mirror);
          assertEqual(pair, mirror, depth);
        }
        assert.ok(mirror.deltas >= 40);
        assert.deepEqual(mirror.reasons, ['SUBSCRIBED'], 'deltas did all the rest');
      });
    }
  }

  test('goes through resyncs and reconnects, told of each, with a later reader beside it', async () => {
    await using pair = await start({}, { KRAKEN_SUBSCRIBE_RATE: '15' });
    const { exchange } = pair;
    const random = seededRandom(5);
    const client = connect(pair.url);
    const mirrors = [new Mirror(25), new Mirror(25)];
    const streams = [subscribe(client, BOOK_UPDATES, { symbols: [BTC], depth: 25 })];
    mirrors[0]?.apply((await (streams[0] as Values).next()).data.bookUpdates as BookEventResult);
    for (let round = 0; round < 30; round += 1) {
      if (round === 10) streams.push(subscribe(client, BOOK_UPDATES, { symbols: ['xbt/usd'], depth: 25 }));
      const kind = Math.floor(random() * 5);
      if (kind === 0) exchange.corruptBook(BTC);
      if (kind === 1) exchange.faults.skipBook(BTC);
      if (kind === 2) {
        const { reconnects } = pair.app.client.getConnectionStatus().public;
        exchange.dropAll(random() < 0.5 ? 'fin' : 'rst');
        await eventually(
          () => pair.app.client.getConnectionStatus().public.reconnects,
          count => count > reconnects,
        );
      }
      for (let change = 0; change < 5; change += 1) exchange.trade(BTC);
      // The last of them shows what the faults did to those before it.
      await eventually(
        () => {
          const checksum = pair.app.client.getOrderbook(BTC)?.checksum;
          return JSON.stringify(exchange.bookRow(BTC, 10)).includes(`"checksum":${checksum},`);
        },
        same => same,
      );
      for (const [index, values] of streams.entries()) {
        const mirror = mirrors[index] as Mirror;
        await follow(pair, values, mirror);
        assertEqual(pair, mirror, 25);
      }
    }
    const [first] = mirrors;
    assert.ok((first?.interruptions.length ?? 0) > 3, 'it was told of interruptions');
    assert.ok(first?.interruptions.includes('RESYNCING') && first.interruptions.includes('DISCONNECTED'));
    assert.deepEqual(new Set(first?.reasons), new Set(['SUBSCRIBED', 'RESYNCED']));
    await client.dispose();
  });

  test('of a slow reader begins anew, and is right again', async () => {
    await using pair = await start();
    const { exchange } = pair;
    const { hostname, port } = new URL(pair.url);
    const socket = createConnection(Number(port), hostname);
    const reader = new RawReader(socket);
    await reader.open();
    reader.send({ type: 'connection_init' });
    await reader.next(({ type }) => type === 'connection_ack');
    const variables = { symbols: [BTC], depth: 1000 };
    reader.send({ id: 'a', type: 'subscribe', payload: { query: BOOK_UPDATES, variables } });
    const mirror = new Mirror(1000);
    const isDelta = ({ type, id }: { type: string; id?: string }): boolean => type === 'next' && id === 'a';
    mirror.apply((await reader.next(isDelta)).payload.data.bookUpdates);

    // Whole books on the same socket fill it; then its reader is behind with all that it subscribed to.
    const filler =
      'subscription { book(symbols: ["BTC/USD"], depth: 1000) { bids { price qty } asks { price qty } } }';
    reader.send({ id: 'b', type: 'subscribe', payload: { query: filler } });
    await reader.next(({ id }) => id === 'b');
    socket.pause();
    await eventually(
      async () => {
        exchange.trade(BTC);
        const { data } = await query(pair.url, '{ status { clients { slowConsumers } } }');
        return data.status.clients.slowConsumers;
      },
      // The filler is slow first, the mirror with its next delta.
      count => count >= 2,
    );
    socket.resume();
    while (!mirror.reasons.includes('SLOW_CONSUMER')) {
      mirror.apply((await reader.next(isDelta)).payload.data.bookUpdates);
    }
    exchange.trade(BTC);
    await eventually(
      () => pair.app.client.feedState('book', pair.app.client.resolveSymbol(BTC)),
      state => state === 'LIVE',
    );
    while (mirror.stale || mirror.sequence < (pair.app.client.getOrderbook(BTC)?.sequence ?? 0)) {
      mirror.apply((await reader.next(isDelta)).payload.data.bookUpdates);
    }
    assertEqual(pair, mirror, 1000);
    socket.destroy();
  });
});

/** A WebSocket client that can stop reading: the libraries' read ahead. */
class RawReader {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #open = false;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly #messages: any[] = [];
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#read();
      this.#wake();
    });
  }

  async open(): Promise<void> {
    this.#socket.write(
      'GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    while (!this.#open) await new Promise<void>(resolve => (this.#wake = resolve));
  }

  send(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const length =
      text.length < 126
        ? Buffer.from([text.length | 128])
        : Buffer.from([126 | 128, text.length >> 8, text.length & 255]);
    this.#socket.write(Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), text]));
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async next(condition: (message: any) => boolean): Promise<any> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined && condition(message)) return message;
      if (message === undefined) await new Promise<void>(resolve => (this.#wake = resolve));
    }
  }

  #read(): void {
    if (!this.#open) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#open = true;
      this.#buffer = this.#buffer.subarray(end + 4);
    }
    for (;;) {
      if (this.#buffer.length < 2) return;
      let length = (this.#buffer[1] ?? 0) & 127;
      let start = 2;
      if (length === 126) {
        if (this.#buffer.length < 4) return;
        length = this.#buffer.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (this.#buffer.length < 10) return;
        length = Number(this.#buffer.readBigUInt64BE(2));
        start = 10;
      }
      if (this.#buffer.length < start + length) return;
      const opcode = (this.#buffer[0] ?? 0) & 15;
      const payload = this.#buffer.subarray(start, start + length);
      if (opcode === 1) this.#messages.push(JSON.parse(payload.toString('utf8')));
      this.#buffer = this.#buffer.subarray(start + length);
    }
  }
}
