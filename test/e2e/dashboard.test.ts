import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Exchange } from '../../src/simulator/exchange.ts';
import { launch, NO_BROWSER, SCREENSHOTS, type Visit, visit } from '../support/browser.ts';
import { eventually } from '../support/client.ts';
import { ALL, grey, inStep, MARKET, shown, truth } from '../support/dashboard.ts';
import { run } from '../support/processes.ts';
import { get } from '../support/scenario.ts';
import { type Pair, start, startServer, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const PAIR = 'BTC/USD';
/** What Chromium says of a server that is not there, whatever the page does about it. */
const UNREACHABLE = /ERR_CONNECTION|WebSocket connection to .* failed/;

function trade(exchange: Exchange, count: number): void {
  for (let index = 0; index < count; index += 1) exchange.trade(PAIR);
}

/** Rules of accessibility that the page breaks, with where. */
async function violations(page: Page): Promise<unknown> {
  // As a debugger would: the policy of the page forbids what the page itself would do.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => [
      id,
      nodes.map(({ html, failureSummary }) => html + failureSummary),
    ]);
  });
}

async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

describe('the dashboard', { skip: NO_BROWSER }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  /** A server, its exchange, and a page of it; afterwards the page has done nothing that it should not have done. */
  async function look(
    body: (scene: Pair & Visit) => Promise<void>,
    {
      path = '/',
      account = false,
      tradesPerSecond = 0,
      ...options
    }: BrowserContextOptions & {
      readonly path?: string;
      readonly account?: boolean;
      readonly tradesPerSecond?: number;
    } = {},
    tolerated = /(?!)/,
  ): Promise<void> {
    await using pair = await start({ tradesPerSecond }, account ? WITH_ACCOUNT : {});
    await using visited = await visit(browser, pair.url, path, options);
    await body({ ...pair, ...visited });
    assert.deepEqual(visited.foreign, [], 'requests to other hosts');
    assert.deepEqual(
      visited.failures.filter(text => !tolerated.test(text)),
      [],
      'errors of the page',
    );
  }

  test('shows what the exchange has, to the last digit, and follows it', () =>
    look(async ({ page, exchange, sockets, url }) => {
      await grey(page, []);
      for (const count of [1, 3, 60]) {
        trade(exchange, count);
        await inStep(page, exchange, PAIR);
      }
      assert.match(await page.title(), new RegExp(`^${(await shown(page)).last} BTC/USD`));
      assert.match((await page.locator('#checked').textContent()) ?? '', /^✓ \d+/);
      assert.deepEqual(sockets, [`${url.replace('http', 'ws')}/graphql`], 'one WebSocket for everything');
    }));

  test('is grey while the exchange is away, and live again with new values alone', () =>
    look(async ({ page, exchange }) => {
      trade(exchange, 5);
      await inStep(page, exchange, PAIR);
      await grey(page, []);
      const old = (await shown(page)).last;
      exchange.faults.refusing = true;
      exchange.dropAll('rst');
      await grey(page, MARKET);
      assert.equal((await shown(page)).last, old, 'the last value is kept, and grey');
      await page.locator('#ticker .badge', { hasText: /^Disconnected · \d+ s old$/ }).waitFor();
      await page.locator('.health', { hasText: 'Down' }).waitFor();
      await picture(page, 'dashboard-disconnected');

      while (truth(exchange, PAIR).last === old) exchange.trade(PAIR);
      // From here on whatever is shown as live is looked at in every frame.
      await page.evaluate(() => {
        const seen = new Set<string>();
        const watch = (): void => {
          const ticker = document.querySelector('#ticker:not(.stale) #last');
          if (ticker?.textContent) seen.add(ticker.textContent);
          requestAnimationFrame(watch);
        };
        watch();
        Object.assign(globalThis, { seenLive: seen });
      });
      exchange.faults.refusing = false;
      await grey(page, []);
      await inStep(page, exchange, PAIR);
      const live = await page.evaluate(() => [
        ...(globalThis as unknown as { seenLive: Set<string> }).seenLive,
      ]);
      assert.ok(live.length > 0 && !live.includes(old), `${old} is among ${live}`);
      await eventually(
        () => page.locator('.top').textContent(),
        text => /1 reconnect/.test(text ?? ''),
      );
    }));

  test('opened while the exchange is away, it says so and waits for nothing else', () =>
    look(async ({ page, exchange }) => {
      await page.locator('#last', { hasText: /\d/ }).waitFor();
      exchange.faults.refusing = true;
      exchange.dropAll('rst');
      await page.goto(page.url().replace(/\?.*|$/, '?pair=SOL/USD'));
      for (const part of ['#ticker', '#ladder', '#tape']) {
        await page.locator(`${part} .badge`, { hasText: 'Disconnected' }).waitFor();
      }
      exchange.faults.refusing = false;
      await grey(page, []);
      exchange.trade('SOL/USD');
      await inStep(page, exchange, 'SOL/USD');
    }));

  test('is grey while its own server is away, and goes on where it stopped: no trade is missing or there twice', () =>
    look(
      async ({ page, exchange, app, url }) => {
        trade(exchange, 10);
        await inStep(page, exchange, PAIR);
        await app.close();
        await grey(page, ALL);
        await page.locator('#server-state', { hasText: 'Not reached' }).waitFor();
        trade(exchange, 7);
        const again = await startServer(exchange.publicUrl, {
          PORT: new URL(url).port,
          KRAKEN_REST_URL: exchange.restUrl,
          KRAKEN_REST_RATE: '1000',
        });
        try {
          await page.locator('#server-state', { hasText: 'Connected' }).waitFor();
          await grey(page, []);
          trade(exchange, 1);
          await inStep(page, exchange, PAIR);
        } finally {
          await again.close();
        }
      },
      {},
      UNREACHABLE,
    ));

  test('is grey soon after its server froze, though the socket stays open, and goes on when it goes on', async () => {
    const exchange = new Exchange({ tradesPerSecond: 0 });
    await exchange.start();
    try {
      await using server = run('src/main.ts', [], {
        PORT: '0',
        KRAKEN_WS_URL: exchange.publicUrl,
        KRAKEN_REST_URL: exchange.restUrl,
      });
      const { url } = await server.listening();
      await using visited = await visit(browser, url, '/');
      const { page } = visited;
      trade(exchange, 3);
      await inStep(page, exchange, PAIR);
      server.signal('SIGSTOP');
      await page.locator('#server-state', { hasText: 'Not reached' }).waitFor({ timeout: 15_000 });
      await grey(page, ALL);
      server.signal('SIGCONT');
      await page.locator('#server-state', { hasText: 'Connected' }).waitFor();
      trade(exchange, 3);
      await inStep(page, exchange, PAIR);
      await grey(page, []);
    } finally {
      await exchange.stop();
    }
  });

  test('has no price in its title while nobody sees whether it is live', () =>
    look(async ({ page, exchange }) => {
      trade(exchange, 1);
      await inStep(page, exchange, PAIR);
      const hide = (hidden: boolean): Promise<void> =>
        page.evaluate(is => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
          document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
      await hide(true);
      assert.equal(await page.title(), 'BTC/USD · kraken-graphql');
      await hide(false);
      assert.match(await page.title(), /^[\d.]+ BTC\/USD/);
    }));

  test('keeps the ladder right through wrong checksums and lost changes', () =>
    look(async ({ page, exchange, app }) => {
      trade(exchange, 1);
      await inStep(page, exchange, PAIR);
      const { resyncs } = app.client.market.bookStatistics;
      for (const fault of ['corruptBook', 'skipBook'] as const) {
        exchange.faults[fault](PAIR);
        trade(exchange, 20);
        await inStep(page, exchange, PAIR);
      }
      assert.ok(app.client.market.bookStatistics.resyncs >= resyncs + 2);
      await eventually(
        () => page.locator('#integrity .figure', { hasText: 'Checksums failed' }).textContent(),
        text => /[1-9]/.test(text ?? ''),
      );
      assert.match((await page.locator('#checked').textContent()) ?? '', /^✓/, 'none of it reached the page');
    }));

  test('says in the tape that trades are missing when they can not be had', () =>
    look(async ({ page, exchange }) => {
      trade(exchange, 1);
      await inStep(page, exchange, PAIR);
      exchange.faults.loseTrades(2);
      exchange.faults.failRest(1_000, 'EQuery:Unknown asset pair');
      trade(exchange, 5);
      await page.locator('#trades .gap', { hasText: /^\d+ (trades are|trade is) missing here$/ }).waitFor();
    }));

  describe('the account', () => {
    test('is not there on a server without a key', () =>
      look(async ({ page }) => {
        await page.locator('#account', { hasText: 'no API key' }).waitFor();
        assert.equal(await page.locator('#token').count(), 0);
        assert.equal(await page.locator('#balances').count(), 0);
      }));

    test('is hidden without the token, right with it, and gone when it is locked', () =>
      look(
        async ({ page, exchange }) => {
          const unlock = async (token: string): Promise<void> => {
            await page.fill('#token', token);
            await page.keyboard.press('Enter');
          };
          await page.locator('#token').waitFor();
          assert.equal(await page.locator('#balances').count(), 0);
          await unlock('not-the-token-of-this-server');
          await page.locator('#account [role=alert]', { hasText: 'not the access token' }).waitFor();
          assert.equal(await page.locator('#balances').count(), 0);

          await unlock(TOKEN);
          const inStepWithAccount = (): Promise<unknown> =>
            eventually(
              async () => ({
                page: await page.locator('#account').evaluate(account => {
                  const columns = [...account.querySelectorAll('thead th')].map(cell => cell.textContent);
                  const wanted = ['Asset', 'Balance', 'On hold'].map(name => columns.indexOf(name));
                  return [...account.querySelectorAll('#balances tr')]
                    .map(({ children }) => wanted.map(column => children[column]?.textContent).join(' '))
                    .sort();
                }),
                truth: [...exchange.account.truth()]
                  .map(([asset, { balance, hold }]) => `${asset} ${balance} ${hold}`)
                  .sort(),
              }),
              both => JSON.stringify(both.page) === JSON.stringify(both.truth),
            );
          await inStepWithAccount();
          exchange.move('BTC', '0.50000000');
          exchange.placeOrder(PAIR, 'sell', '0.25000000', '99000.0');
          await inStepWithAccount();
          await page.locator('#worth', { hasText: /^\d+(\.\d+)?$/ }).waitFor();
          const inDollars = await page.locator('#worth').textContent();
          await page.selectOption('select[aria-label=Currency]', 'EUR');
          await eventually(
            () => page.locator('#worth').textContent(),
            text => /^\d/.test(text ?? '') && text !== inDollars,
          );
          await picture(page, 'dashboard-account');
          const kept = (): Promise<readonly string[]> =>
            page.evaluate(() => [
              ...Object.values(localStorage),
              ...Object.values(sessionStorage),
              document.cookie,
              location.href,
              document.documentElement.outerHTML,
            ]);
          assert.ok(!(await kept()).some(text => text.includes(TOKEN)), 'the token is kept in memory alone');

          const isStale = (): Promise<boolean> =>
            page.locator('#account').evaluate(account => account.classList.contains('stale'));
          exchange.faults.refusing = true;
          exchange.dropAll('rst');
          await eventually(isStale, stale => stale);
          exchange.faults.refusing = false;
          await eventually(isStale, stale => !stale);
          exchange.move('ETH', '-1.0000000000', 'withdrawal');
          await inStepWithAccount();
          assert.deepEqual(await violations(page), []);

          await page.getByRole('button', { name: 'Lock' }).click();
          await page.locator('#token').waitFor();
          assert.equal(await page.locator('#balances').count(), 0);
          assert.ok(!(await kept()).some(text => text.includes(TOKEN)), 'the token is kept nowhere');
        },
        { account: true },
      ));
  });

  describe('finding one’s way', () => {
    test('by the keyboard: a pair by its letters, and back', () =>
      look(async ({ page, exchange }) => {
        await page.locator('#last', { hasText: /\d/ }).waitFor();
        await page.keyboard.press('Control+k');
        await page.keyboard.type('eth');
        await page.getByRole('option', { name: 'ETH/USD', exact: true }).waitFor();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.type('/usd');
        await page.keyboard.press('Enter');
        await page.waitForURL('**/?pair=ETH/USD&interval=1m');
        exchange.trade('ETH/USD');
        await inStep(page, exchange, 'ETH/USD');
        await page.goBack();
        await page.locator('h2.symbol', { hasText: PAIR }).waitFor();
        await grey(page, []);
        await inStep(page, exchange, PAIR);
      }));

    test('at any pace of the market: what was chosen stays chosen', () =>
      look(
        async ({ page }) => {
          await page.locator('#last', { hasText: /\d/ }).waitFor();
          for (const [pair, interval] of [
            ['ETH/USD', '5m'],
            [PAIR, '1m'],
            ['ETH/USD', '15m'],
            [PAIR, '1h'],
          ] as const) {
            await page.keyboard.press('Control+k');
            await page.keyboard.type(pair);
            await page.getByRole('option', { name: pair, exact: true }).waitFor();
            await page.keyboard.press('Enter');
            await page.getByRole('button', { name: interval, exact: true }).click();
            await page.locator('#ticker:not(.stale) h2', { hasText: pair }).waitFor();
            assert.equal(new URL(page.url()).search, `?pair=${pair}&interval=${interval}`);
          }
        },
        { tradesPerSecond: 400 },
      ));

    test('by links: a pair by any of its names, and an interval', () =>
      look(
        async ({ page }) => {
          await page.locator('h2.symbol', { hasText: /^ETH\/USD$/ }).waitFor();
          assert.equal(await page.locator('.intervals [aria-pressed=true]').textContent(), '15m');
          await page.getByRole('button', { name: '1h', exact: true }).click();
          await page.waitForURL('**/?pair=ETH/USD&interval=1h');
          await grey(page, []);
        },
        { path: '/?pair=eth-usd&interval=15m' },
      ));

    test('from a pair that does not exist to one that may have been meant', () =>
      look(
        async ({ page, exchange }) => {
          await page.locator('.trouble', { hasText: 'BTC/USE' }).waitFor();
          assert.deepEqual(await violations(page), []);
          await page.getByRole('button', { name: PAIR, exact: true }).click();
          await page.waitForURL(`**/?pair=${PAIR}&interval=1m`);
          await inStep(page, exchange, PAIR);
          assert.equal(await page.locator('.trouble').count(), 0);
        },
        { path: '/?pair=BTC/USE' },
      ));

    test('to a pair that Kraken does not trade right now, which is said', () =>
      look(async ({ page, exchange }) => {
        await page.locator('#last', { hasText: /\d/ }).waitFor();
        exchange.changePair(PAIR, { status: 'cancel_only' });
        trade(exchange, 1);
        await page.locator('.headline .badge', { hasText: 'cancel only' }).waitFor();
        exchange.setSystem('maintenance');
        await page.locator('.figure.alarm', { hasText: 'maintenance' }).waitFor();
      }));
  });

  describe('is for everyone', () => {
    const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
      light: { colorScheme: 'light' },
      dark: { colorScheme: 'dark' },
      tablet: { viewport: { width: 1000, height: 800 }, colorScheme: 'light' },
      phone: {
        viewport: { width: 390, height: 844 },
        isMobile: true,
        hasTouch: true,
        deviceScaleFactor: 2,
        colorScheme: 'dark',
      },
    };
    for (const [name, options] of Object.entries(VIEWS)) {
      test(`${name}: no rule of accessibility is broken, live or disconnected, and nothing sticks out`, () =>
        look(
          async ({ page, exchange }) => {
            trade(exchange, 30);
            await inStep(page, exchange, PAIR);
            await page.locator('#account').getByLabel('Access token').waitFor();
            assert.deepEqual(await violations(page), []);
            assert.equal(
              await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
              0,
              'wider than the screen',
            );
            await picture(page, `dashboard-${name}`);
            exchange.faults.refusing = true;
            exchange.dropAll('rst');
            await grey(page, MARKET);
            assert.deepEqual(await violations(page), []);
          },
          { account: true, ...options },
        ));
    }
  });
});

test('the dashboard is served with a policy that allows this server alone, and files that browsers may keep', async () => {
  await using pair = await start();
  const page = await fetch(`${pair.url}/`);
  assert.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self'; .*style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  const files = [...(await page.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
    ([, path]) => path,
  );
  assert.ok(files.length >= 3);
  for (const path of files) {
    const file = await fetch(`${pair.url}${path}`);
    assert.equal(file.status, 200);
    assert.match(file.headers.get('cache-control') ?? '', /immutable/);
    const plain = await fetch(`${pair.url}${path}`, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.equal(await plain.text(), await file.text());
  }
  // As they are: `fetch` would tidy them up.
  for (const path of [
    '/assets/../package.json',
    '/assets/%2e%2e/package.json',
    '/assets/nothing.js',
    '/assets/',
  ]) {
    assert.equal((await get(pair.url, path)).status, 404, path);
  }
});
