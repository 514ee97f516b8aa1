/**
 * The exchange simulator alone: `npm run simulator -- --port 4100 --seed 7`, or with recorded frames:
 * `npm run simulator -- --replay frames.jsonl --interval 50`.
 */
import { parseArgs } from 'node:util';
import { Exchange } from './exchange.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4100' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '20' },
    replay: { type: 'string', multiple: true },
    interval: { type: 'string', default: '100' },
  },
});

const exchange = new Exchange({
  port: Number(values.port),
  seed: Number(values.seed),
  tradesPerSecond: Number(values.rate),
  replayIntervalMs: Number(values.interval),
  ...(values.replay && { replay: values.replay }),
});
await exchange.start();
process.stdout.write(
  [
    'Kraken simulator',
    `  KRAKEN_WS_URL=${exchange.publicUrl}`,
    `  KRAKEN_WS_AUTH_URL=${exchange.privateUrl}`,
    `  KRAKEN_REST_URL=${exchange.restUrl}`,
    '',
  ].join('\n'),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void exchange.stop().then(() => process.exit(0)));
}
