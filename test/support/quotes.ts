import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/simulator/random.ts';
import { query } from './client.ts';
import { start } from './server.ts';

/** What looks at ticker and book in one answer have shown. */
export interface QuoteReport {
  readonly changes: number;
  readonly looks: number;
  /** Looks at one pair whose ticker and book had other best prices. */
  readonly differing: number;
  /** The longest time for which they differed in every look, milliseconds. */
  readonly longestMs: number;
  readonly problems: readonly string[];
}

interface Look {
  readonly ticker: { readonly bid: string; readonly ask: string; readonly freshness: { stale: boolean } };
  readonly book: { readonly bestBid: { price: string }; readonly bestAsk: { price: string } };
}

const PAIRS = ['BTC/USD', 'ETH/USD', 'MINA/GBP'];
/** For longer than this ticker and book of one answer never differ. */
const BEARABLE_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** Of changes of a book, how many are at its top. */
const AT_THE_TOP = 0.6;

const LOOK = `{ ${PAIRS.map(
  (symbol, index) => `
  t${index}: ticker(symbol: "${symbol}") { bid ask freshness { stale } }
  b${index}: book(symbol: "${symbol}") { bestBid { price } bestAsk { price } }`,
).join('')} }`;

/** Books move without a trade; looks at ticker and book in one answer agree, or do so within a second. */
export async function quotesAgree(options: {
  readonly seconds: number;
  readonly changesPerSecond: number;
  readonly seed: number;
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<QuoteReport> {
  const { seconds, changesPerSecond, seed, environment = {} } = options;
  await using pair = await start({ seed }, environment);
  const { exchange, url } = pair;
  const random = seededRandom(seed);
  const problems: string[] = [];
  const differingSince = new Map<string, number>();
  let [changes, looks, differing, longestMs] = [0, 0, 0, 0];

  const flow = setInterval(() => {
    for (const symbol of PAIRS) {
      changes += 1;
      if (random() < AT_THE_TOP) exchange.quote(symbol);
      else exchange.deep(symbol);
    }
  }, 1_000 / changesPerSecond);
  const look = async (): Promise<void> => {
    const { data, errors } = await query(url, LOOK);
    if (errors !== undefined) problems.push(JSON.stringify(errors));
    const nowMs = performance.now();
    for (const [index, symbol] of PAIRS.entries()) {
      const { ticker, book } = { ticker: data?.[`t${index}`], book: data?.[`b${index}`] } as Look;
      looks += 1;
      if (ticker?.bid === book?.bestBid.price && ticker?.ask === book?.bestAsk.price) {
        differingSince.delete(symbol);
        continue;
      }
      differing += 1;
      const sinceMs = differingSince.get(symbol) ?? nowMs;
      differingSince.set(symbol, sinceMs);
      longestMs = Math.max(longestMs, nowMs - sinceMs);
      if (nowMs - sinceMs > BEARABLE_MS)
        problems.push(`${symbol}: ticker ${JSON.stringify(ticker)}, book ${JSON.stringify(book)}`);
    }
  };
  try {
    const untilMs = performance.now() + seconds * 1_000;
    while (performance.now() < untilMs && problems.length < 10) {
      await look();
      await delay(LOOK_EVERY_MS);
    }
    // However few looks the machine had time for: when nothing moves any more, they agree.
    clearInterval(flow);
    differingSince.clear();
    for (let last = 0; last < 50; last += 1) await look();
    if (differingSince.size > 0) problems.push(`at rest, ${[...differingSince.keys()]} differ`);
  } finally {
    clearInterval(flow);
  }
  return { changes, looks, differing, longestMs: Math.round(longestMs), problems };
}
