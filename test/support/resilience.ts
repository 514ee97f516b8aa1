import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { clientFrame } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, subscribe } from './client.ts';
import { run } from './processes.ts';
import { TcpProxy } from './proxy.ts';
import { get } from './scenario.ts';

const TICKER = 'subscription { ticker(symbols: ["BTC/USD"]) { bid freshness { stale } } }';
/** A connection that held this long is stable, so that its loss is met by the first and shortest wait. */
const STABLE_MS = 10_500;

export interface RecoveryReport {
  readonly samples: number;
  /** From the reset to the first value that is fresh again, milliseconds. */
  readonly recovery: { readonly p50: number; readonly p99: number; readonly most: number };
  /** From the moment that nothing arrives any more to the first value that is marked stale, milliseconds. */
  readonly halfOpenNoticed: { readonly p50: number; readonly most: number };
  readonly problems: readonly string[];
}

/** How long readers wait for a fresh value after the connection to the exchange was reset, with the defaults of all settings. */
export async function recoveryTimes(options: { servers: number; resets: number }): Promise<RecoveryReport> {
  const recovery: number[] = [];
  const noticed: number[] = [];
  const one = async (): Promise<void> => {
    const exchange = new Exchange({ tradesPerSecond: 0 });
    await exchange.start();
    await using proxy = await TcpProxy.to(exchange.port);
    await using server = run('src/main.ts', [], {
      PORT: '0',
      KRAKEN_WS_URL: `ws://127.0.0.1:${proxy.port}/v2`,
      KRAKEN_REST_URL: exchange.restUrl,
    });
    const { url } = await server.listening();
    const client = connect(url);
    const values = subscribe(client, TICKER);
    const flow = setInterval(() => exchange.trade('BTC/USD'), 20);
    const until = (stale: boolean) => values.until(({ data }) => data?.ticker.freshness.stale === stale);
    await until(false);
    for (let reset = 0; reset < options.resets; reset += 1) {
      await delay(STABLE_MS + Math.random() * 1_000);
      const fromMs = performance.now();
      proxy.reset();
      await until(true);
      await until(false);
      recovery.push(performance.now() - fromMs);
    }
    await delay(1_000 + Math.random() * 1_000);
    const fromMs = performance.now();
    proxy.weather.blackhole = true;
    await until(true);
    noticed.push(performance.now() - fromMs);
    clearInterval(flow);
    await values.stop();
    await client.dispose();
    await exchange.stop();
  };
  await Promise.all(Array.from({ length: options.servers }, one));
  return {
    samples: recovery.length,
    recovery: { p50: quantile(recovery, 0.5), p99: quantile(recovery, 0.99), most: quantile(recovery, 1) },
    halfOpenNoticed: { p50: quantile(noticed, 0.5), most: quantile(noticed, 1) },
    problems: [],
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
}

export interface ChurnReport {
  readonly cycles: number;
  /** Resident memory of the server's process, MiB: after a quarter of the cycles, and after all. */
  readonly memory: readonly [number, number];
  /** Connections, subscriptions and broadcasts that are left. */
  readonly left: readonly number[];
  readonly problems: readonly string[];
}

const SUBSCRIBE = clientFrame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: TICKER } }));

/** Clients that connect, subscribe and go, some of them rudely, over and over. */
export async function churn({ cycles }: { cycles: number }): Promise<ChurnReport> {
  const exchange = new Exchange({ tradesPerSecond: 50 });
  await exchange.start();
  await using server = run('src/main.ts', [], {
    PORT: '0',
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_REST_URL: exchange.restUrl,
  });
  const { url, port } = await server.listening();
  let done = 0;
  const cycle = async (): Promise<void> => {
    const socket = await upgrade(port);
    socket.resume();
    socket.write(clientFrame('{"type":"connection_init"}'));
    await once(socket, 'data');
    socket.write(SUBSCRIBE);
    await once(socket, 'data');
    if (done % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
    done += 1;
  };
  const until = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 40 }, async () => {
        while (done < count) await cycle();
      }),
    );
  const look = async (): Promise<{ memory: number; left: number[] }> => {
    const text = (await get(url, '/metrics')).body;
    const value = (name: string): number => Number(new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec(text)?.[1]);
    return {
      memory: Math.round(value('process_resident_memory_bytes') / 2 ** 20),
      left: ['graphql_connections', 'graphql_subscriptions', 'graphql_broadcasts'].map(value),
    };
  };
  await until(cycles / 4);
  await delay(2_000);
  const warm = await look();
  await until(cycles);
  const { memory, left } = await eventually(look, ({ left }) => left.every(count => count === 0));
  await exchange.stop();
  const problems = memory > warm.memory * 1.1 ? [`memory went from ${warm.memory} to ${memory} MiB`] : [];
  return { cycles: done, memory: [warm.memory, memory], left, problems };
}
