/**
 * What readers that stop reading do to one that reads: 2,000 trades a second, one reader; then the same beside 100 that
 * have subscribed and take nothing. While the kernel's buffers still take what they do not read, nobody can tell them
 * from readers, and each costs what a reader costs; when these are full, each has to cost nothing, and little memory.
 *
 *     node bench/stopped-readers.ts [--rounds 5] [--seconds 20] [--readers 100]
 *
 * A regression here means that one client can take the market from another, or memory from all.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { OURS } from './support/contestants.ts';
import { clientFrame } from './support/frames.ts';
import { Laboratory, type Measured, operationsOn, queryFor } from './support/laboratory.ts';
import { say, spread, summarise, table } from './support/report.ts';
import { upgrade } from './support/upgrade.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
    readers: { type: 'string', default: '100' },
  },
});

const RATE = 2_000;
const READERS = Number(options.readers);
/** Buffers of the kernel are full within this, or it is said that they were not. */
const FULL_WITHIN_SECONDS = 60;

/** Subscribes as everyone does, and never reads again. */
async function stoppedReader({ server, symbols, contestant }: Laboratory): Promise<Socket> {
  const socket = await upgrade(server.port, contestant.path);
  socket.write(clientFrame('{"type":"connection_init"}'));
  await once(socket, 'data');
  socket.pause();
  // The server drops it in the end.
  socket.on('error', () => socket.destroy());
  for (const { id, query, variables } of operationsOn(symbols, queryFor(contestant))) {
    socket.write(clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })));
  }
  return socket;
}

/** Readers that the server has found to be slow. */
async function slowReaders({ server }: Laboratory): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  return Number(/^graphql_slow_consumers_total (\d+)$/m.exec(text)?.[1]);
}

const PHASES = ['alone', 'while buffers fill', 'when they are full'] as const;
const rounds: (readonly Measured[])[] = [];
for (let round = 0; round < Number(options.rounds); round += 1) {
  await using laboratory = await Laboratory.open(OURS);
  const measure = async (): Promise<Measured> => {
    const measured = await laboratory.run(RATE, Number(options.seconds));
    if (measured.delivered !== measured.expected || measured.disorder > 0) {
      say('  the healthy reader missed some');
    }
    return measured;
  };
  await laboratory.subscribe(1);
  await laboratory.run(RATE, 5);
  const alone = await measure();
  const readers: Socket[] = [];
  while (readers.length < READERS) readers.push(await stoppedReader(laboratory));
  const filling = await measure();
  for (let second = 0; second < FULL_WITHIN_SECONDS; second += 1) {
    if ((await slowReaders(laboratory)) >= READERS) break;
    await laboratory.run(RATE, 1);
  }
  const slow = await slowReaders(laboratory);
  if (slow < READERS) say(`  only ${slow} were found to be slow`);
  rounds.push([alone, filling, await measure()]);
  for (const reader of readers) reader.destroy();
}

const row = (name: string, read: (measured: Measured) => number, digits: number): string[] => [
  name,
  ...PHASES.map((_, phase) => spread(summarise(rounds.map(round => read(round[phase] as Measured))), digits)),
];
say(`\n### ${READERS} readers that do not read, ${RATE.toLocaleString('en')} values a second\n`);
say(
  table(
    ['', ...PHASES],
    [
      row('p50 ms of who reads', ({ p50 }) => p50, 2),
      row('p99 ms of who reads', ({ p99 }) => p99, 2),
      row('memory of the server, MiB', ({ residentBytes }) => residentBytes / 2 ** 20, 0),
      row('of one core, %', ({ cpuShare }) => cpuShare * 100, 0),
    ],
  ),
);
