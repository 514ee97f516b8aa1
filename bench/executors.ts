/**
 * What one delivered value costs to execute and serialise: graphql-js as it comes, graphql-js with arguments and
 * variables prepared once, and the writer of `src/graphql/selection.ts`; each for a small and a full ticker selection.
 * Ratios within one run.
 *
 * A regression here means that every distinct subscription became dearer, however few subscribers it has.
 */
import { execute, parse, validateSubscriptionArgs } from 'graphql';
import { Executor, interpreted } from '../src/graphql/execution.ts';
import { createSchema } from '../src/graphql/schema.ts';
import { decode } from '../src/kraken/decode.ts';
import type { PairSymbol } from '../src/kraken/symbols.ts';
import { TickerUpdate } from '../src/market/ticker.ts';
import { summarise } from './support/report.ts';

const schema = createSchema(text => text as PairSymbol);
const frame = decode(
  '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":83744.2,"bid_qty":0.56251979,"ask":83744.3,"ask_qty":0.00044780,"last":83744.3,"volume":3156.84782110,"vwap":84174.6,"low":83163.6,"high":85247.4,"change":-429.3,"change_pct":-0.51,"trades":135262,"timestamp":"2026-09-25T17:48:26.844359Z"}]}',
);
if (frame.kind !== 'ticker' || frame.data[0] === undefined) throw new Error('the frame is a ticker');
const event = new TickerUpdate(frame.data[0], Date.now());
const contextValue = {
  services: { client: { feedState: () => 'LIVE' }, clock: { now: () => Date.now() } },
};

const SELECTIONS = {
  small: 'symbol bid ask last',
  full: 'symbol bid bidQty ask askQty last volume vwap low high change changePct tradeCount timestamp freshness { receivedAt ageMs stale state }',
};
const ROUNDS = 7;
const TARGET_MS = 200;

function time(run: () => unknown): number {
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < TARGET_MS) {
    for (let index = 0; index < 100; index += 1) run();
    count += 100;
  }
  return ((performance.now() - start) * 1000) / count;
}

for (const symbols of [1, 100]) {
  for (const [name, selection] of Object.entries(SELECTIONS)) {
    const document = parse(
      `subscription S($symbols: [Symbol!]!) { ticker(symbols: $symbols) { ${selection} } }`,
    );
    const variableValues = { symbols: Array.from({ length: symbols }, (_, index) => `COIN${index}/USD`) };
    const operation = { schema, document, operationName: 'S', variableValues, contextValue };
    const validated = validateSubscriptionArgs(operation);
    if (!('operation' in validated)) throw new Error('the document is valid');
    const write = new Executor(schema).prepare(operation, validated.variableValues, () => {
      throw new Error('all of it is written');
    });
    const executeEvent = interpreted(operation);
    const candidates = {
      'graphql-js execute': () => JSON.stringify(execute({ ...operation, rootValue: event })),
      'graphql-js prepared': () => JSON.stringify(executeEvent(event)),
      writer: () => write(event),
    };
    const samples = new Map(Object.keys(candidates).map(key => [key, [] as number[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [key, run] of Object.entries(candidates)) {
        samples.get(key)?.push(time(run));
      }
    }
    const base = summarise(samples.get('writer') ?? []).median;
    process.stdout.write(`\n${name} selection, ${symbols} symbols in the variables\n`);
    for (const [key, values] of samples) {
      const value = summarise(values).median;
      process.stdout.write(
        `  ${key.padEnd(22)} ${value.toFixed(2).padStart(8)} µs  ${(value / base).toFixed(2)} x\n`,
      );
    }
  }
}
