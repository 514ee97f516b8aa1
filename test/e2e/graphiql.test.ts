import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { Exchange } from '../../src/simulator/exchange.ts';
import { launch, NO_BROWSER, SCREENSHOTS, visit } from '../support/browser.ts';
import { eventually } from '../support/client.ts';
import { startServer, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

/** The tabs after the first, and what shows that each ran. */
const TABS: Readonly<Record<string, RegExp>> = {
  Ticker: /"bidQty"/,
  Tickers: /"tickers"/,
  Instruments: /"instruments"/,
  Status: /"HEALTHY"/,
  StatusStream: /"uptimeSeconds"/,
  ConnectionEvents: /"connectionEvents"/,
  BookStream: /"bids"/,
  BookUpdates: /"BookDelta"/,
  TradesStream: /"cursor"/,
  CandlesStream: /"ohlc": \{/,
  Candles: /"ohlc": \[/,
  Book: /"depth": 10/,
  Trades: /"nodes"/,
};

/** Those that need the access token. */
const PRIVATE_TABS: Readonly<Record<string, RegExp>> = {
  BalancesStream: /"holdTrade"/,
  Portfolio: /"positions"/,
};

/** Waits until a pane of the page shows matching text; the editor writes no-break spaces. */
async function shows(page: Page, pane: string, text: RegExp): Promise<void> {
  await page.waitForFunction(
    ({ pane, source }) =>
      new RegExp(source).test((document.querySelector(pane)?.textContent ?? '').replaceAll('\u00a0', ' ')),
    { pane, source: text.source },
  );
}

/** The text of the result pane. */
const result = (page: Page): Promise<string> =>
  page
    .locator('.graphiql-response .view-lines')
    .textContent()
    .then(text => (text ?? '').replaceAll('\u00a0', ' '));

test('GraphiQL loads from this server alone, and its example tabs run and move', {
  skip: NO_BROWSER,
}, async () => {
  const exchange = new Exchange({ tradesPerSecond: 50 });
  await exchange.start();
  const app = await startServer(exchange.publicUrl, {
    ...WITH_ACCOUNT,
    KRAKEN_WS_AUTH_URL: exchange.privateUrl,
    KRAKEN_REST_URL: exchange.restUrl,
  });
  const browser = await launch();
  try {
    await using visited = await visit(browser, app.url, '/graphql', {
      viewport: { width: 1400, height: 900 },
    });
    const { page, foreign, failures, sockets } = visited;
    // Not by a second visit: GraphiQL opens one more tab beside those that it has saved.
    const headers = (await page.request.get(page.url(), { headers: { accept: 'text/html' } })).headers();
    const policy = headers['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'.*script-src 'self'(;|$)/);
    assert.equal(headers['x-frame-options'], 'DENY');
    await page.locator('.graphiql-tab').first().waitFor();
    assert.equal(await page.locator('.graphiql-tab').count(), 16);

    await page.locator('.graphiql-execute-button').click();
    await shows(page, '.graphiql-response', /"LIVE"/);
    const first = await result(page);
    await page.waitForFunction(
      before =>
        document.querySelector('.graphiql-response .view-lines')?.textContent?.replaceAll('\u00a0', ' ') !==
        before,
      first,
    );
    assert.match(await result(page), /"ticker"/);
    if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/graphiql.png` });

    // Another tab stops what the one before it was doing.
    for (const [name, expected] of Object.entries(TABS)) {
      // The tabs slide into place for a while, and a mouse would miss them.
      await page.locator(`.graphiql-tab-button[title="${name}"]`).dispatchEvent('click');
      await shows(page, '.graphiql-query-editor', new RegExp(`(query|subscription) ${name}\\b`));
      // The page takes a moment to follow the tab, and may still run the operation of the one before.
      await eventually(
        async () => {
          const execute = page.getByRole('button', { name: /^Execute query/ });
          if (await execute.isVisible()) await execute.dispatchEvent('click');
          return result(page);
        },
        text => expected.test(text),
      );
    }
    // The account's tabs need the token in their headers; over WebSocket it goes along when the socket connects.
    for (const [name, expected] of Object.entries(PRIVATE_TABS)) {
      await page.locator(`.graphiql-tab-button[title="${name}"]`).dispatchEvent('click');
      await shows(page, '.graphiql-query-editor', new RegExp(`(query|subscription) ${name}\\b`));
      await page.getByRole('button', { name: 'Headers' }).dispatchEvent('click');
      await shows(page, '.graphiql-editor-tool', /<ACCESS_TOKEN>/);
      await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines').click();
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Backspace');
      await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${TOKEN}` }));
      await shows(page, '.graphiql-editor-tool', new RegExp(TOKEN));
      await eventually(
        async () => {
          const execute = page.getByRole('button', { name: /^Execute query/ });
          if (await execute.isVisible()) await execute.dispatchEvent('click');
          return result(page);
        },
        text => expected.test(text),
      );
    }
    if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/graphiql-account.png` });
    assert.deepEqual(foreign, []);
    assert.deepEqual(failures, []);
    assert.ok(
      sockets.some(url => url === `${app.url.replace('http', 'ws')}/graphql`),
      'subscriptions run over WebSocket',
    );
  } finally {
    await browser.close();
    await app.close();
    await exchange.stop();
  }
});
