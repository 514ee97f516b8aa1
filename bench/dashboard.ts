/**
 * What the dashboard costs the browser that shows it: how evenly it draws frames and how busy its main thread is, while the
 * market rests and while a book changes a thousand times a second; and whether its heap stays flat for minutes of that.
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
import { launch, visit } from '../test/support/browser.ts';
import { eventually } from '../test/support/client.ts';
import { run } from '../test/support/processes.ts';
import '../web/build.ts';
import { say, table } from './support/report.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '1000' },
  },
});

const PAIR = 'BTC/USD';
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

const exchange = new Exchange({ tradesPerSecond: 0 });
await exchange.start();
await using server = run('src/main.ts', [], {
  PORT: '0',
  KRAKEN_WS_URL: exchange.publicUrl,
  KRAKEN_REST_URL: exchange.restUrl,
});
const { url } = await server.listening();
const browser = await launch();
let flow: NodeJS.Timeout | undefined;
try {
  await using visited = await visit(browser, url, '/');
  const { page } = visited;
  await page.locator('#ladder:not(.stale)').waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const rows: string[][] = [];
  const measure = async (name: string): Promise<void> => {
    const [before, steps] = [await work(session), await verified(page)];
    const frames = await watchFrames(page, Number(options.seconds));
    const after = await work(session);
    const seconds = (after['Timestamp'] ?? 0) - (before['Timestamp'] ?? 0);
    const share = (metric: string): string =>
      ((((after[metric] ?? 0) - (before[metric] ?? 0)) / seconds) * 100).toFixed(0);
    rows.push([
      name,
      (((await verified(page)) - steps) / seconds).toFixed(0),
      (frames.count / seconds).toFixed(1),
      frames.p50.toFixed(1),
      frames.p99.toFixed(1),
      frames.most.toFixed(1),
      (frames.late * 100).toFixed(2),
      share('TaskDuration'),
      share('ScriptDuration'),
      share('LayoutDuration'),
    ]);
  };
  await measure('at rest');
  const rate = Number(options.rate);
  const startMs = performance.now();
  let sent = 0;
  flow = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * rate);
    for (; sent < due; sent += 1) exchange.trade(PAIR);
  }, 1);
  await eventually(
    () => verified(page),
    count => count > rate,
    30,
  );
  await measure(`${rate.toLocaleString('en')} trades a second`);
  say('\n### Frames of the dashboard\n');
  say(
    table(
      [
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
      ],
      rows,
    ),
  );

  const heaps = [await heapMiB(session)];
  const endMs = performance.now() + Number(options.minutes) * 60_000;
  while (performance.now() < endMs) {
    await delay(LOOK_MS);
    heaps.push(await heapMiB(session));
  }
  say(`\n### Heap of the page every ${LOOK_MS / 1_000} s under the same load, after collection\n`);
  say(`${heaps.map(heap => heap.toFixed(1)).join(', ')} MiB`);
  if (visited.failures.length > 0) say(`errors of the page: ${visited.failures.join('; ')}`);
} finally {
  clearInterval(flow);
  await browser.close();
  await exchange.stop();
}
