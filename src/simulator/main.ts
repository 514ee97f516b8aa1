/**
 * The exchange simulator alone: `npm run simulator -- --port 4100 --seed 7`, or with recorded frames:
 * `npm run simulator -- --replay frames.jsonl --interval 50`.
 */
import { parseArgs } from 'node:util';
import { SIMULATED_KEY, SIMULATED_SECRET } from './account.ts';
import { Exchange } from './exchange.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4100' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '20' },
    'book-rate': { type: 'string', default: '40' },
    replay: { type: 'string', multiple: true },
    interval: { type: 'string', default: '100' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function number(name: 'port' | 'seed' | 'rate' | 'book-rate' | 'interval'): number {
  const value = Number(values[name]);
  return value >= 0 && Number.isFinite(value)
    ? value
    : fail(`--${name} ${values[name]} is not valid: it takes a number from 0`);
}

const exchange = new Exchange({
  port: number('port'),
  seed: number('seed'),
  tradesPerSecond: number('rate'),
  bookChangesPerSecond: number('book-rate'),
  replayIntervalMs: number('interval'),
  ...(values.replay && { replay: values.replay }),
});
await exchange.start().catch((error: Error) => fail(error.message));
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
