/**
 * The exchange simulator alone: `npm run simulator -- --port 4100 --seed 7`, or with recorded frames:
 * `npm run simulator -- --replay frames.jsonl --interval 50`.
 */
import { SIMULATED_KEY, SIMULATED_SECRET } from './account.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';

/** Runs it as this process, until a signal ends it. */
export async function runSimulator(options: ExchangeOptions): Promise<void> {
  const exchange = await start(options);
  process.stdout.write(
    [
      'Kraken simulator',
      `  KRAKEN_WS_URL=${exchange.publicUrl}`,
      `  KRAKEN_WS_AUTH_URL=${exchange.privateUrl}`,
      `  KRAKEN_REST_URL=${exchange.restUrl}`,
      `  KRAKEN_API_KEY=${SIMULATED_KEY}`,
      `  KRAKEN_API_SECRET=${SIMULATED_SECRET}`,
      `Faults: ${exchange.restUrl}/control/`,
      '',
    ].join('\n'),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void exchange.stop().then(() => process.exit(0)));
  }
}

/** One line is all that a port that is taken, or a recording that cannot be read, gets. */
async function start(options: ExchangeOptions): Promise<Exchange> {
  try {
    const exchange = new Exchange(options);
    await exchange.start();
    return exchange;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
