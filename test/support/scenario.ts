import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import type { Client } from 'graphql-ws';
import type { App } from '../../src/app.ts';
import { SIMULATED_KEY, SIMULATED_SECRET } from '../../src/simulator/account.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { connect, eventually, subscribe, type Values } from './client.ts';
import { TcpProxy } from './proxy.ts';
import { startServer, TOKEN } from './server.ts';

/** Who and what takes part in a scenario of faults. */
export interface Scene {
  readonly exchange: Exchange;
  /** Between the exchange's public channels and the server. */
  readonly upstream: TcpProxy;
  /** Between the server and clients that want the network to misbehave. */
  readonly downstream: TcpProxy;
  readonly app: App;
  readonly url: string;
  readonly witness: Witness;
  readonly random: () => number;
}

const PAIR = 'BTC/USD';
const TRADES = `subscription { trades(symbols: ["${PAIR}"], last: 0) { trades { tradeId price qty } gap { fromTradeId } } }`;

/** A healthy client, which nothing that happens to others may disturb: it has to get every trade once, in order. */
export class Witness {
  readonly #client: Client;
  readonly #values: Values;
  readonly #got: { readonly tradeId: number; readonly price: string; readonly qty: string }[] = [];
  readonly #exchange: Exchange;
  #sockets = 0;
  problems: string[] = [];

  constructor(url: string, exchange: Exchange) {
    this.#exchange = exchange;
    this.#client = connect(url);
    this.#client.on('opened', () => {
      this.#sockets += 1;
    });
    this.#values = subscribe(this.#client, TRADES);
  }

  get tradeIds(): readonly number[] {
    return this.#got.map(({ tradeId }) => tradeId);
  }

  /** Trades until the witness has got one: then its subscription stands, and the feed lives. */
  async standing(): Promise<void> {
    await eventually(
      () => {
        this.#exchange.trade(PAIR);
        this.take();
        return this.#got.length;
      },
      count => count > 0,
    );
  }

  /** Everything that was traded since it got its first trade has come, once, in order, digit for digit. */
  async hasEverything(withinSeconds = 10): Promise<void> {
    const last = this.#truth().at(-1)?.tradeId ?? 0;
    await eventually(
      () => {
        this.take();
        return this.#got.at(-1)?.tradeId ?? 0;
      },
      tradeId => tradeId >= last,
      withinSeconds,
    );
    assert.deepEqual(this.problems, []);
    // The first that is wrong, and no more: a comparison of all of them would print all of them.
    const misplaced = this.#got.find(
      ({ tradeId }, index) => index > 0 && tradeId !== (this.#got[index - 1]?.tradeId ?? 0) + 1,
    );
    assert.equal(misplaced, undefined, 'each once, and in order');
    const truth = new Map(this.#truth().map(trade => [trade.tradeId, trade]));
    const oldest = truth.keys().next().value ?? 0;
    for (const trade of this.#got)
      if (trade.tradeId >= oldest) assert.deepEqual(trade, truth.get(trade.tradeId));
    assert.equal(this.#sockets, 1, 'it never had to reconnect');
  }

  /** What the exchange has, of the latest trades. */
  #truth() {
    return this.#exchange.tradeTexts(PAIR).map(text => ({
      tradeId: Number(/"trade_id":(\d+)/.exec(text)?.[1]),
      price: /"price":([\d.]+)/.exec(text)?.[1],
      qty: /"qty":([\d.]+)/.exec(text)?.[1],
    }));
  }

  async leave(): Promise<void> {
    await this.#values.stop();
    await this.#client.dispose();
  }

  /** Takes what has come. */
  take(): void {
    while (this.#values.waiting > 0) {
      void this.#values.next().then(({ data, errors }) => {
        if (errors !== undefined) this.problems.push(JSON.stringify(errors));
        else if (data.trades.gap !== null) this.problems.push(JSON.stringify(data.trades.gap));
        else this.#got.push(...data.trades.trades);
      });
    }
  }
}

/** A GET on a connection of its own, which is gone afterwards; of the very path that is given, dots and all. */
export function get(url: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { path, agent: false, headers: { connection: 'close' } }, response => {
      let body = '';
      response.on('data', chunk => {
        body += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

export interface ScenarioOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly account?: true;
  readonly seed?: number;
}

/**
 * A fault, told as a test. Whatever happened, afterwards: the process lives, `/ready` tells the truth, the witness has
 * got everything, and nothing is left of anybody else: no connection, subscription, broadcast, socket or timer.
 */
export function scenario(
  name: string,
  body: (scene: Scene) => Promise<void>,
  { environment, account, seed = 1 }: ScenarioOptions = {},
): void {
  test(name, async () => {
    const before = resources();
    const exchange = new Exchange({ tradesPerSecond: 0, seed });
    await exchange.start();
    const upstream = await TcpProxy.to(exchange.port);
    const app = await startServer(`ws://127.0.0.1:${upstream.port}/v2`, {
      KRAKEN_WS_AUTH_URL: exchange.privateUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      KRAKEN_REST_RATE: '1000',
      KRAKEN_SUBSCRIBE_RATE: '100',
      KRAKEN_HEARTBEAT_TIMEOUT_MS: '1500',
      SUBSCRIPTION_LINGER_MS: '0',
      ...(account && {
        KRAKEN_API_KEY: SIMULATED_KEY,
        KRAKEN_API_SECRET: SIMULATED_SECRET,
        ACCESS_TOKEN: TOKEN,
      }),
      ...environment,
    });
    const downstream = await TcpProxy.to(Number(new URL(app.url).port));
    const witness = new Witness(app.url, exchange);
    try {
      await witness.standing();
      await body({
        exchange,
        upstream,
        downstream,
        app,
        url: app.url,
        witness,
        random: seededRandom(seed),
      });
      await recovered(app, exchange, witness);
    } finally {
      await witness.leave();
      await downstream[Symbol.asyncDispose]();
      await app.close();
      await upstream[Symbol.asyncDispose]();
      await exchange.stop();
    }
    await eventually(resources, after => after.sockets <= before.sockets && after.timers <= before.timers);
  });
}

async function recovered(app: App, exchange: Exchange, witness: Witness): Promise<void> {
  assert.equal((await get(app.url, '/health')).status, 200);
  await eventually(
    () => get(app.url, '/ready'),
    ({ status }) => status === 200,
  );
  assert.equal(app.client.isConnected, true);
  for (let count = 0; count < 5; count += 1) exchange.trade(PAIR);
  await witness.hasEverything();
  // What others left behind is nothing: the witness is the only client.
  await eventually(
    async () => {
      const text = (await get(app.url, '/metrics')).body;
      const value = (metric: string): number => Number(new RegExp(`^${metric} (\\d+)$`, 'm').exec(text)?.[1]);
      return ['graphql_connections', 'graphql_subscriptions', 'graphql_broadcasts'].map(value);
    },
    counts => counts.every(count => count === 1),
  );
}

/** What keeps this process busy. */
function resources(): { readonly sockets: number; readonly timers: number } {
  const all = process.getActiveResourcesInfo();
  return {
    sockets: all.filter(name => name.startsWith('TCP')).length,
    timers: all.filter(name => name === 'Timeout').length,
  };
}
