/**
 * What exact digits cost: the ways to read a Kraken frame without losing a digit, against `JSON.parse`, which
 * loses them. Ratios within one run, medians of alternating rounds.
 *
 * A regression here means that every upstream message became dearer: `hand scanner` should stay within about
 * twice `JSON.parse`.
 */
import { readFileSync } from 'node:fs';
import { parse as parseWithLosslessJson } from 'lossless-json';
import { parseLossless } from '../src/lib/lossless-json.ts';
import { summarise } from './support/report.ts';

const fixtures = new URL('../test/fixtures/kraken/', import.meta.url);
const frames = ['ticker.jsonl', 'instrument.jsonl', 'acks-and-errors.jsonl', 'book.jsonl'].flatMap(name => {
  try {
    const lines = readFileSync(new URL(name, fixtures), 'utf8').trim().split('\n');
    return [{ name, lines }];
  } catch {
    return [];
  }
});

/** Quotes number tokens outside strings, then lets the built-in parser do the rest. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
function quoteNumbers(text: string): string {
  return text.replace(TOKENS, token => (token.charCodeAt(0) === 34 ? token : `"${token}"`));
}

const candidates: Record<string, (text: string) => unknown> = {
  'JSON.parse (loses digits)': text => JSON.parse(text),
  'hand scanner': parseLossless,
  'quoting + JSON.parse': text => JSON.parse(quoteNumbers(text)),
  'JSON.parse + reviver source': text =>
    JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' ? context?.source : value,
    ),
  'lossless-json': text => parseWithLosslessJson(text, undefined, value => value),
};

const ROUNDS = 7;
const TARGET_MS = 150;

function time(run: (text: string) => unknown, lines: readonly string[]): number {
  let count = 0;
  const start = performance.now();
  do {
    for (const line of lines) run(line);
    count += lines.length;
  } while (performance.now() - start < TARGET_MS);
  return ((performance.now() - start) * 1000) / count;
}

for (const { name, lines } of frames) {
  const samples = new Map(Object.keys(candidates).map(key => [key, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [key, run] of Object.entries(candidates)) samples.get(key)?.push(time(run, lines));
  }
  const base = summarise(samples.get('JSON.parse (loses digits)') ?? []).median;
  process.stdout.write(`\n${name}: ${lines.length} frames\n`);
  for (const [key, values] of samples) {
    const value = summarise(values).median;
    process.stdout.write(
      `  ${key.padEnd(28)} ${value.toFixed(2).padStart(8)} µs/frame  ${(value / base).toFixed(2)} x\n`,
    );
  }
}
