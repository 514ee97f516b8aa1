/** What becomes of the server when its log can no longer be written. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, subscribe } from '../support/client.ts';
import { freePort } from '../support/ports.ts';
import { Program } from '../support/processes.ts';
import { get } from '../support/scenario.ts';

const PAIR = 'BTC/USD';
const LINUX = process.platform === 'linux' ? false : 'descriptors are redirected as Linux does it';

/** A server started by a shell, which does to its descriptors what `redirection` says. */
function startRedirected(context: TestContext, redirection: string) {
  return startByShell(context, `exec '${process.execPath}' src/main.ts ${redirection}`);
}

/** A server started by a script of a shell, which gets these arguments. */
async function startByShell(context: TestContext, script: string, ...args: readonly string[]) {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const port = await freePort();
  const program = new Program('bash', ['-c', script, 'bash', ...args], {
    PORT: String(port),
    LOG_LEVEL: 'debug',
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_REST_URL: exchange.restUrl,
    KRAKEN_RECONNECT_DELAY_MS: '1',
    KRAKEN_RECONNECT_MAX_DELAY_MS: '5',
  });
  context.after(async () => {
    await program[Symbol.asyncDispose]();
    await exchange.stop();
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(url);
  return { exchange, program, url };
}

async function ready(url: string): Promise<void> {
  await eventually(
    () => get(url, '/ready').catch(() => ({ status: 0 })),
    ({ status }) => status === 200,
    20,
  );
}

/** The server lives, serves subscriptions, and still ends when it is told to. */
async function serves({
  exchange,
  program,
  url,
}: Awaited<ReturnType<typeof startRedirected>>): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    exchange.dropAll('rst');
    await eventually(
      () => exchange.sessions,
      sessions => [...sessions].length > 0,
    );
  }
  await ready(url);
  assert.equal((await get(url, '/health')).status, 200);
  const client = connect(url);
  await using values = subscribe(client, `subscription { trades(symbols: ["${PAIR}"], last: 1) { cursor } }`);
  await values.next();
  exchange.trade(PAIR);
  await values.next();
  await values.stop();
  await client.dispose();
  program.signal('SIGTERM');
  assert.equal(await program.exit(), 0);
}

async function droppedLines(url: string): Promise<number> {
  const { body } = await get(url, '/metrics');
  return Number(/^graphql_log_lines_dropped_total (\d+)$/m.exec(body)?.[1]);
}

test('a full disk: lines are dropped, counted, and told once on standard error', {
  skip: LINUX,
}, async context => {
  const server = await startRedirected(context, '> /dev/full');
  await eventually(
    () => droppedLines(server.url),
    dropped => dropped >= 3,
  );
  await serves(server);
  assert.equal(
    server.program.output,
    'Standard output cannot be written to (ENOSPC): lines of the log are dropped, the server goes on\n',
  );
});

test('a full disk for both outputs', { skip: LINUX }, async context => {
  await serves(await startRedirected(context, '> /dev/full 2>&1'));
});

for (const redirection of ['>&-', '<&-', '<&- >&- 2>&-']) {
  test(`started with ${redirection}`, { skip: LINUX }, async context => {
    await serves(await startRedirected(context, redirection));
  });
}

test('a reader that is gone', { skip: LINUX }, async context => {
  const server = await startRedirected(context, '> >(true)');
  await eventually(
    () => droppedLines(server.url),
    dropped => dropped > 0,
  );
  await serves(server);
  assert.match(server.program.output, /^Standard output cannot be written to \(EPIPE\)[^\n]*\n$/);
});

for (const [name, reader] of Object.entries({
  'a pipe': 'exec {fifo}<>"$1"; exec "$2" src/main.ts > "$1"',
  'a pipe that is standard error too': 'exec {fifo}<>"$1"; exec "$2" src/main.ts > "$1" 2>&1',
})) {
  test(`a reader that has stopped reading ${name}`, { skip: LINUX }, async context => {
    const directory = mkdtempSync(join(tmpdir(), 'log-'));
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const server = await startByShell(context, reader, fifo, process.execPath);
    context.after(() => rmSync(directory, { recursive: true }));
    // Each writes a line of 1 KiB and more, at this level; a pipe holds 64 KiB.
    for (let count = 0; count < 200; count += 1) {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      await once(socket, 'open');
      socket.send('x'.repeat(70_000));
      await once(socket, 'close');
    }
    await serves(server);
  });
}

test('50 MiB of log on a file system of 1 MiB: nothing throws, and what was dropped is told when there is room', async context => {
  const directory = mkdtempSync(join(tmpdir(), 'full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    rmdirSync(directory);
    context.skip('a file system can be mounted by root on Linux alone');
    return;
  }
  context.after(() => {
    execFileSync('umount', ['--lazy', directory]);
    rmdirSync(directory);
  });
  const [filler, log] = [join(directory, 'filler'), join(directory, 'log')];
  writeFileSync(filler, Buffer.alloc(400_000));
  const script = `import { existsSync } from 'node:fs';
    import { createLogger, droppedLines } from './src/logging.ts';
    import { Redactor } from './src/lib/redactor.ts';
    const log = createLogger('info', new Redactor([]));
    const text = 'x'.repeat(1_000);
    for (let i = 0; i < 52_000; i += 1) log.info({ i, text }, 'a line');
    console.error('dropped', droppedLines());
    const timer = setInterval(() => {
      if (existsSync('${filler}')) return;
      clearInterval(timer);
      log.info({ i: -1 }, 'there is room again');
    }, 10);`;
  const program = new Program('bash', [
    '-c',
    `exec '${process.execPath}' --input-type=module -e "$1" > '${log}'`,
    'bash',
    script,
  ]);
  context.after(() => program[Symbol.asyncDispose]());
  const [, dropped = ''] = await program.written(/^dropped (\d+)$/m);
  assert.ok(Number(dropped) > 50_000, dropped);
  rmSync(filler);
  assert.equal(await program.exit(), 0);
  assert.ok(existsSync(log));
  const lines = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { i?: number; dropped?: number });
  assert.deepEqual([lines.at(-2)?.dropped, lines.at(-1)?.i], [Number(dropped), -1]);
  assert.equal(lines.length - 2, 52_000 - Number(dropped));
});
