import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { assetsOf, type Page } from './page.ts';

/** As `web/build.ts` leaves it; the same place from `src/server` and from `dist/server`. */
const BUILT = new URL('../../dist/web/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The dashboard as it was built; undefined when it was not. */
export async function loadDashboard(): Promise<Page | undefined> {
  try {
    const html = await readFile(new URL('index.html', BUILT), 'utf8');
    const names = await readdir(new URL('assets/', BUILT));
    const files = await Promise.all(
      names.map(async name => ({
        path: `/assets/${name}`,
        type: TYPES[extname(name)] ?? 'application/octet-stream',
        body: await readFile(new URL(`assets/${name}`, BUILT)),
      })),
    );
    return { html, assets: await assetsOf(files) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
