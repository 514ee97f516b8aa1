/**
 * The other side of a run, as a process of its own: the exchange whose trades the server under test follows, and every
 * subscriber of that server. One clock stamps a trade when it leaves and when it arrives. Told what to do over IPC.
 */
import { Feed } from './feed.ts';
import { Histogram } from './histogram.ts';
import { type Operation, Subscriber } from './subscriber.ts';
import { FIRST_TRADE, pairNames, TradeSource, tradeSnapshot } from './trades.ts';

export interface Audience {
  readonly port: number;
  readonly path: string;
  readonly subscribers: number;
  /** Subscriber `n` has the operations `n % length`. */
  readonly operations: readonly (readonly Operation[])[];
}

export type Command =
  | { readonly kind: 'start'; readonly pairs: number }
  | ({ readonly kind: 'open' } & Audience)
  /** Trades a second, for a time. */
  | { readonly kind: 'run'; readonly rate: number; readonly seconds: number };

/** What a run delivered. */
export interface Run {
  readonly sent: number;
  readonly expected: number;
  readonly delivered: number;
  /** Values that came twice, out of order, or after one that did not come. */
  readonly disorder: number;
  /** From the write to the server to the read from it, milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly trouble: readonly string[];
}

/** Time for every subscription to stand. */
const ESTABLISHED_WITHIN_MS = 30_000;
/** Looks, ten milliseconds apart, at whether everyone has got a trade. */
const LOOKS = 100;
/** Nothing more has come for this long: nothing more will. */
const PATIENCE_MS = 3_000;
/** Trades whose departure is remembered. */
const REMEMBERED = 1 << 20;

const sentAt = new Float64Array(REMEMBERED);
const latency = new Histogram();
const trouble: string[] = [];
let pairs = 1;
let source = new TradeSource([]);
const subscribers: Subscriber[] = [];
/** Of each subscriber and pair the trade that comes next. */
let expected = new Float64Array(0);
let delivered = 0;
let disorder = 0;
let arrived = (): void => {};

const feed = new Feed((channel, symbol) => (channel === 'trade' ? tradeSnapshot(symbol) : undefined));

function onValue(subscriber: number, chunk: Buffer, start: number, idAt: number): void {
  const tradeId = numberAt(chunk, idAt);
  if (tradeId < FIRST_TRADE) return;
  const pair = pairs === 1 ? 0 : pairAt(chunk, start);
  const place = subscriber * pairs + pair;
  if (tradeId !== expected[place]) disorder += 1;
  expected[place] = tradeId + 1;
  delivered += 1;
  latency.add(performance.now() - (sentAt[source.numberOf(pair, tradeId) % REMEMBERED] as number));
  arrived();
}

function numberAt(chunk: Buffer, start: number): number {
  let number = 0;
  for (let at = start; ; at += 1) {
    const digit = (chunk[at] as number) - 48;
    if (!(digit >= 0 && digit <= 9)) return number;
    number = number * 10 + digit;
  }
}

const SYMBOL = Buffer.from('"symbol":"P');

function pairAt(chunk: Buffer, start: number): number {
  return numberAt(chunk, chunk.indexOf(SYMBOL, start) + SYMBOL.length);
}

/** Opens a few at a time: a server's backlog is bounded. */
async function open({ port, path, subscribers: count, operations }: Audience): Promise<void> {
  expected = new Float64Array(count * pairs).fill(FIRST_TRADE);
  const handlers = { next: onValue, trouble: (what: string) => void trouble.push(what) };
  for (let first = 0; first < count; first += 100) {
    const some = Array.from({ length: Math.min(100, count - first) }, (_, offset) => {
      const index = first + offset;
      return Subscriber.open(port, path, index, operations[index % operations.length] ?? [], handlers);
    });
    subscribers.push(...(await Promise.all(some)));
  }
  await established();
}

/** Trades now and then until everyone gets them: then every subscription stands. Not before all of them are asked for. */
async function established(): Promise<void> {
  const deadlineMs = performance.now() + ESTABLISHED_WITHIN_MS;
  while (feed.trading.size < pairs && performance.now() < deadlineMs)
    await new Promise(resolve => setTimeout(resolve, 10));
  for (;;) {
    feed.send(Array.from({ length: pairs }, () => source.next()));
    const next = FIRST_TRADE + source.sent / pairs;
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await new Promise(resolve => setTimeout(resolve, 10));
      if (expected.every(tradeId => tradeId === next)) return;
    }
    if (performance.now() > deadlineMs) throw new Error(`not everyone gets trades: ${trouble.join('; ')}`);
  }
}

/** Sends at a steady rate: at each tick of a millisecond what is due. */
async function run(rate: number, seconds: number): Promise<Run> {
  latency.clear();
  const [sentBefore, deliveredBefore, disorderBefore] = [source.sent, delivered, disorder];
  const stamped = {
    next(): Buffer {
      sentAt[source.sent % REMEMBERED] = performance.now();
      return source.next();
    },
  };
  await feed.pace(stamped, rate, seconds);
  const sent = source.sent - sentBefore;
  const wanted = sent * subscribers.length;
  await untilDelivered(deliveredBefore + wanted);
  return {
    sent,
    expected: wanted,
    delivered: delivered - deliveredBefore,
    disorder: disorder - disorderBefore,
    p50: latency.quantile(0.5),
    p99: latency.quantile(0.99),
    trouble: trouble.slice(0, 5),
  };
}

async function untilDelivered(count: number): Promise<void> {
  await new Promise<void>(resolve => {
    let last = -1;
    const patience = setInterval(() => {
      if (delivered === last) done();
      last = delivered;
    }, PATIENCE_MS);
    const done = (): void => {
      clearInterval(patience);
      arrived = () => {};
      resolve();
    };
    arrived = () => {
      if (delivered >= count) done();
    };
    arrived();
  });
}

async function obey(command: Command): Promise<unknown> {
  switch (command.kind) {
    case 'start':
      pairs = command.pairs;
      source = new TradeSource(pairNames(pairs));
      return { url: await feed.start(), symbols: pairNames(pairs) };
    case 'open':
      await open(command);
      return {};
    default:
      return await run(command.rate, command.seconds);
  }
}

process.on('message', (command: Command) => {
  obey(command).then(
    answer => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => {
  for (const subscriber of subscribers) subscriber.close();
  feed.stop();
  process.exit(0);
});
