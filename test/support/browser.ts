import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why there is nothing to browse with; false when there is. */
export const NO_BROWSER = existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM} (Debian: apt-get install chromium)`;

/** Where tests leave pictures of what they saw, when somebody wants to look. */
export const SCREENSHOTS = process.env['SCREENSHOTS'];

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

/** A page, and what it did that it should not have done. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Requests to any other host, none of which was let through. */
  readonly foreign: readonly string[];
  /** Exceptions, and what the console called an error or a violation of the page's policy. */
  readonly failures: readonly string[];
  /** The WebSockets that it opened. */
  readonly sockets: readonly string[];
}

/** Opens a page of a server, in a context of its own. */
export async function visit(
  browser: Browser,
  url: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const foreign: string[] = [];
  const failures: string[] = [];
  const sockets: string[] = [];
  await page.route('**/*', route => {
    if (route.request().url().startsWith(url)) return route.continue();
    foreign.push(route.request().url());
    return route.abort();
  });
  page.on('pageerror', error => failures.push(String(error)));
  page.on('console', message => {
    const text = message.text();
    if (message.type() === 'error' || /Content Security Policy|violates the following/i.test(text)) {
      failures.push(text);
    }
  });
  page.on('websocket', socket => sockets.push(socket.url()));
  await page.goto(`${url}${path}`);
  return { page, foreign, failures, sockets, [Symbol.asyncDispose]: () => context.close() };
}
