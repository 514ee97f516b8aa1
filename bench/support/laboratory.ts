import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Contestant } from './contestants.ts';
import type { Command, Run } from './load.ts';
import { Server } from './server.ts';
import type { Operation } from './subscriber.ts';

/** What everyone subscribes to unless a scenario says otherwise. */
const TRADES =
  'subscription Trades($symbols: [Symbol!]!) { trades(symbols: $symbols) { trades { symbol tradeId side price qty timestamp } } }';

/** The type of the argument is a name in our schema, and a plain string in the peers'. */
export function queryFor({ file }: Contestant, query = TRADES): string {
  return file.includes('/peers/') ? query.replaceAll('Symbol!', 'String!') : query;
}

/** Pairs that one operation names: with the trades that it begins with, more would cost more than one may. */
const SYMBOLS_PER_OPERATION = 50;

/** Operations of one subscriber: as many as it takes to name every pair. */
export function operationsOn(symbols: readonly string[], query: string): readonly Operation[] {
  const operations: Operation[] = [];
  for (let first = 0; first < symbols.length; first += SYMBOLS_PER_OPERATION) {
    const variables = { symbols: symbols.slice(first, first + SYMBOLS_PER_OPERATION) };
    // As graphql-ws's client names them.
    operations.push({ id: randomUUID(), query, variables });
  }
  return operations;
}

export interface Measured extends Run {
  /** Of the server process, for each delivered value. */
  readonly cpuMicroseconds: number;
  readonly cpuShare: number;
  readonly residentBytes: number;
}

/** One server under test, and a load process that is both its exchange and its subscribers. */
export class Laboratory implements AsyncDisposable {
  readonly #load: ChildProcess;
  readonly #server: Server;
  readonly symbols: readonly string[];
  readonly contestant: Contestant;

  private constructor(
    load: ChildProcess,
    server: Server,
    symbols: readonly string[],
    contestant: Contestant,
  ) {
    this.#load = load;
    this.#server = server;
    this.symbols = symbols;
    this.contestant = contestant;
  }

  static async open(contestant: Contestant, pairs = 1, flags: readonly string[] = []): Promise<Laboratory> {
    const load = fork(new URL('load.ts', import.meta.url), { stdio: 'inherit' });
    try {
      const { url, symbols } = await tell<{ url: string; symbols: string[] }>(load, { kind: 'start', pairs });
      const server = await Server.start(contestant, url, symbols, flags);
      return new Laboratory(load, server, symbols, contestant);
    } catch (error) {
      load.disconnect();
      throw error;
    }
  }

  get server(): Server {
    return this.#server;
  }

  /** Connects subscribers. @param operations of the n-th of them, over and over */
  async subscribe(
    subscribers: number,
    operations: readonly (readonly Operation[])[] = this.#usual(subscribers),
  ): Promise<void> {
    const { path } = this.contestant;
    await tell(this.#load, { kind: 'open', port: this.#server.port, path, subscribers, operations });
  }

  /** Each subscriber with an id of its own, as real clients have. */
  #usual(subscribers: number): readonly (readonly Operation[])[] {
    const query = queryFor(this.contestant);
    return Array.from({ length: subscribers }, () => operationsOn(this.symbols, query));
  }

  /** Trades for some seconds at a rate, until all are delivered. */
  async run(rate: number, seconds: number): Promise<Measured> {
    const cpuBefore = this.#server.cpuMicroseconds();
    const startMs = performance.now();
    const run = await tell<Run>(this.#load, { kind: 'run', rate, seconds });
    const cpu = this.#server.cpuMicroseconds() - cpuBefore;
    return {
      ...run,
      cpuMicroseconds: cpu / Math.max(1, run.delivered),
      cpuShare: cpu / 1_000 / (performance.now() - startMs),
      residentBytes: this.#server.residentBytes(),
    };
  }

  /** Nothing happens for some seconds. Returns the share of a core that the server uses for that. */
  async rest(seconds: number): Promise<number> {
    const before = this.#server.cpuMicroseconds();
    const startMs = performance.now();
    await setTimeout(seconds * 1_000);
    return (this.#server.cpuMicroseconds() - before) / 1_000 / (performance.now() - startMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    this.#load.disconnect();
  }
}

function tell<Answer>(load: ChildProcess, command: Command): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the load process ended with ${code}`));
    load.once('exit', onExit);
    load.once('message', (message: { answer?: Answer; error?: string }) => {
      load.removeListener('exit', onExit);
      if (message.error !== undefined) reject(new Error(message.error));
      else resolve(message.answer as Answer);
    });
    load.send(command);
  });
}
