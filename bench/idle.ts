/**
 * What it costs to keep people connected: memory of the server process for each subscriber with one subscription, and
 * its CPU while nothing is traded. Memory is what the operating system counts (`VmRSS`), before anyone came and after.
 *
 *     node bench/idle.ts [--rounds 5] [--subscribers 10000] [--seconds 10]
 *
 * A regression here means that fewer people fit into one machine.
 */
import { parseArgs } from 'node:util';
import { havePeers, MERCURIUS, OURS, WS_SEND, YOGA } from './support/contestants.ts';
import { Laboratory } from './support/laboratory.ts';
import { say, spread, summarise, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    subscribers: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '10' },
  },
});
const subscribers = Number(options.subscribers);

/** Of yoga's memory, at most. */
const GOAL = 0.7;

const contestants = [OURS, WS_SEND, MERCURIUS, YOGA].filter(({ needsPeers }) => havePeers() || !needsPeers);
const memory = new Map(contestants.map(contestant => [contestant, [] as number[]]));
const cpu = new Map(contestants.map(contestant => [contestant, [] as number[]]));

for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const contestant of contestants) {
    await using laboratory = await Laboratory.open(contestant);
    const before = laboratory.server.residentBytes();
    await laboratory.subscribe(subscribers);
    const idle = await laboratory.rest(Number(options.seconds));
    memory
      .get(contestant)
      ?.push(((laboratory.server.residentBytes() - before) / 2 ** 20 / subscribers) * 10_000);
    cpu.get(contestant)?.push(idle * 100);
  }
}

const yoga = summarise(memory.get(YOGA) ?? []).median;
say(`\n### ${subscribers.toLocaleString('en')} idle subscribers\n`);
say(
  table(
    ['server', 'MiB for 10,000', 'to yoga', 'goal', 'CPU % at rest'],
    contestants.map(contestant => {
      const held = summarise(memory.get(contestant) ?? []);
      return [
        contestant.name,
        spread(held, 0),
        (held.median / yoga).toFixed(2),
        contestant === OURS ? `≤ ${GOAL}` : '',
        spread(summarise(cpu.get(contestant) ?? []), 1),
      ];
    }),
  ),
);
