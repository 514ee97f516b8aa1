/**
 * What one more subscriber costs: server CPU time, ingest included, for each delivered value. One trade a frame; the load
 * comes from a process of its own over raw sockets, and every subscriber checks that it gets every trade once, in order.
 *
 *     node bench/fan-out.ts [--rounds 5] [--seconds 4] [--only 'part of a name'] [--without 'ws.send,coalesced']
 *
 * A regression here means that fewer people can be served by one core. The goals are written beside the scenarios.
 */
import { parseArgs } from 'node:util';
import {
  COALESCED,
  COALESCED_5_MS,
  type Contestant,
  havePeers,
  MERCURIUS,
  OURS,
  WS_SEND,
  YOGA,
} from './support/contestants.ts';
import { distinctOperations } from './support/distinct.ts';
import { Laboratory, type Measured } from './support/laboratory.ts';
import { say, spread, summarise, table } from './support/report.ts';

interface Scenario {
  readonly name: string;
  readonly subscribers: number;
  /** Trades a second. */
  readonly rate: number;
  readonly contestants: readonly Contestant[];
  /** Whether each subscriber selects something else. */
  readonly distinct?: true;
  /** At most so many times what the other costs. */
  readonly goals: readonly (readonly [Contestant, number])[];
}

const EVERYONE = [OURS, WS_SEND, COALESCED, MERCURIUS, YOGA];

const SCENARIOS: readonly Scenario[] = [
  {
    name: '200 subscribers x 50/s',
    subscribers: 200,
    rate: 50,
    contestants: EVERYONE,
    goals: [[WS_SEND, 1.15]],
  },
  {
    name: '1,000 subscribers x 20/s',
    subscribers: 1_000,
    rate: 20,
    contestants: EVERYONE,
    goals: [
      [WS_SEND, 0.9],
      [COALESCED, 1.1],
      [MERCURIUS, 0.25],
    ],
  },
  {
    name: '200 subscribers x 500/s',
    subscribers: 200,
    rate: 500,
    contestants: [...EVERYONE, COALESCED_5_MS],
    goals: [
      [WS_SEND, 0.4],
      [MERCURIUS, 0.1],
    ],
  },
  {
    name: '1,000 subscribers x 20/s, 1,000 different selections',
    subscribers: 1_000,
    rate: 20,
    distinct: true,
    contestants: [OURS, WS_SEND, MERCURIUS],
    goals: [
      [MERCURIUS, 0.5],
      [WS_SEND, 2],
    ],
  },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    without: { type: 'string', default: '' },
  },
});

/** One server, from its start to its end: warmed up at a brisk rate, then measured. */
async function measure(contestant: Contestant, scenario: Scenario, seconds: number): Promise<Measured> {
  await using laboratory = await Laboratory.open(contestant);
  const { subscribers, rate, distinct } = scenario;
  await laboratory.subscribe(
    subscribers,
    distinct && distinctOperations(contestant, laboratory.symbols, subscribers),
  );
  // A server that can not follow would still be working it off when it is measured.
  const warm = Math.min(400, Math.max(rate, 100_000 / subscribers));
  await laboratory.run(contestant.name.includes('yoga') ? Math.min(warm, rate * 2) : warm, 3);
  const measured = await laboratory.run(rate, seconds);
  if (measured.delivered !== measured.expected || measured.disorder > 0 || measured.trouble.length > 0) {
    const { delivered, expected, disorder, trouble } = measured;
    say(`  ${contestant.name}: ${delivered} of ${expected}, ${disorder} out of order ${trouble.join('; ')}`);
  }
  return measured;
}

for (const scenario of SCENARIOS.filter(({ name }) => name.includes(options.only))) {
  const contestants = scenario.contestants.filter(
    ({ name, needsPeers }) => (havePeers() || !needsPeers) && !options.without.split(',').includes(name),
  );
  const results = new Map(contestants.map(contestant => [contestant, [] as Measured[]]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const contestant of contestants) {
      results.get(contestant)?.push(await measure(contestant, scenario, Number(options.seconds)));
    }
  }
  const cpu = (contestant: Contestant) =>
    summarise((results.get(contestant) ?? []).map(({ cpuMicroseconds }) => cpuMicroseconds));
  const ours = cpu(OURS).median;
  const rows = contestants.map(contestant => {
    const runs = results.get(contestant) ?? [];
    const goal = scenario.goals.find(([other]) => other === contestant)?.[1];
    return [
      contestant.name,
      spread(cpu(contestant)),
      contestant === OURS ? '' : (ours / cpu(contestant).median).toFixed(2),
      goal === undefined ? '' : `≤ ${goal}`,
      summarise(runs.map(({ p50 }) => p50)).median.toFixed(1),
      summarise(runs.map(({ p99 }) => p99)).median.toFixed(1),
      summarise(runs.map(({ residentBytes }) => residentBytes / 2 ** 20)).median.toFixed(0),
    ];
  });
  say(`\n### ${scenario.name}\n`);
  say(table(['server', 'CPU µs a value', 'ours to it', 'goal', 'p50 ms', 'p99 ms', 'memory MiB'], rows));
}
