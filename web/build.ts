/**
 * `npm run build:web`, and the first step of `npm start`, `npm run demo` and `npm test`: builds the dashboard into
 * `dist/web`, unless what is there was built from the same files. Without Vite, which is a development dependency, what is
 * there is left as it is; with `--required` that is a failure.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('./', import.meta.url));
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const lock = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const built = `${dist}web`;
const STAMP = '/.built-from';

/** A hash of everything that goes into it. */
function inputs(): string {
  const hash = createHash('sha256').update(readFileSync(lock));
  const files = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`)
    .sort();
  for (const file of files) hash.update(`${file.slice(web.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Aside first, and then in place: a server that is asked meanwhile has the old one, or looks again a moment later. */
async function build(vite: typeof import('vite'), from: string): Promise<void> {
  const fresh = `${dist}.web-${process.pid}`;
  const old = `${fresh}-old`;
  try {
    await vite.build({ root: web, logLevel: 'warn', build: { outDir: fresh } });
    writeFileSync(`${fresh}${STAMP}`, from);
    if (existsSync(built)) renameSync(built, old);
    renameSync(fresh, built);
  } catch (error) {
    // Somebody else who built the same was a moment faster.
    if (!isBuilt(from)) throw error;
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

function isBuilt(from: string): boolean {
  return existsSync(`${built}${STAMP}`) && readFileSync(`${built}${STAMP}`, 'utf8') === from;
}

const wanted = inputs();
if (!isBuilt(wanted)) {
  const vite = await import('vite').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write('the dashboard is not built: that takes the development dependencies (npm ci)\n');
    if (process.argv.includes('--required')) process.exitCode = 1;
  });
  if (vite) await build(vite, wanted);
}
