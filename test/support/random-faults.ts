import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { clientFrame } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { connect, eventually, subscribe } from './client.ts';
import { BOOK_UPDATES, type BookEventResult, Mirror } from './mirror.ts';
import { run } from './processes.ts';
import { TcpProxy } from './proxy.ts';
import { get, Witness } from './scenario.ts';

/** What a server went through, and what came of it. */
export interface FaultsReport {
  readonly minutes: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Delivered to the witness: each once, in order. */
  readonly trades: number;
  /** Applied by the mirrors, each verified. */
  readonly bookSteps: number;
  readonly checksumFailures: number;
  readonly reconnects: number;
  /** Resident memory of the server's process, MiB. */
  readonly memory: { readonly warm: number; readonly end: number; readonly most: number };
  readonly problems: readonly string[];
}

const PAIR = 'BTC/USD';
const DEPTHS = [10, 25, 100];
/**
 * Faults that cost a connection. Kraken allows 150 attempts in ten minutes, and the server keeps below that: while it is
 * refused for a second and a half it uses five.
 */
const BREAKING: ReadonlySet<string> = new Set(['reset', 'close', 'halfOpen', 'refusing', 'latency']);
const BREAKING_APART_MS = 20_000;
/** After `Exceeded msg rate` nothing is asked for, and after wrong checksums no book: each for 30 s at the most. */
const RECOVERED_WITHIN_SECONDS = 90;

/**
 * Random faults of the exchange, the network and of clients, one after the other, against a server that is a process of
 * its own. All the while trades are read by one who has to get each of them once and in order, and books by mirrors that
 * verify every step.
 */
export async function randomFaults({
  minutes,
  seed,
}: {
  minutes: number;
  seed: number;
}): Promise<FaultsReport> {
  const random = seededRandom(seed);
  const exchange = new Exchange({ tradesPerSecond: 10, seed });
  await exchange.start();
  await using proxy = await TcpProxy.to(exchange.port);
  await using server = run('src/main.ts', [], {
    PORT: '0',
    KRAKEN_WS_URL: `ws://127.0.0.1:${proxy.port}/v2`,
    KRAKEN_REST_URL: exchange.restUrl,
    KRAKEN_REST_RATE: '100',
    KRAKEN_SUBSCRIBE_RATE: '50',
    KRAKEN_RECONNECT_DELAY_MS: '100',
    KRAKEN_RECONNECT_MAX_DELAY_MS: '1000',
    KRAKEN_HEARTBEAT_TIMEOUT_MS: '1500',
  });
  const { url, port } = await server.listening();
  const witness = new Witness(url, exchange);
  await witness.standing();
  const flow = setInterval(() => exchange.trade(PAIR), 25);
  const client = connect(url);
  const mirrors = DEPTHS.map(depth => ({
    mirror: new Mirror(depth),
    values: subscribe(client, BOOK_UPDATES, { symbols: [PAIR], depth }),
  }));
  const follow = async (): Promise<void> => {
    for (const { mirror, values } of mirrors) {
      while (values.waiting > 0) mirror.apply((await values.next()).data.bookUpdates as BookEventResult);
    }
    witness.take();
  };
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec((await get(url, '/metrics')).body)?.[1]);
  const memoryMiB = async (): Promise<number> =>
    Math.round((await metric('process_resident_memory_bytes')) / 2 ** 20);

  /** Each as often as any other; each ends by itself. */
  const faults: Readonly<Record<string, () => void | Promise<void>>> = {
    reset: () => proxy.reset(),
    close: () => exchange.dropAll((['fin', 'rst', 'end'] as const)[Math.floor(random() * 3)]),
    halfOpen: async () => {
      proxy.weather.blackhole = true;
      await delay(500 + random() * 2_500);
      proxy.weather.blackhole = false;
      proxy.reset();
    },
    refusing: async () => {
      proxy.weather.refusing = true;
      proxy.reset();
      await delay(random() * 1_500);
      proxy.weather.refusing = false;
    },
    latency: async () => {
      proxy.weather.latencyMs = 50 + random() * 400;
      await delay(1_000);
      proxy.weather.latencyMs = 0;
      // What was late and what is not would overtake each other, as bytes of one connection never do.
      proxy.reset();
    },
    checksums: async () => {
      exchange.faults.corruptBooksWhen(() => random() < 0.2);
      await delay(300);
      exchange.faults.corruptBooksWhen(undefined);
    },
    skippedBook: () => exchange.faults.skipBook(PAIR),
    lostTrades: () => exchange.faults.loseTrades(1 + Math.floor(random() * 3)),
    doubledTrades: () => exchange.faults.duplicateTrades(2),
    lateTrades: () => exchange.faults.delayTrades(2),
    restFails: async () => {
      exchange.faults.failRest(1 + Math.floor(random() * 2), random() < 0.5 ? 'html' : 'EService:Busy');
      await delay(1_000);
      exchange.faults.forgive();
    },
    rateLimit: async () => {
      exchange.faults.limitRate(1);
      await delay(1_000);
      exchange.faults.forgive();
    },
    nonsense: () =>
      ['{', '[]', '{"channel":"book"}', '\u0000'].forEach(text => void exchange.broadcast(text)),
    maintenance: async () => {
      exchange.setSystem('maintenance');
      await delay(200);
      exchange.setSystem('online');
    },
    burst: () => {
      for (let count = 0; count < 300; count += 1) exchange.trade(PAIR);
    },
    churn: async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => subscriber(port)));
      for (const socket of clients) random() < 0.5 ? socket.resetAndDestroy() : socket.destroy();
    },
    stoppedReader: async () => {
      const socket = await subscriber(port);
      socket.pause();
      for (let count = 0; count < 200; count += 1) exchange.trade(PAIR);
      await delay(1_000);
      socket.destroy();
    },
  };
  const names = Object.keys(faults);
  let brokeMs = Number.NEGATIVE_INFINITY;
  const counts: Record<string, number> = Object.fromEntries(names.map(name => [name, 0]));
  const problems: string[] = [];
  const endMs = performance.now() + minutes * 60_000;
  const samples: number[] = [];
  let sampledMs = Number.NEGATIVE_INFINITY;
  while (performance.now() < endMs) {
    const name = names[Math.floor(random() * names.length)] ?? '';
    if (BREAKING.has(name)) {
      if (performance.now() - brokeMs < BREAKING_APART_MS) continue;
      brokeMs = performance.now();
    }
    counts[name] = (counts[name] ?? 0) + 1;
    await faults[name]?.();
    await delay(random() * 1_500);
    await follow();
    if (performance.now() - sampledMs > 15_000) {
      sampledMs = performance.now();
      samples.push(await memoryMiB());
    }
  }

  clearInterval(flow);
  /** What does not come right is told with what the server said last. */
  const failed = (error: unknown): void =>
    void problems.push(`${error}\n${server.output.split('\n').slice(-20).join('\n')}`);
  await eventually(
    () => get(url, '/ready'),
    ({ status }) => status === 200,
    RECOVERED_WITHIN_SECONDS,
  ).catch(failed);
  await witness.hasEverything(RECOVERED_WITHIN_SECONDS).catch(failed);
  exchange.trade(PAIR);
  await eventually(
    async () => {
      await follow();
      const checksum = /"checksum":(\d+)/.exec(JSON.stringify(exchange.bookRow(PAIR, 10)))?.[1];
      return mirrors.filter(({ mirror }) => !mirror.stale && String(mirror.checksum) === checksum).length;
    },
    right => right === mirrors.length,
    RECOVERED_WITHIN_SECONDS,
  ).catch(failed);
  for (const { mirror, values } of mirrors) {
    problems.push(...mirror.problems);
    await values.stop();
  }
  const report: FaultsReport = {
    minutes,
    faults: counts,
    trades: witness.tradeIds.length,
    bookSteps: mirrors.reduce((sum, { mirror }) => sum + mirror.deltas, 0),
    checksumFailures: await metric('kraken_book_checksum_failures_total'),
    reconnects: await metric('kraken_reconnects_total\\{connection="public"\\}'),
    memory: {
      warm: samples[Math.floor(samples.length / 5)] ?? 0,
      end: await memoryMiB(),
      most: Math.max(...samples),
    },
    problems,
  };
  await witness.leave();
  await client.dispose();
  server.signal('SIGTERM');
  if ((await server.exit()) !== 0) problems.push('the server did not end well');
  await exchange.stop();
  return report;
}

/** One that subscribes to trades and books, and is read by nobody in particular. */
async function subscriber(port: number) {
  const socket = await upgrade(port);
  socket.write(clientFrame('{"type":"connection_init"}'));
  await once(socket, 'data');
  socket.resume();
  const queries = [
    `subscription { trades(symbols: ["${PAIR}"]) { trades { price qty } } }`,
    `subscription { bookUpdates(symbols: ["${PAIR}"]) { __typename } }`,
  ];
  for (const [id, query] of queries.entries()) {
    socket.write(clientFrame(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query } })));
  }
  return socket;
}
