import type { Client } from 'graphql-ws';
import { silentLogger } from '../../src/lib/logger.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { connect, eventually, query } from './client.ts';
import { everyOperation } from './every-field.ts';
import { type FuzzOptions, type FuzzReport, heapUsed } from './fuzz.ts';
import { HEALTHY, HOSTILE, HostileFrames } from './hostile-frames.ts';
import { startServer, TOKEN, WITH_ACCOUNT } from './server.ts';

/** Frames that are sent before those who read have had their turn. */
const BATCH = 100;
/** Frames between rounds of queries. */
const QUERY_EVERY = 2_000;

/** What a healthy pair has to show, whatever its neighbours do. */
const HEALTHY_STATE = `{
  ticker(symbol: "${HEALTHY}") { bid ask last }
  book(symbol: "${HEALTHY}") { bids { price qty } asks { price qty } checksum }
  trades(symbol: "${HEALTHY}", last: 5) { edges { node { tradeId price } } }
}`;

/**
 * Hostile frames on both connections, while clients over WebSocket and SSE read every field of every channel, and others
 * ask for everything. Nothing may throw, no one may see an internal error, and a healthy pair stays as it is.
 */
export async function fuzzUpstream({ frames: count, seed }: FuzzOptions): Promise<FuzzReport> {
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < 20 && !problems.includes(problem)) problems.push(problem);
  };
  const uncaught = (error: unknown): void => report(`uncaught: ${(error as Error).stack ?? String(error)}`);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const exchange = new Exchange({ tradesPerSecond: 0, replayIntervalMs: 0 });
  await exchange.start();
  const app = await startServer(
    exchange.publicUrl,
    {
      KRAKEN_WS_AUTH_URL: exchange.privateUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      KRAKEN_REST_RATE: '1000',
      ...WITH_ACCOUNT,
    },
    {
      ...silentLogger,
      error(detail, message) {
        const { err } = detail as { err?: Error };
        if (err !== undefined) report(`${message}: ${err.stack}`);
      },
    },
  );
  const readers = new Readers(app.url, report);
  try {
    exchange.trade(HEALTHY);
    const healthy = JSON.stringify((await query(app.url, HEALTHY_STATE)).data);
    await readers.start();
    const before = heapUsed();
    const hostile = new HostileFrames(seededRandom(seed));
    const total = (): number => app.client.getMessageStatistics().total;
    let sent = 0;
    while (sent < count) {
      const from = total();
      for (let index = 0; index < BATCH; index += 1) exchange.broadcast(hostile.next());
      sent += BATCH;
      // One of the two connections may be away.
      await eventually(total, now => now - from >= BATCH);
      if (sent % QUERY_EVERY === 0) await readers.ask();
    }
    exchange.sendInstruments();
    await eventually(
      async () => JSON.stringify((await query(app.url, HEALTHY_STATE)).data),
      state => state === healthy,
    );
    exchange.trade(HEALTHY);
    await eventually(
      async () => JSON.stringify((await query(app.url, HEALTHY_STATE)).data),
      state => state !== healthy,
    );
    if (readers.values === 0) report('no one who read got a value');
    return { frames: sent, heap: [before, heapUsed()], problems };
  } finally {
    readers.stop();
    await app.close();
    await exchange.stop();
    process.off('uncaughtException', uncaught);
    process.off('unhandledRejection', uncaught);
  }
}

const VALUES = {
  symbol: `"${HOSTILE}"`,
  symbols: `["${HOSTILE}", "${HEALTHY}"]`,
  asset: '"BTC"',
  last: '5',
  maxRate: '20',
};

/** Those who read every field of everything: over WebSocket, over SSE, and by queries. */
class Readers {
  readonly #url: string;
  readonly #report: (problem: string) => void;
  readonly #abort = new AbortController();
  readonly #queries = everyOperation('query', VALUES);
  #client: Client | undefined;
  /** Messages with data. */
  values = 0;

  constructor(url: string, report: (problem: string) => void) {
    this.#url = url;
    this.#report = report;
  }

  async start(): Promise<void> {
    this.#client = connect(this.#url, TOKEN);
    const operations = everyOperation('subscription', VALUES);
    for (const text of operations) {
      this.#readBySocket(text);
      this.#readByEvents(text).catch(() => {});
    }
    await eventually(
      () => this.values,
      values => values >= operations.length,
    );
  }

  stop(): void {
    this.#abort.abort();
    this.#client?.terminate();
  }

  async ask(): Promise<void> {
    await Promise.all(
      this.#queries.map(async text =>
        this.#look(text, JSON.stringify(await query(this.#url, text, {}, TOKEN))),
      ),
    );
  }

  #look(operation: string, text: string): void {
    if (text.includes('"data":{')) this.values += 1;
    if (/INTERNAL|Unexpected error/.test(text))
      this.#report(`${operation.slice(0, 80)}: ${text.slice(0, 500)}`);
    if (/GRAPHQL_VALIDATION_FAILED|LIMIT_EXCEEDED|GRAPHQL_PARSE/.test(text))
      this.#report(`the operation itself is refused: ${operation.slice(0, 80)}: ${text.slice(0, 300)}`);
  }

  /** Whoever is told of an error asks once more. */
  #readBySocket(text: string): void {
    const again = (error?: unknown): void => {
      if (error !== undefined) this.#look(text, JSON.stringify(error) ?? String(error));
      if (!this.#abort.signal.aborted) setTimeout(() => this.#readBySocket(text), 100).unref();
    };
    this.#client?.subscribe(
      { query: text },
      { next: value => this.#look(text, JSON.stringify(value)), error: again, complete: again },
    );
  }

  async #readByEvents(text: string): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const response = await fetch(`${this.#url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          authorization: `Bearer ${TOKEN}`,
        },
        body: JSON.stringify({ query: text }),
        signal: this.#abort.signal,
      });
      for await (const chunk of response.body ?? []) this.#look(text, Buffer.from(chunk).toString());
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}
