import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import { SIMULATED_KEY, SIMULATED_SECRET } from '../../src/simulator/account.ts';
import { Exchange, type ExchangeOptions } from '../../src/simulator/exchange.ts';

/** A server and the exchange that it is connected to, in this process, on real sockets. */
export interface Pair extends AsyncDisposable {
  readonly exchange: Exchange;
  readonly app: App;
  readonly url: string;
}

/** What makes a server one with balances, and the token that grants them. */
export const TOKEN = 'a-token-for-tests-only';
export const WITH_ACCOUNT = {
  KRAKEN_API_KEY: SIMULATED_KEY,
  KRAKEN_API_SECRET: SIMULATED_SECRET,
  ACCESS_TOKEN: TOKEN,
} as const;

/** What servers of this process keep; gone with it. */
export const DATA_DIR = mkdtempSync(join(tmpdir(), 'kraken-graphql-test-'));
process.on('exit', () => rmSync(DATA_DIR, { recursive: true, force: true }));

/** Starts both. The exchange trades only when a test makes it. */
export async function start(
  options: ExchangeOptions = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Pair> {
  const exchange = new Exchange({ tradesPerSecond: 0, replayIntervalMs: 0, ...options });
  await exchange.start();
  const app = await startServer(exchange.publicUrl, {
    KRAKEN_WS_AUTH_URL: exchange.privateUrl,
    KRAKEN_REST_URL: exchange.restUrl,
    KRAKEN_REST_RATE: '1000',
    ...environment,
  });
  return {
    exchange,
    app,
    url: app.url,
    async [Symbol.asyncDispose]() {
      await app.close();
      await exchange.stop();
    },
  };
}

export function startServer(
  krakenWsUrl: string,
  environment: Readonly<Record<string, string>> = {},
  logger: Logger = silentLogger,
): Promise<App> {
  const config = readConfig({
    PORT: '0',
    DATA_DIR,
    KRAKEN_WS_URL: krakenWsUrl,
    KRAKEN_RECONNECT_DELAY_MS: '20',
    KRAKEN_RECONNECT_MAX_DELAY_MS: '100',
    ...environment,
  });
  return createApp({ config, logger });
}
