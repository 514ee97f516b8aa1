/**
 * Whether a value costs the same however many there are to get it, and however many pairs are streamed: the server's CPU
 * time for each delivered value at 20,000 values a second, one trade a frame.
 *
 *     node bench/growth.ts [--rounds 5] [--seconds 4]
 *
 * A regression here means that something grows with subscribers or pairs that should not.
 */
import { parseArgs } from 'node:util';
import { COALESCED, type Contestant, OURS } from './support/contestants.ts';
import { Laboratory } from './support/laboratory.ts';
import { say, spread, summarise, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});

const VALUES_PER_SECOND = 20_000;
const CONTESTANTS = [OURS, COALESCED];
/** With many pairs each broadcast has its own code to warm. */
const WARM_UP_SECONDS = 8;

interface Size {
  readonly subscribers: number;
  readonly pairs: number;
}

async function cost(contestant: Contestant, { subscribers, pairs }: Size, seconds: number): Promise<number> {
  await using laboratory = await Laboratory.open(contestant, pairs);
  await laboratory.subscribe(subscribers);
  const rate = VALUES_PER_SECOND / subscribers;
  await laboratory.run(rate, WARM_UP_SECONDS);
  const { cpuMicroseconds, delivered, expected, disorder } = await laboratory.run(rate, seconds);
  if (delivered !== expected || disorder > 0)
    say(`  ${contestant.name}: ${delivered} of ${expected}, ${disorder}`);
  return cpuMicroseconds;
}

async function compare(what: string, unit: string, sizes: readonly Size[], count: (size: Size) => number) {
  const costs = sizes.map(() => CONTESTANTS.map(() => [] as number[]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [row, size] of sizes.entries()) {
      for (const [column, contestant] of CONTESTANTS.entries()) {
        costs[row]?.[column]?.push(await cost(contestant, size, Number(options.seconds)));
      }
    }
  }
  say(`\n### ${what}\n`);
  say(
    table(
      [unit, ...CONTESTANTS.map(({ name }) => `${name}, CPU µs a value`), 'ratio'],
      sizes.map((size, row) => {
        const summaries = (costs[row] ?? []).map(values => summarise(values));
        const [ours, other] = summaries.map(({ median }) => median);
        return [
          count(size).toLocaleString('en'),
          ...summaries.map(summary => spread(summary)),
          ((ours ?? Number.NaN) / (other ?? Number.NaN)).toFixed(2),
        ];
      }),
    ),
  );
}

await compare(
  'More subscribers of one pair',
  'subscribers',
  [100, 300, 1_000, 3_000, 5_000].map(subscribers => ({ subscribers, pairs: 1 })),
  ({ subscribers }) => subscribers,
);
await compare(
  'More pairs, all of them read by each of 100 subscribers',
  'pairs',
  [1, 10, 100, 1_000].map(pairs => ({ subscribers: 100, pairs })),
  ({ pairs }) => pairs,
);
