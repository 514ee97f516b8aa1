import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../lib/logger.ts';

const FILE = 'cursor.key';
const KEY_BYTES = 32;

/**
 * The key that signs cursors: the one in the directory, or a new one that is kept there. Processes that start at once
 * agree on the first. Where nothing can be kept the key lasts for this run.
 */
export function loadCursorKey(directory: string, logger: Logger): Uint8Array {
  try {
    mkdirSync(directory, { recursive: true });
    return read(directory) ?? create(directory);
  } catch (error) {
    const reason = (error as Error).message;
    logger.warn(
      { directory, reason },
      'no key could be kept: cursors of this run will not survive a restart',
    );
    return randomBytes(KEY_BYTES);
  }
}

function read(directory: string): Uint8Array | undefined {
  const path = join(directory, FILE);
  let key: Uint8Array;
  try {
    key = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (key.length !== KEY_BYTES) throw new Error(`${path} is no key: it has ${key.length} bytes`);
  return key;
}

/** Written under another name first: whoever finds the key finds all of it. A link does not replace one that is there. */
function create(directory: string): Uint8Array {
  const draft = join(directory, `${FILE}.${process.pid}.${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
    try {
      linkSync(draft, join(directory, FILE));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const key = read(directory);
  if (key === undefined) throw new Error(`${join(directory, FILE)} has vanished`);
  return key;
}
