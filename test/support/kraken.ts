import type { KrakenWebSocketConfig } from '../../src/client/config.ts';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { SIMULATED_KEY, SIMULATED_SECRET } from '../../src/simulator/account.ts';
import { Exchange, type ExchangeOptions } from '../../src/simulator/exchange.ts';

/** The library and the exchange that it is connected to, in this process, on real sockets. */
export interface Library extends AsyncDisposable {
  readonly exchange: Exchange;
  readonly kraken: KrakenWebSocketV2;
}

/** A client of this exchange, in more of a hurry than one of the real exchange may be. */
export function clientOf(
  exchange: Exchange,
  config: Partial<KrakenWebSocketConfig> = {},
  key: 'with key' | 'without key' = 'without key',
): KrakenWebSocketV2 {
  const [apiKey, apiSecret] = key === 'with key' ? [SIMULATED_KEY, SIMULATED_SECRET] : [];
  return new KrakenWebSocketV2(apiKey, apiSecret, {
    publicUrl: exchange.publicUrl,
    privateUrl: exchange.privateUrl,
    restUrl: exchange.restUrl,
    reconnectDelayMs: 20,
    reconnectMaxDelayMs: 100,
    subscribeRate: 100,
    restRate: 1_000,
    ...config,
  });
}

/** Starts both. The exchange trades only when a test makes it; the client connects when the test says so. */
export async function startLibrary(
  options: ExchangeOptions & {
    readonly key?: 'with key';
    readonly config?: Partial<KrakenWebSocketConfig>;
  } = {},
): Promise<Library> {
  const { key, config, ...rest } = options;
  const exchange = new Exchange({ tradesPerSecond: 0, ...rest });
  await exchange.start();
  const kraken = clientOf(exchange, config, key);
  return {
    exchange,
    kraken,
    async [Symbol.asyncDispose]() {
      kraken.disconnect();
      await exchange.stop();
    },
  };
}
