import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, subscribe, type Values } from './client.ts';
import { type Program, run } from './processes.ts';
import { get, Witness } from './scenario.ts';

const PAIR = 'BTC/USD';
const TICKER = `subscription { ticker(symbols: ["${PAIR}"]) { last tradeCount } }`;
const TRADE_EVERY_MS = 25;

/** How a bystander was served over a stretch of time. */
export interface Service {
  /** Trades that were made. */
  readonly made: number;
  /** Of these, the share after which a value of the ticker came. */
  readonly share: number;
  /** From a trade to the value that tells of it, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * A server that is a process of its own, with an exchange that trades, a witness that has to get each trade once and in
 * order, and a bystander whose values are timed.
 */
export class Stand implements AsyncDisposable {
  readonly exchange: Exchange;
  readonly server: Program;
  readonly url: string;
  readonly witness: Witness;
  readonly #client: Client;
  readonly #ticker: Values;
  readonly #flow: NodeJS.Timeout;
  /** When each trade was made, by how many there were then. */
  readonly #madeAt = new Map<number, number>();
  #made = 0;
  #latenciesMs: number[] = [];
  #seen = 0;

  private constructor(exchange: Exchange, server: Program, url: string) {
    this.exchange = exchange;
    this.server = server;
    this.url = url;
    this.witness = new Witness(url, exchange);
    this.#client = connect(url);
    this.#ticker = subscribe(this.#client, TICKER);
    this.#flow = setInterval(() => this.#trade(), TRADE_EVERY_MS);
    void this.#follow();
  }

  /** @param flags of Node */
  static async start(
    environment: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Promise<Stand> {
    const exchange = new Exchange({ tradesPerSecond: 0 });
    await exchange.start();
    const server = run(
      flags[0] ?? 'src/main.ts',
      flags.length > 0 ? [...flags.slice(1), 'src/main.ts'] : [],
      {
        PORT: '0',
        KRAKEN_WS_URL: exchange.publicUrl,
        KRAKEN_WS_AUTH_URL: exchange.privateUrl,
        KRAKEN_REST_URL: exchange.restUrl,
        KRAKEN_REST_RATE: '1000',
        KRAKEN_SUBSCRIBE_RATE: '100',
        LOG_LEVEL: 'info',
        ...environment,
      },
    );
    const { url } = await server.listening();
    const stand = new Stand(exchange, server, url);
    await stand.witness.standing();
    await eventually(
      () => stand.#latenciesMs.length,
      count => count > 0,
    );
    return stand;
  }

  /** Lets time pass, and tells how the bystander was served in it. */
  async serve(seconds: number): Promise<Service> {
    const before = this.#made;
    this.#latenciesMs = [];
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) {
      await delay(50);
      this.witness.take();
    }
    const made = this.#made - before;
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    const quantile = (share: number): number =>
      Math.round(
        (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10,
      ) / 10;
    return {
      made,
      share: Math.round((1_000 * sorted.length) / made) / 1_000,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    };
  }

  /** A figure of the server, summed over its labels. */
  async metric(name: string): Promise<number> {
    const { body } = await get(this.url, '/metrics');
    let sum = 0;
    for (const [, value] of body.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+-]+)$`, 'gm')))
      sum += Number(value);
    return sum;
  }

  async memoryMiB(): Promise<number> {
    return Math.round((await this.metric('process_resident_memory_bytes')) / 2 ** 20);
  }

  #trade(): void {
    this.#made += 1;
    this.exchange.trade(PAIR);
    const count = Number(/"trades":(\d+)/.exec(this.exchange.tickerText(PAIR))?.[1]);
    this.#madeAt.set(count, performance.now());
  }

  async #follow(): Promise<void> {
    for (;;) {
      let value: Awaited<ReturnType<Values['next']>>;
      try {
        value = await this.#ticker.next();
      } catch {
        if (this.#ticker.ended) return;
        continue;
      }
      const nowMs = performance.now();
      const count = Number(value.data?.ticker.tradeCount);
      // A value tells of every trade up to its own.
      for (const [made, atMs] of this.#madeAt) {
        if (made > count) continue;
        this.#madeAt.delete(made);
        this.#latenciesMs.push(nowMs - atMs);
      }
      this.#seen = Math.max(this.#seen, count);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#flow);
    await this.#ticker.stop();
    await this.#client.dispose();
    await this.witness.leave();
    await this.server[Symbol.asyncDispose]();
    await this.exchange.stop();
  }
}
