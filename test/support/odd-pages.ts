import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { visit } from './browser.ts';
import { OddExchange, type OddPair } from './odd-pairs.ts';
import { startServer } from './server.ts';

export interface OddScene {
  readonly page: Page;
  readonly odd: OddExchange;
  /** Of the server. */
  readonly url: string;
}

/** A page of a pair that was made up, with all that there is of it; afterwards nothing on the page has failed. */
export async function lookAtOdd(
  browser: Browser,
  pair: OddPair,
  body: (scene: OddScene) => Promise<void>,
): Promise<void> {
  await using odd = await OddExchange.with(pair);
  const app = await startServer(odd.exchange.publicUrl, {
    KRAKEN_REST_URL: odd.restUrl,
    SYMBOLS: pair.symbol,
  });
  try {
    await odd.list();
    await using visited = await visit(browser, app.url, `/?pair=${pair.symbol}`);
    await odd.tell(pair.symbol);
    await body({ page: visited.page, odd, url: app.url });
    assert.deepEqual(visited.failures, []);
  } finally {
    await app.close();
  }
}
