/**
 * What readers that stop reading do to one that reads: 2,000 trades a second, one reader; then the same beside 100 that
 * have subscribed and take nothing. Its latency, and the memory of the server's process, in both.
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

/** Subscribes as everyone does, and never reads again. */
async function stoppedReader({ server, symbols, contestant }: Laboratory): Promise<Socket> {
  const socket = await upgrade(server.port, contestant.path);
  socket.write(clientFrame('{"type":"connection_init"}'));
  await once(socket, 'data');
  socket.pause();
  for (const { id, query, variables } of operationsOn(symbols, queryFor(contestant))) {
    socket.write(clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })));
  }
  return socket;
}

const rounds: { readonly alone: Measured; readonly beside: Measured }[] = [];
for (let round = 0; round < Number(options.rounds); round += 1) {
  await using laboratory = await Laboratory.open(OURS);
  await laboratory.subscribe(1);
  await laboratory.run(RATE, 5);
  const alone = await laboratory.run(RATE, Number(options.seconds));
  const readers: Socket[] = [];
  while (readers.length < Number(options.readers)) readers.push(await stoppedReader(laboratory));
  const beside = await laboratory.run(RATE, Number(options.seconds));
  for (const reader of readers) reader.destroy();
  rounds.push({ alone, beside });
  if (beside.delivered !== beside.expected || beside.disorder > 0) say('  the healthy reader missed some');
}

const row = (
  name: string,
  read: (round: (typeof rounds)[number]) => readonly [number, number],
  digits: number,
) => {
  const [before, after] = [0, 1].map(index => summarise(rounds.map(round => read(round)[index] as number)));
  return [name, ...[before, after].map(summary => (summary === undefined ? '' : spread(summary, digits)))];
};
say(`\n### ${options.readers} readers that do not read, ${RATE.toLocaleString('en')} values a second\n`);
say(
  table(
    ['', 'alone', 'beside them'],
    [
      row('p50 ms of who reads', ({ alone, beside }) => [alone.p50, beside.p50], 2),
      row('p99 ms of who reads', ({ alone, beside }) => [alone.p99, beside.p99], 2),
      row(
        'memory of the server, MiB',
        ({ alone, beside }) => [alone.residentBytes / 2 ** 20, beside.residentBytes / 2 ** 20],
        0,
      ),
    ],
  ),
);
