import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launch, NO_BROWSER, SCREENSHOTS, type Visit, visit } from '../support/browser.ts';
import { eventually, query } from '../support/client.ts';
import { ALL, grey, inStep, MARKET } from '../support/dashboard.ts';
import { lookAtOdd } from '../support/odd-pages.ts';
import type { OddPair } from '../support/odd-pairs.ts';
import { TcpProxy } from '../support/proxy.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const PAIR = 'BTC/USD';
const QUIET: OddPair = {
  symbol: 'QUIET/USD',
  pricePrecision: 2,
  qtyPrecision: 4,
  asks: [['10.10', '1.0000']],
  bids: [['10.00', '1.0000']],
  trades: [['10.00', '1.0000']],
};

/** What the badges of these parts say. */
function badges(page: Page, parts: readonly string[]): Promise<readonly string[]> {
  return page.evaluate(
    ids =>
      ids.map(id => document.querySelector(`#${id} .badge`)?.textContent?.replace(/ · .*/, '') ?? 'none'),
    parts,
  );
}

/** Until these badges, and no others in these parts, say so. */
async function allSay(page: Page, parts: readonly string[], label: string): Promise<void> {
  await eventually(
    () => badges(page, parts),
    said => said.every(one => one === label),
  );
}

/** Puts the machine's wall clock forward, as it is after a sleep in which the monotonic clock stood still. */
function sleep(page: Page, ms: number): Promise<void> {
  return page.evaluate(by => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + by;
  }, ms);
}

/** From now on, what the ticker said in any frame. */
function watchTicker(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen = new Set<string>();
    const look = (): void => {
      const ticker = document.querySelector('#ticker');
      seen.add(
        `${ticker?.classList.contains('stale') ? 'grey' : 'live'} ${ticker?.querySelector('.badge')?.textContent?.replace(/ · .*/, '')}`,
      );
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(globalThis, { seenOfTicker: seen });
  });
}

function seenOfTicker(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => [...(globalThis as unknown as { seenOfTicker: Set<string> }).seenOfTicker]);
}

describe('states on the page', { skip: NO_BROWSER }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  async function look(
    body: (scene: Pair & Visit) => Promise<void>,
    path = '/',
    account = false,
  ): Promise<void> {
    await using pair = await start({ tradesPerSecond: 0 }, account ? WITH_ACCOUNT : {});
    await using visited = await visit(browser, pair.url, path);
    await body({ ...pair, ...visited });
    assert.deepEqual(visited.foreign, []);
  }

  describe('the state of all of it', () => {
    test('is no better than the book that is looked at', () =>
      look(async ({ page, exchange, url }) => {
        exchange.trade(PAIR);
        await inStep(page, exchange, PAIR);
        await page.locator('.health', { hasText: /^Healthy$/ }).waitFor();
        exchange.faults.snapshotDelayMs = 60_000;
        exchange.corruptBook(PAIR);
        exchange.trade(PAIR);
        await page.locator('#ladder .badge', { hasText: 'Resyncing' }).waitFor();
        await page.locator('.health', { hasText: /^Degraded$/ }).waitFor();
        await page.locator('#integrity > header', { hasText: 'order book: resyncing' }).waitFor();
        assert.ok((await query(url, '{ status { health } }')).data, 'the server answers');
      }));

    test('is no better than the account that is looked at', () =>
      look(
        async ({ page, exchange, app }) => {
          exchange.trade(PAIR);
          await inStep(page, exchange, PAIR);
          await page.fill('#token', TOKEN);
          await page.keyboard.press('Enter');
          await page.locator('#balances tr').first().waitFor();
          await page.locator('.health', { hasText: /^Healthy$/ }).waitFor();
          exchange.faults.stalled = false;
          exchange.account.permissions.delete('websockets');
          exchange.account.forgetTokens();
          for (const session of exchange.sessions) if (session.isSubscribed('balances')) session.drop('rst');
          await page.locator('#account.stale').waitFor();
          await page.locator('.health', { hasText: /^Degraded$/ }).waitFor();
          assert.ok(app.client.isConnected, 'the public feed goes on');
        },
        '/',
        true,
      ));
  });

  describe('a pair that is not traded as usual', () => {
    test('says so alike in every panel, without a trade that would bring it, and no more when it is over', () =>
      lookAtOdd(browser, QUIET, async ({ page, odd }) => {
        await allSay(page, MARKET, 'Live');
        odd.change({ ...QUIET, status: 'cancel_only' });
        await allSay(page, MARKET, 'Cancel only');
        await grey(page, []);
        assert.equal(await page.locator('.headline .badge').count(), 1, 'once in each');
        odd.change(QUIET);
        await allSay(page, MARKET, 'Live');
      }));

    test('is said of a pair that is listed like this from the first', () =>
      lookAtOdd(browser, { ...QUIET, symbol: 'POST/USD', status: 'post_only' }, async ({ page }) => {
        await allSay(page, MARKET, 'Post only');
      }));

    test('is found in the picker when it is new, on the same connection', () =>
      lookAtOdd(browser, QUIET, async ({ page, odd }) => {
        await allSay(page, MARKET, 'Live');
        odd.change({ ...QUIET, symbol: 'BRAND/NEW' });
        await eventually(
          async () => {
            await page.locator('#market').focus();
            await page.keyboard.press('Control+k');
            await page.keyboard.type('brand');
            return page.getByRole('option', { name: 'BRAND/NEW' }).count();
          },
          found => found === 1,
        );
      }));
  });

  describe('after a sleep', () => {
    test('nothing is live until the server has answered, and then it is, on the same socket', async () => {
      await using pair = await start({ tradesPerSecond: 0 });
      await using proxy = await TcpProxy.to(Number(new URL(pair.url).port));
      await using visited = await visit(browser, `http://127.0.0.1:${proxy.port}`, '/');
      const { page, sockets } = visited;
      pair.exchange.trade(PAIR);
      await inStep(page, pair.exchange, PAIR);
      await grey(page, []);
      // Long enough to be seen.
      proxy.weather.latencyMs = 300;
      // A clock that is set back says as little of what was missed as one that went on.
      for (const jumpMs of [3_600_000, -7_200_000]) {
        await watchTicker(page);
        await sleep(page, jumpMs);
        await eventually(
          () => seenOfTicker(page),
          seen => seen.includes('grey Checking the connection'),
        );
        await grey(page, []);
      }
      assert.equal(sockets.length, 1);
    });

    test('ages count it', () =>
      look(async ({ page, exchange }) => {
        exchange.trade(PAIR);
        await inStep(page, exchange, PAIR);
        exchange.faults.refusing = true;
        exchange.dropAll('rst');
        await page.locator('#ticker .badge', { hasText: /Disconnected · \d+ s old$/ }).waitFor();
        await sleep(page, 3_600_000);
        await page.locator('#ticker .badge', { hasText: /^Disconnected · 1 h/ }).waitFor();
      }));

    test('a page that was frozen while its connection went away is grey from its first frame on', async () => {
      await using pair = await start({ tradesPerSecond: 0 });
      await using proxy = await TcpProxy.to(Number(new URL(pair.url).port));
      await using visited = await visit(browser, `http://127.0.0.1:${proxy.port}`, '/');
      const { page, sockets } = visited;
      pair.exchange.trade(PAIR);
      await inStep(page, pair.exchange, PAIR);
      proxy.weather.blackhole = true;
      // What it says when it goes on, each time that it says something.
      await page.evaluate(() => {
        const said: string[] = [];
        document.addEventListener('resume', () => {
          requestAnimationFrame(function look() {
            said.push(document.querySelector('#ticker')?.className ?? '');
            if (said.length < 30) requestAnimationFrame(look);
          });
        });
        Object.assign(globalThis, { said });
      });
      // Chromium without a screen freezes no page: this is what one hears that goes on.
      await page.evaluate(() => document.dispatchEvent(new Event('resume')));
      await page.locator('#server-state', { hasText: 'Checking' }).waitFor();
      await grey(page, ALL);
      const said = await eventually(
        () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said),
        frames => frames.length === 30,
      );
      assert.ok(
        said.slice(2).every(name => name.includes('stale')),
        `${said}`,
      );
      proxy.weather.blackhole = false;
      await page.locator('#server-state', { hasText: 'Connected' }).waitFor({ timeout: 15_000 });
      await grey(page, []);
      pair.exchange.trade(PAIR);
      await inStep(page, pair.exchange, PAIR);
      assert.ok(sockets.length > 1, 'on a connection that works');
    });
  });

  describe('what is empty', () => {
    test('a pair that was never traded is live, and has nothing', () =>
      lookAtOdd(
        browser,
        { ...QUIET, symbol: 'NEVER/USD', asks: [], bids: [], trades: [] },
        async ({ page }) => {
          await allSay(page, MARKET, 'Live');
          await grey(page, []);
          await page.locator('#tape', { hasText: 'No trade yet' }).waitFor();
          await page.locator('#candles', { hasText: 'No trade yet' }).waitFor();
          await page.locator('#depth', { hasText: 'The book is empty' }).waitFor();
          await page.locator('#ladder', { hasText: /No asks.*No bids/ }).waitFor();
          assert.doesNotMatch((await page.locator('#market').textContent()) ?? '', /Waiting|Loading/);
          await eventually(
            () => page.locator('#ticker dl').textContent(),
            text => /BidNo bidsAskNo asks/.test(text ?? ''),
          );
          if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/dashboard-never.png` });
        },
      ));

    test('an account without a balance is empty, and does not wait', async () => {
      await using pair = await start({ tradesPerSecond: 0 }, { ...WITH_ACCOUNT });
      pair.exchange.account.snapshotRows = () => [];
      for (const session of pair.exchange.sessions) session.drop('rst');
      await using visited = await visit(browser, pair.url, '/');
      const { page } = visited;
      await page.fill('#token', TOKEN);
      await page.keyboard.press('Enter');
      await page.locator('#account', { hasText: 'The account is empty' }).waitFor();
      assert.deepEqual(await badges(page, ['account']), ['Live']);
      pair.exchange.move('BTC', '1.00000000');
      await page.locator('#balances', { hasText: 'BTC' }).waitFor();
    });
  });

  test('a pair keeps the small letter that its name has', () =>
    lookAtOdd(browser, { ...QUIET, symbol: 'AAPLx/USD' }, async ({ page }) => {
      await page.locator('h2.symbol', { hasText: /^AAPLx\/USD$/ }).waitFor();
      await allSay(page, MARKET, 'Live');
      assert.equal(new URL(page.url()).searchParams.get('pair'), 'AAPLx/USD');
      assert.match(await page.title(), /AAPLx\/USD/);
      for (const text of ['aaplx', 'AAPLX / usd', 'AAPLx']) {
        await page.locator('#market').focus();
        await page.keyboard.press('Control+k');
        await page.keyboard.type(text);
        await page.getByRole('option', { name: 'AAPLx/USD', exact: true }).waitFor();
      }
    }));

  test('an interval without trades says so under the crosshair, with the close before it', () =>
    lookAtOdd(
      browser,
      {
        ...QUIET,
        symbol: 'GAPS/USD',
        candles: [
          [9, '10.01'],
          [4, '10.02'],
          [3, '10.03'],
        ],
      },
      async ({ page }) => {
        await page.locator('#candle-close', { hasText: '10.03' }).waitFor();
        const box = await page.locator('#candles .chart').boundingBox();
        assert.ok(box);
        const said = new Map<string, string>();
        for (let x = box.x + 2; x < box.x + box.width - 70; x += 4) {
          await page.mouse.move(x, box.y + box.height / 3);
          await page.evaluate(
            () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))),
          );
          const [time = '', text = ''] = await page
            .locator('.legend')
            .evaluate(({ firstElementChild, textContent }) => [
              firstElementChild?.textContent ?? '',
              textContent?.slice(firstElementChild?.textContent?.length) ?? '',
            ]);
          said.set(time, text.replace(/O.*C/, 'C').replace(/V.*/, '').trim());
        }
        // From the first candle on, one a minute up to now at least.
        const all = [...said].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
        const first = all.indexOf('C 10.01');
        assert.deepEqual(all.slice(first, first + 9), [
          'C 10.01',
          'No tradesprevious close 10.01',
          'No tradesprevious close 10.01',
          'No tradesprevious close 10.01',
          'No tradesprevious close 10.01',
          'C 10.02',
          'C 10.03',
          'No tradesprevious close 10.03',
          'No tradesprevious close 10.03',
        ]);
      },
    ));

  test('a page that was made for another API says that a new one is to be loaded', () =>
    look(async ({ page }) => {
      await page.locator('#last', { hasText: /\d/ }).waitFor();
      await page.route('**/assets/*.js', async route => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          body: (await response.text()).replaceAll('spreadPercentage', 'spreadRatio'),
        });
      });
      await page.reload();
      const hint = page.locator('#outdated[role=alert]', { hasText: 'different versions' });
      await hint.waitFor();
      assert.equal(await page.locator('.trouble').count(), 1, 'and nothing else is wrong');
      await page.unroute('**/assets/*.js');
      await hint.getByRole('button', { name: 'Reload' }).click();
      await grey(page, []);
      assert.equal(await page.locator('#outdated').count(), 0);
    }));
});
