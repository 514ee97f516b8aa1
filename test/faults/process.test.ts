/** What happens to the process itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { clientFrame, FrameReader } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { run, startBoth } from '../support/processes.ts';
import { get } from '../support/scenario.ts';

const PAIR = 'BTC/USD';

test('a process that stood still for longer than a heartbeat keeps its connection', async context => {
  const { exchange, start } = await startBoth({ KRAKEN_HEARTBEAT_TIMEOUT_MS: '1200' });
  const { server, url } = await start();
  context.after(async () => {
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const client = connect(url);
  await using values = subscribe(client, `subscription { trades(symbols: ["${PAIR}"], last: 1) { cursor } }`);
  await values.next();
  server.signal('SIGSTOP');
  // Frames wait in the kernel meanwhile; two timeouts pass.
  await new Promise(resolve => setTimeout(resolve, 3_000));
  for (let count = 0; count < 20; count += 1) exchange.trade(PAIR);
  server.signal('SIGCONT');
  await values.next();
  const { data } = await query(url, '{ status { public { connected reconnects } } }');
  assert.deepEqual(data.status.public, { connected: true, reconnects: 0 });
  await values.stop();
  await client.dispose();
});

test('a process that was killed is started again, and readers go on after their cursor: each trade once', async context => {
  const { exchange, start } = await startBoth();
  const first = await start();
  context.after(async () => {
    await first.server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const got: number[] = [];
  let cursor: string | undefined;
  const document = `subscription ($after: [String!]) { trades(symbols: ["${PAIR}"], after: $after, last: 1) { cursor gap { fromTradeId } trades { tradeId } } }`;
  const read = async (url: string, untilId: number): Promise<void> => {
    const client = connect(url);
    const values = subscribe(client, document, { after: cursor === undefined ? null : [cursor] });
    while (got.at(-1) !== untilId) {
      const { data } = await values.next();
      assert.equal(data.trades.gap, null);
      cursor = data.trades.cursor;
      got.push(...data.trades.trades.map(({ tradeId }: { tradeId: number }) => tradeId));
    }
    await values.stop();
    await client.dispose();
  };
  const latest = (): number => Number(/"trade_id":(\d+)/.exec(exchange.tradeTexts(PAIR).at(-1) ?? '')?.[1]);
  await read(first.url, latest());
  for (let round = 0; round < 3; round += 1) exchange.trade(PAIR);
  await read(first.url, latest());
  first.server.signal('SIGKILL');
  await first.server.exit();
  // More than a snapshot tells: the rest comes by REST.
  for (let count = 0; count < 300; count += 1) exchange.trade(PAIR);
  const second = await start(String(first.port));
  context.after(() => second.server[Symbol.asyncDispose]());
  await read(second.url, latest());
  const [from = 0] = got;
  assert.deepEqual(
    got,
    Array.from({ length: latest() - from + 1 }, (_, index) => from + index),
  );
});

/** A subscriber as bare as can be, and what it was told at the end. */
class Told {
  completed = false;
  code: number | undefined;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader((opcode, chunk, start, end) => {
      if (opcode === 1 && chunk.toString('utf8', start, end).includes('"type":"complete"'))
        this.completed = true;
      if (opcode !== 8) return;
      this.code = chunk.readUInt16BE(start);
      // The answer that the protocol asks for; masked by zeros.
      socket.end(Buffer.concat([Buffer.from([0x88, 0x82, 0, 0, 0, 0]), chunk.subarray(start, start + 2)]));
    });
    socket.on('data', (bytes: Buffer) => reader.read(bytes));
  }

  static async subscribe(port: number): Promise<Told> {
    const socket = await upgrade(port);
    const told = new Told(socket);
    socket.write(clientFrame('{"type":"connection_init"}'));
    await once(socket, 'data');
    const payload = { query: `subscription { trades(symbols: ["${PAIR}"], last: 1) { cursor } }` };
    socket.write(clientFrame(JSON.stringify({ id: '1', type: 'subscribe', payload })));
    await once(socket, 'data');
    return told;
  }

  get gone(): boolean {
    return this.#socket.destroyed;
  }
}

/** As many as in operation may be reached by `SUBSCRIBERS=5000`. */
const SUBSCRIBERS = Number(process.env['SUBSCRIBERS'] ?? 500);

test(`SIGTERM with ${SUBSCRIBERS} subscribers: each is told, and the exit code is 0 within ten seconds`, async context => {
  const { exchange, start } = await startBoth();
  const { server, port } = await start();
  context.after(async () => {
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const everyone: Told[] = [];
  while (everyone.length < SUBSCRIBERS) {
    everyone.push(...(await Promise.all(Array.from({ length: 50 }, () => Told.subscribe(port)))));
  }
  const startMs = performance.now();
  server.signal('SIGTERM');
  assert.equal(await server.exit(), 0);
  const tookMs = performance.now() - startMs;
  await eventually(
    () => everyone.filter(({ gone }) => gone).length,
    gone => gone === SUBSCRIBERS,
  );
  assert.equal(everyone.filter(({ completed }) => completed).length, 0, 'completed');
  assert.equal(everyone.filter(({ code }) => code === 1001).length, SUBSCRIBERS, 'all closed with 1001');
  assert.ok(tookMs < 10_000);
  context.diagnostic(`took ${Math.round(tookMs)} ms`);
});

test('little memory is enough for readers that do not read', async context => {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const server = run('--max-old-space-size=96', ['src/main.ts'], {
    PORT: '0',
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_REST_URL: exchange.restUrl,
  });
  context.after(async () => {
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const { url, port } = await server.listening();
  const many = Array.from({ length: 60 }, (_, index) => `t${index}: price`).join(' ');
  const text = `subscription { trades(symbols: ["${PAIR}"]) { trades { ${many} } } }`;
  const readers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const told = await upgrade(port);
      told.write(clientFrame('{"type":"connection_init"}'));
      await once(told, 'data');
      told.pause();
      told.write(clientFrame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: text } })));
      return told;
    }),
  );
  await eventually(
    async () => {
      for (let count = 0; count < 300; count += 1) exchange.trade(PAIR);
      return (await query(url, '{ status { clients { slowConsumers } } }')).data.status.clients.slowConsumers;
    },
    slow => slow >= 50,
  );
  assert.equal((await get(url, '/ready')).status, 200);
  for (const reader of readers) reader.destroy();
});
