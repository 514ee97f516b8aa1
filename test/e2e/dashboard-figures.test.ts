import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launch, NO_BROWSER, SCREENSHOTS, visit } from '../support/browser.ts';
import { eventually } from '../support/client.ts';
import { settled, unreadable } from '../support/figures.ts';
import { lookAtOdd } from '../support/odd-pages.ts';
import type { OddPair } from '../support/odd-pairs.ts';
import { start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const WIDTHS = [320, 390, 768, 1024, 1366, 1500, 1920];

/** Prices in steps of the last of so many places, and quantities of thirteen digits before the point. */
function extreme(places: number, ticks: number, qtyPrecision: number): OddPair {
  const price = (at: number): string => {
    const text = String(at).padStart(places + 1, '0');
    return `${text.slice(0, -places)}.${text.slice(-places)}`;
  };
  const qty = (at: number): string =>
    `${5_105_636_126_892 + at * 7_919}.${String(12_345_678_901 + at).slice(0, qtyPrecision)}`;
  const side = (direction: number) =>
    Array.from({ length: 20 }, (_, index) => [price(ticks + direction * (index + 1)), qty(index)] as const);
  return {
    symbol: `ODD${places}/USD`,
    pricePrecision: places,
    qtyPrecision,
    asks: side(1),
    bids: side(-1),
    trades: Array.from({ length: 30 }, (_, index) => [price(ticks + (index % 3)), qty(index)] as const),
  };
}

const PAIRS = [
  extreme(1, 837_443, 8),
  extreme(6, 912_345, 8),
  extreme(12, 1_234, 5),
  extreme(12, 98_765_432_101_234, 8),
];

async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
}

describe('figures', { skip: NO_BROWSER }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  for (const [index, pair] of PAIRS.entries()) {
    const { pricePrecision, trades } = pair;
    const sample = trades.at(-1)?.[0] ?? '';
    test(`of ${pricePrecision} places and thirteen digits (${sample}) are whole at every width`, () =>
      lookAtOdd(browser, pair, async ({ page }) => {
        await page
          .locator('#trades td', { hasText: trades.at(-1)?.[1] ?? '' })
          .first()
          .waitFor();
        await page.locator('#asks td').first().waitFor();
        await page.locator('#candle-volume').waitFor();
        for (const width of [...WIDTHS, 320]) {
          await page.setViewportSize({ width, height: 900 });
          await settled(page);
          await picture(page, `figures-${index}-${width}`);
          assert.deepEqual(await unreadable(page), [], `at ${width} px`);
        }
        const all = (await page.locator('#ladder').textContent()) ?? '';
        for (const [price, qty] of [...pair.asks.slice(0, 15), ...pair.bids.slice(0, 15)]) {
          assert.ok(all.includes(price) && all.includes(qty), `${price} ${qty}`);
        }
      }));
  }

  test('of an account are whole at every width', async () => {
    await using pair = await start({ tradesPerSecond: 0 }, WITH_ACCOUNT);
    pair.exchange.move('PEPE', '5105636126892.1234567890');
    pair.exchange.move('USD', '9876543210987.4321');
    await using visited = await visit(browser, pair.url, '/?pair=PEPE/USD');
    const { page } = visited;
    await page.fill('#token', TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('#worth', { hasText: /^\d+(\.\d+)?$/ }).waitFor();
    await page.locator('#balances', { hasText: '5105636126892.1234567890' }).waitFor();
    for (const width of [...WIDTHS, 320]) {
      await page.setViewportSize({ width, height: 900 });
      await settled(page);
      await picture(page, `figures-account-${width}`);
      assert.deepEqual(await unreadable(page), [], `at ${width} px`);
    }
  });

  for (const symbol of ['BTC/USD', 'PEPE/USD', 'ETH/BTC']) {
    test(`of ${symbol} are whole at every width, in tables where there is room`, async () => {
      await using pair = await start({ tradesPerSecond: 0 });
      await using visited = await visit(browser, pair.url, `/?pair=${symbol}`);
      const { page } = visited;
      await page.locator('#asks td').first().waitFor();
      await page.locator('#trades td').first().waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await settled(page);
        await picture(page, `figures-${symbol.replace('/', '-')}-${width}`);
        assert.deepEqual(await unreadable(page), [], `at ${width} px`);
        if (width < 1366) continue;
        assert.equal(await page.locator('#ladder .cards, #tape .cards').count(), 0, `at ${width} px`);
      }
    });
  }

  test('are in groups of three digits, and copied as plain digits', async () => {
    await using pair = await start({ tradesPerSecond: 0 });
    await using visited = await visit(browser, pair.url, '/?pair=BTC/USD');
    const last = visited.page.locator('#last');
    await last.filter({ hasText: /\d/ }).waitFor();
    const [groups, selected, text] = await last.evaluate(element => {
      getSelection()?.selectAllChildren(element);
      const spans = [...element.querySelectorAll('.digits > span')];
      return [
        spans.map(span => [span.textContent, parseFloat(getComputedStyle(span).marginLeft) > 1]),
        getSelection()?.toString(),
        element.textContent,
      ] as const;
    });
    assert.match(text ?? '', /^\d{5}\.\d$/);
    assert.equal(selected, text);
    assert.deepEqual(groups, [[text?.slice(2), true]]);
  });

  test('of a spread have three significant digits in percent', () =>
    lookAtOdd(
      browser,
      {
        symbol: 'WIDE/USD',
        pricePrecision: 2,
        qtyPrecision: 4,
        asks: [['102.66', '1.0000']],
        bids: [['100.00', '1.0000']],
        trades: [['100.00', '1.0000']],
      },
      async ({ page }) => {
        await page
          .locator('#ticker .figure', { hasText: 'Spread' })
          .locator('small', { hasText: /^2\.63 %$/ })
          .waitFor();
      },
    ));

  test('of totals are exact, and of one pair have the same number of places', () =>
    lookAtOdd(
      browser,
      {
        symbol: 'TINY/USD',
        pricePrecision: 2,
        qtyPrecision: 8,
        asks: [
          ['6', '0.00003476'],
          ['7.5', '2'],
        ],
        bids: [['5', '0.0000001']],
        trades: [['5', '0.5']],
      },
      async ({ page }) => {
        const rows = (id: string) =>
          page
            .locator(`#${id} tr`)
            .evaluateAll(all =>
              all.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent)),
            );
        await eventually(
          () => rows('asks'),
          asks =>
            JSON.stringify(asks) ===
            JSON.stringify([
              ['7.50', '2.00000000', '2.00003476'],
              ['6.00', '0.00003476', '0.00003476'],
            ]),
        );
        assert.deepEqual(await rows('bids'), [['5.00', '0.00000010', '0.00000010']]);
        assert.equal(await page.locator('#last').textContent(), '5.00');
        assert.match((await page.locator('#trades').textContent()) ?? '', /5\.00.*0\.50000000$/);
        assert.match((await page.locator('#ladder .middle').textContent()) ?? '', /Spread 1\.00/);
      },
    ));

  test('that there are none of are said to be none: an empty side is no price of 0', () =>
    lookAtOdd(
      browser,
      {
        symbol: 'HALF/USD',
        pricePrecision: 3,
        qtyPrecision: 4,
        asks: [],
        bids: [['1.000', '1.0000']],
        trades: [['1.000', '1.0000']],
      },
      async ({ page }) => {
        await page.locator('#ticker .figure', { hasText: /^AskNo asks$/ }).waitFor();
        await page.locator('#asks', { hasText: 'No asks' }).waitFor();
        await page.locator('#ladder .middle', { hasText: 'No spread' }).waitFor();
        assert.doesNotMatch((await page.locator('#ticker dl').textContent()) ?? '', /0\.000/);
      },
    ));
});
