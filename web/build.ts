/**
 * `npm run build:web`, and the first step of `npm start`, `npm run demo` and `npm test`: builds the dashboard into
 * `dist/web`, unless what is there was built from the same files. Without Vite, which is a development dependency, what is
 * there is left as it is.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const web = new URL('./', import.meta.url);
const lock = new URL('../package-lock.json', import.meta.url);
const stamp = new URL('../dist/web/.built-from', import.meta.url);

/** A hash of everything that goes into it. */
function inputs(): string {
  const hash = createHash('sha256').update(readFileSync(lock));
  const files = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`)
    .sort();
  for (const file of files)
    hash.update(`${file.slice(fileURLToPath(web).length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

const wanted = inputs();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const vite = await import('vite').catch(() => undefined);
  if (vite === undefined) {
    process.stderr.write('the dashboard is not built: that takes the development dependencies (npm ci)\n');
  } else {
    await vite.build({ root: fileURLToPath(web), logLevel: 'warn' });
    writeFileSync(stamp, wanted);
  }
}
