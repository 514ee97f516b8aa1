import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readCommandLine } from '../src/cli.ts';
import { run } from './support/processes.ts';

const kind = (...args: string[]): string => readCommandLine(args).kind;

describe('the command line', () => {
  test('starts the server by default, and what else it is asked for', () => {
    assert.equal(kind(), 'start');
    assert.equal(kind('start'), 'start');
    assert.equal(kind('demo'), 'demo');
    assert.equal(kind('--help'), 'help');
    assert.equal(kind('demo', '-h'), 'help');
    assert.equal(kind('simulator', '--help'), 'help');
    assert.equal(kind('-v'), 'version');
    assert.deepEqual(readCommandLine(['simulator', '--port', '0', '--replay', 'a', '--replay', 'b']), {
      kind: 'simulator',
      options: {
        port: 0,
        seed: 1,
        tradesPerSecond: 20,
        bookChangesPerSecond: 40,
        replayIntervalMs: 100,
        replay: ['a', 'b'],
      },
    });
  });

  test('prints help and the version, and starts nothing', async () => {
    await using help = run('src/main.ts', ['--help']);
    assert.equal(await help.exit(), 0);
    for (const word of ['start', 'demo', 'simulator', '--version'])
      assert.ok(help.output.includes(word), word);
    await using version = run('src/main.ts', ['--version']);
    assert.equal(await version.exit(), 0);
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    assert.equal(version.output, `${manifest.version}\n`);
  });

  for (const args of [
    ['nonsense'],
    ['--nonsense'],
    ['start', 'now'],
    ['demo', '--port', '1'],
    ['simulator', '--port'],
    ['simulator', '--port', 'x'],
    ['simulator', '--seed', '-1'],
    ['simulator', '--port='],
    ['two\nlines'],
    [''],
  ]) {
    test(`takes ${JSON.stringify(args)} for a mistake: code 2 and one line`, async () => {
      await using program = run('src/main.ts', args);
      assert.equal(await program.exit(), 2);
      assert.match(program.output, /^kraken-graphql: [^\n]+; see kraken-graphql --help\n$/);
    });
  }
});
