/**
 * What a verified order book costs: real BTC/USD depth-10 frames decoded, applied and checked against Kraken's CRC32,
 * against `JSON.parse` of the same text, which does none of that and loses the digits. Ratios within one run.
 *
 * A regression here means that the feed keeps up with fewer pairs; `decode, apply, verify` should stay within about
 * four times `JSON.parse`.
 */
import { readFileSync } from 'node:fs';
import { decode } from '../src/kraken/decode.ts';
import { OrderBook } from '../src/market/book.ts';
import { summarise } from './support/report.ts';

const file = new URL('../test/fixtures/kraken/book.jsonl', import.meta.url);
/** The first recording: 1,254 messages in a row. */
const frames = readFileSync(file, 'utf8').trim().split('\n').slice(0, 1_254);
const ROUNDS = 9;
const REPEATS = 60;

function ingest(): void {
  let book: OrderBook | undefined;
  for (const frame of frames) {
    const message = decode(frame);
    if (message.kind !== 'book') throw new Error('the frame is of a book');
    for (const row of message.data) {
      book ??= new OrderBook(row.symbol);
      const verified =
        message.type === 'snapshot' ? book.applySnapshot(row, 10, 0) : book.applyUpdate(row, 0);
      if (verified !== true) throw new Error('every recorded message verifies');
    }
  }
}

const candidates = {
  'JSON.parse (loses digits)': () => frames.forEach(frame => void JSON.parse(frame)),
  'decode alone': () => frames.forEach(frame => void decode(frame)),
  'decode, apply, verify': ingest,
};

const samples = new Map(Object.keys(candidates).map(name => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(candidates)) {
    const start = performance.now();
    for (let repeat = 0; repeat < REPEATS; repeat += 1) run();
    samples.get(name)?.push(((performance.now() - start) * 1000) / (REPEATS * frames.length));
  }
}

const base = summarise(samples.get('JSON.parse (loses digits)') ?? []).median;
for (const [name, values] of samples) {
  const value = summarise(values).median;
  process.stdout.write(
    `${name.padEnd(28)} ${value.toFixed(2).padStart(6)} µs/message  ${(value / base).toFixed(2)} x\n`,
  );
}
