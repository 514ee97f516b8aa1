/**
 * What one message of the feed costs whoever reads it, its socket included: CPU time of the whole process. Order books
 * are the recorded frames of BTC/USD at depth 10, and each is verified; the frames are sent as fast as they are read.
 *
 *     node bench/ingest.ts [--rounds 5] [--messages 200000] [--seconds 10] [--only book]
 *
 * At last a burst: books, tickers and trades in turns, 50,000 a second for these seconds.
 *
 * A regression here means that the feed keeps up with fewer pairs.
 */
import { parseArgs } from 'node:util';
import { BARE, CCXT, CCXT_CHECKED, Consumer, OURS, type Reader } from './support/consumer.ts';
import { Feed } from './support/feed.ts';
import { bookFrames, type FrameSource, inTurns, tickerFrames, tradeFrames } from './support/recordings.ts';
import { say, spread, summarise, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});

interface Course {
  readonly channel: string;
  readonly frames: () => FrameSource;
  readonly readers: readonly Reader[];
  /** At most so many times what the other costs. */
  readonly goals: ReadonlyMap<Reader, number>;
}

const COURSES: readonly Course[] = [
  {
    channel: 'book',
    frames: bookFrames,
    readers: [OURS, BARE, CCXT, CCXT_CHECKED],
    goals: new Map([
      [BARE, 2],
      [CCXT_CHECKED, 0.1],
    ]),
  },
  {
    channel: 'ticker',
    frames: tickerFrames,
    readers: [OURS, BARE, CCXT],
    goals: new Map([[BARE, 2]]),
  },
  {
    channel: 'trade',
    frames: tradeFrames,
    readers: [OURS, BARE, CCXT],
    goals: new Map([[BARE, 2]]),
  },
];

/** CPU microseconds a message. */
async function measure(reader: Reader, { channel, frames }: Course, messages: number): Promise<number> {
  const source = frames();
  const feed = new Feed(() => source.snapshot);
  try {
    await using consumer = await Consumer.start(reader, await feed.start(), channel);
    await feed.subscribed();
    await feed.pump(source, Math.ceil(messages / 4));
    await consumer.caughtUp(source.sent);
    const [before, cpuBefore] = [await consumer.report(), consumer.cpuMicroseconds()];
    await feed.pump(source, messages);
    const after = await consumer.caughtUp(source.sent);
    const cpu = consumer.cpuMicroseconds() - cpuBefore;
    if (after.wrong > before.wrong) say(`  ${reader.name}: ${after.wrong - before.wrong} wrong`);
    return cpu / (after.messages - before.messages);
  } finally {
    feed.stop();
  }
}

for (const course of COURSES.filter(({ channel }) => channel.includes(options.only))) {
  const costs = new Map(course.readers.map(reader => [reader, [] as number[]]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const reader of course.readers) {
      const share = reader.name.startsWith('ccxt') ? 0.1 : 1;
      costs.get(reader)?.push(await measure(reader, course, Math.ceil(Number(options.messages) * share)));
    }
  }
  const ours = summarise(costs.get(OURS) ?? []).median;
  say(`\n### ${course.channel}\n`);
  say(
    table(
      ['reader', 'CPU µs a message', 'ours to it', 'goal'],
      course.readers.map(reader => {
        const cost = summarise(costs.get(reader) ?? []);
        const goal = course.goals.get(reader);
        return [
          reader.name,
          spread(cost),
          reader === OURS ? '' : (ours / cost.median).toFixed(2),
          goal === undefined ? '' : `≤ ${goal}`,
        ];
      }),
    ),
  );
}

/** What the event loop of the library's process was late by while so many messages came. */
async function burst(perSecond: number, seconds: number) {
  const sources = new Map([
    ['book', bookFrames()],
    ['ticker', tickerFrames()],
    ['trade', tradeFrames()],
  ]);
  const mixed = inTurns([...sources.values()]);
  const feed = new Feed(channel => sources.get(channel)?.snapshot);
  try {
    await using consumer = await Consumer.start(OURS, await feed.start(), [...sources.keys()].join());
    await feed.subscribed();
    await feed.pump(mixed, perSecond);
    const before = await consumer.caughtUp(mixed.sent);
    const [startMs, cpuBefore] = [performance.now(), consumer.cpuMicroseconds()];
    await feed.pace(mixed, perSecond, seconds);
    const { messages, wrong, delayP99Ms = 0 } = await consumer.caughtUp(mixed.sent);
    const tookMs = performance.now() - startMs;
    const cpu = consumer.cpuMicroseconds() - cpuBefore;
    return {
      wrong,
      delayP99Ms,
      perSecond: ((messages - before.messages) / tookMs) * 1_000,
      cpuShare: cpu / 1_000 / tookMs,
    };
  } finally {
    feed.stop();
  }
}

const BURST = 50_000;
if ('burst'.includes(options.only)) {
  const runs: Awaited<ReturnType<typeof burst>>[] = [];
  for (let round = 0; round < Number(options.rounds); round += 1)
    runs.push(await burst(BURST, Number(options.seconds)));
  const row = (name: string, digits: number, read: (run: (typeof runs)[number]) => number, goal = '') => [
    name,
    spread(summarise(runs.map(read)), digits),
    goal,
  ];
  say(`\n### Burst of ${BURST.toLocaleString('en')} messages a second, ${options.seconds} s\n`);
  say(
    table(
      ['', 'median', 'goal'],
      [
        row('messages read a second', 0, run => run.perSecond),
        row('of one core, %', 0, run => run.cpuShare * 100),
        row('event loop late by, p99, ms', 1, run => run.delayP99Ms, '≤ 50'),
        row('messages not understood, or not verified', 0, run => run.wrong, '0'),
      ],
    ),
  );
}
