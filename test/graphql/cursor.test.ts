import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { loadCursorKey } from '../../src/graphql/cursor-key.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';

const key = randomBytes(32);
const cursors = new CursorSigner(key);
const PLACE = { symbol: 'BTC/USD' as PairSymbol, tradeId: 5, timestamp: '2026-01-01T00:00:00.123456Z' };

describe('a cursor', () => {
  test('is read as it was signed, by HMAC-SHA256', () => {
    const text = cursors.sign(PLACE);
    assert.deepEqual(cursors.read(text), PLACE);
    const bytes = Buffer.from(text, 'base64url');
    const content = bytes.subarray(0, -16);
    assert.equal(String(content), '2|BTC/USD|5|2026-01-01T00:00:00.123456Z');
    assert.deepEqual(bytes.subarray(-16), createHmac('sha256', key).update(content).digest().subarray(0, 16));
  });

  test('with any byte changed, cut short, or of another key is CURSOR_INVALID', () => {
    const bytes = Buffer.from(cursors.sign(PLACE), 'base64url');
    const invalid = (text: string): void => {
      assert.throws(() => cursors.read(text), { code: 'CURSOR_INVALID' });
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ flip;
        invalid(changed.toString('base64url'));
        invalid(bytes.subarray(0, index).toString('base64url'));
      }),
    );
    fc.assert(fc.property(fc.string(), invalid));
    invalid(new CursorSigner(randomBytes(32)).sign(PLACE));
  });
});

describe('the key of cursors', () => {
  const inDirectory = (body: (directory: string) => void | Promise<void>) => async (): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'cursor-key-'));
    try {
      await body(directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
  const warnings = (): { logger: Logger; lines: string[] } => {
    const lines: string[] = [];
    return { logger: { ...silentLogger, warn: (_detail: object, text: string) => lines.push(text) }, lines };
  };

  test(
    'is made once, for its owner alone, in a directory that is made for it',
    inDirectory(directory => {
      const data = join(directory, 'deep', 'data');
      const made = loadCursorKey(data, silentLogger);
      assert.deepEqual(Buffer.from(loadCursorKey(data, silentLogger)), Buffer.from(made));
      assert.equal(made.length, 32);
      assert.equal(statSync(join(data, 'cursor.key')).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(data), ['cursor.key']);
    }),
  );

  test(
    'is the same for all that start at once',
    inDirectory(async directory => {
      const source = `
        const { workerData, parentPort } = require('node:worker_threads');
        import(workerData.module).then(({ loadCursorKey }) => {
          const warn = (detail) => { throw new Error(JSON.stringify(detail)); };
          Atomics.wait(new Int32Array(workerData.gate), 0, 0);
          parentPort.postMessage(Buffer.from(loadCursorKey(workerData.directory, { warn })).toString('hex'));
        });
      `;
      const gate = new SharedArrayBuffer(4);
      const module = new URL('../../src/graphql/cursor-key.ts', import.meta.url).href;
      const keys = Array.from({ length: 6 }, () => {
        const worker = new Worker(source, { eval: true, workerData: { module, directory, gate } });
        return new Promise<string>((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
      });
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
      assert.equal(new Set(await Promise.all(keys)).size, 1);
      assert.deepEqual(readdirSync(directory), ['cursor.key']);
    }),
  );

  test(
    'lasts for the run where nothing can be kept, and the log says so once',
    inDirectory(directory => {
      writeFileSync(join(directory, 'file'), '');
      const { logger, lines } = warnings();
      assert.equal(loadCursorKey(join(directory, 'file'), logger).length, 32);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /will not survive a restart/);
    }),
  );

  test(
    'that is damaged is left alone, and not used',
    inDirectory(directory => {
      writeFileSync(join(directory, 'cursor.key'), 'short');
      const { logger, lines } = warnings();
      assert.equal(loadCursorKey(directory, logger).length, 32);
      assert.equal(lines.length, 1);
      assert.equal(readFileSync(join(directory, 'cursor.key'), 'utf8'), 'short');
    }),
  );
});
