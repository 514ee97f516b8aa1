/**
 * How much one core delivers: the most values a second that 500 subscribers get with a 99th percentile of at most 100 ms
 * from the exchange's write to the reader's read. The rate rises by a quarter until that does not hold any more. One
 * process is exchange and all subscribers, so a server that is faster than it is not told from one that is as fast.
 *
 *     node bench/capacity.ts [--rounds 5] [--seconds 3]
 *
 * A regression here means that one core serves fewer people, or a busier market to fewer.
 */
import { parseArgs } from 'node:util';
import {
  COALESCED_5_MS,
  type Contestant,
  havePeers,
  MERCURIUS,
  OURS,
  WS_SEND,
  YOGA,
} from './support/contestants.ts';
import { Laboratory, type Measured } from './support/laboratory.ts';
import { say, spread, summarise, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});

const SUBSCRIBERS = 500;
const P99_MS = 100;
const STEP = 1.25;

/** Each with a rate that it surely holds, trades a second. */
const STARTS = new Map<Contestant, number>([
  [OURS, 800],
  [WS_SEND, 100],
  [COALESCED_5_MS, 800],
  [MERCURIUS, 20],
  [YOGA, 16],
]);
/** Ours is at least so many times the other. */
const GOALS = new Map<Contestant, number>([
  [MERCURIUS, 20],
  [WS_SEND, 5],
]);
const GOAL = 1_000_000;

interface Held {
  readonly valuesPerSecond: number;
  readonly run: Measured;
}

function holds(run: Measured): boolean {
  return (
    run.p99 <= P99_MS && run.delivered === run.expected && run.disorder === 0 && run.trouble.length === 0
  );
}

/** The last rate that held. */
async function capacity(contestant: Contestant, start: number, seconds: number): Promise<Held | undefined> {
  await using laboratory = await Laboratory.open(contestant);
  await laboratory.subscribe(SUBSCRIBERS);
  await laboratory.run(start, 3);
  let held: Held | undefined;
  for (let rate = start; ; rate = Math.round(rate * STEP)) {
    const run = await laboratory.run(rate, seconds);
    if (!holds(run)) return held;
    held = { valuesPerSecond: rate * SUBSCRIBERS, run };
  }
}

const results = new Map<Contestant, Held[]>();
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const [contestant, start] of STARTS) {
    if (contestant.needsPeers && !havePeers()) continue;
    const held = await capacity(contestant, start, Number(options.seconds));
    if (held === undefined) say(`  ${contestant.name} did not hold ${start * SUBSCRIBERS} values a second`);
    else results.set(contestant, [...(results.get(contestant) ?? []), held]);
  }
}

const valuesOf = (contestant: Contestant) =>
  summarise((results.get(contestant) ?? []).map(held => held.valuesPerSecond / 1_000));
const ours = valuesOf(OURS).median;
say(`\n### Capacity with ${SUBSCRIBERS} subscribers, p99 of at most ${P99_MS} ms\n`);
say(
  table(
    ['server', 'thousand values a second', 'ours to it', 'goal', 'of one core, %', 'p99 ms'],
    [...results].map(([contestant, held]) => {
      const goal = GOALS.get(contestant);
      return [
        contestant.name,
        spread(valuesOf(contestant), 0),
        contestant === OURS ? '' : (ours / valuesOf(contestant).median).toFixed(1),
        contestant === OURS ? `≥ ${GOAL / 1_000}` : goal === undefined ? '' : `≥ ${goal}`,
        summarise(held.map(({ run }) => run.cpuShare * 100)).median.toFixed(0),
        summarise(held.map(({ run }) => run.p99)).median.toFixed(0),
      ];
    }),
  ),
);
