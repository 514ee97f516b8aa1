/**
 * What the dashboard costs the browser that shows it: how evenly it draws frames and how busy its main thread is, while the
 * market rests, while a book changes a thousand times a second, and while a thousand trades a second change everything; and
 * whether its heap stays flat for minutes of that.
 *
 *     node bench/dashboard.ts [--seconds 20] [--minutes 5] [--rate 1000]
 *
 * A regression here means a page that stutters when the market moves, or one that has to be reloaded over lunch. Headless
 * Chromium draws by software, and shares two cores with the server and the exchange.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CDPSession, Page } from 'playwright-core';
import { Exchange } from '../src/simulator/exchange.ts';
import { SimulatedMarket } from '../src/simulator/market.ts';
import { write } from '../src/simulator/wire.ts';
import { launch, visit } from '../test/support/browser.ts';
import { eventually } from '../test/support/client.ts';
import { run } from '../test/support/processes.ts';
import '../web/build.ts';
import { Feed } from './support/feed.ts';
import { serverFrame } from './support/frames.ts';
import { say, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '1000' },
  },
});

const PAIR = 'BTC/USD';
/** Levels that the page mirrors. */
const DEPTH = 100;
/** Between two looks at the heap. */
const LOOK_MS = 30_000;

interface Frames {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Longer than two frames of a screen of 60 Hz should be apart, a share. */
  readonly late: number;
}

/** Milliseconds between animation frames. */
function watchFrames(page: Page, seconds: number): Promise<Frames> {
  return page.evaluate(async ms => {
    const gaps: number[] = [];
    let before = performance.now();
    const endMs = before + ms;
    await new Promise<void>(resolve => {
      const frame = (): void => {
        const now = performance.now();
        gaps.push(now - before);
        before = now;
        if (now < endMs) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    gaps.sort((a, b) => a - b);
    const quantile = (share: number): number =>
      gaps[Math.min(gaps.length - 1, Math.floor(share * gaps.length))] ?? 0;
    return {
      count: gaps.length,
      p50: quantile(0.5),
      p99: quantile(0.99),
      most: quantile(1),
      late: gaps.filter(gap => gap > 33.4).length / gaps.length,
    };
  }, seconds * 1_000);
}

/** Seconds that the page's main thread has been busy with, by what. */
async function work(session: CDPSession): Promise<Readonly<Record<string, number>>> {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function heapMiB(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize / 2 ** 20;
}

/** Steps of the book that the page has verified. */
async function verified(page: Page): Promise<number> {
  const text = (await page.locator('#checked').textContent()) ?? '';
  return Number(/^✓ ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
}

/** So many changes of a book, in a row, as frames; and what it was before. */
function bookChanges(count: number): { readonly snapshot: string; readonly frames: readonly Buffer[] } {
  const market = new SimulatedMarket(1, Date.now);
  const book = market.book(PAIR);
  const message = (type: string, row: object): string => write({ channel: 'book', type, data: [row] });
  const snapshot = message('snapshot', book.row(PAIR, DEPTH, Date.now()) ?? {});
  const frames: Buffer[] = [];
  while (frames.length < count) {
    const before = book.top(DEPTH);
    market.trade(PAIR, () => {});
    const row = book.row(PAIR, DEPTH, Date.now(), before);
    if (row !== undefined) frames.push(serverFrame(message('update', row)));
  }
  return { snapshot, frames };
}

const rate = Number(options.rate);
const seconds = Number(options.seconds);
const rows: string[][] = [];
const exchange = new Exchange({ tradesPerSecond: 0 });
await exchange.start();
const browser = await launch();

/** A page of a server of its own, at an exchange or at what serves as one. */
async function open(krakenUrl: string) {
  const server = run('src/main.ts', [], {
    PORT: '0',
    KRAKEN_WS_URL: krakenUrl,
    KRAKEN_REST_URL: exchange.restUrl,
  });
  const { url } = await server.listening();
  const visited = await visit(browser, url, '/');
  const { page } = visited;
  await page.locator('#ladder:not(.stale)').waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const measure = async (name: string): Promise<void> => {
    const [before, steps] = [await work(session), await verified(page)];
    const frames = await watchFrames(page, seconds);
    const after = await work(session);
    const passed = (after['Timestamp'] ?? 0) - (before['Timestamp'] ?? 0);
    const share = (metric: string): string =>
      ((((after[metric] ?? 0) - (before[metric] ?? 0)) / passed) * 100).toFixed(0);
    rows.push([
      name,
      (((await verified(page)) - steps) / passed).toFixed(0),
      (frames.count / passed).toFixed(1),
      frames.p50.toFixed(1),
      frames.p99.toFixed(1),
      frames.most.toFixed(1),
      (frames.late * 100).toFixed(2),
      share('TaskDuration'),
      share('ScriptDuration'),
      share('LayoutDuration'),
    ]);
  };
  return {
    page,
    session,
    measure,
    async [Symbol.asyncDispose]() {
      if (visited.failures.length > 0) say(`errors of the page: ${visited.failures.join('; ')}`);
      await visited[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function atRestAndWithBookChanges(): Promise<void> {
  const { snapshot, frames } = bookChanges(rate * (seconds + 10));
  const texts: Readonly<Record<string, string>> = {
    book: snapshot,
    ticker: write({
      channel: 'ticker',
      type: 'snapshot',
      data: [new SimulatedMarket(1, Date.now).tickerRow(PAIR)],
    }),
  };
  const feed = new Feed(
    channel => texts[channel],
    symbol => symbol === PAIR,
  );
  await using page = await open(await feed.start());
  await page.measure('at rest');
  let next = 0;
  const source = { next: () => frames[next++] as Buffer };
  const paced = feed.pace(source, rate, seconds + 8);
  await eventually(
    () => verified(page.page),
    count => count > rate,
  );
  await page.measure(`${rate.toLocaleString('en')} book changes a second`);
  await paced;
  feed.stop();
}

async function withTrades(): Promise<readonly number[]> {
  await using page = await open(exchange.publicUrl);
  const startMs = performance.now();
  let sent = 0;
  const flow = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * rate);
    for (; sent < due; sent += 1) exchange.trade(PAIR);
  }, 1);
  await eventually(
    () => verified(page.page),
    count => count > rate,
    30,
  );
  await page.measure(`${rate.toLocaleString('en')} trades a second`);
  const heaps = [await heapMiB(page.session)];
  const endMs = performance.now() + Number(options.minutes) * 60_000;
  while (performance.now() < endMs) {
    await delay(LOOK_MS);
    heaps.push(await heapMiB(page.session));
  }
  clearInterval(flow);
  return heaps;
}

try {
  await atRestAndWithBookChanges();
  const heaps = await withTrades();
  say('\n### Frames of the dashboard\n');
  const columns = [
    '',
    'book steps/s verified',
    'frames/s',
    'p50 ms',
    'p99 ms',
    'most ms',
    'later than 33 ms, %',
    'main thread busy, %',
    'script, %',
    'layout, %',
  ];
  say(table(columns, rows));
  say(`\n### Heap of the page every ${LOOK_MS / 1_000} s under trades, after collection\n`);
  say(`${heaps.map(heap => heap.toFixed(1)).join(', ')} MiB`);
} finally {
  await browser.close();
  await exchange.stop();
}
