import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Program } from './support/processes.ts';

/** Runs a line of code with a logger, in a process of its own. */
async function logged(code: string): Promise<string> {
  const script = `import { createLogger } from './src/logging.ts';
    import { Redactor } from './src/lib/redactor.ts';
    const log = createLogger('info', new Redactor(['canary-of-the-mine', 'a/b+c"d=='])); ${code}`;
  await using program = new Program(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(await program.exit(), 0);
  return program.output;
}

test('off a terminal a line of the log is one JSON object, and the last ones are not lost at exit', async () => {
  const output = await logged(
    "for (let i = 0; i < 100; i += 1) log.info({ i }, 'counted'); process.exit(0);",
  );
  const lines = output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { i: number; level: string; msg: string });
  assert.deepEqual(
    lines.map(({ i }) => i),
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual([lines[0]?.level, lines[0]?.msg], ['info', 'counted']);
});

test('members that hold secrets are redacted wherever they stand', async () => {
  const output = await logged(
    "log.info({ token: 'canary', apiSecret: 'canary', config: { apiKey: 'canary' }, request: { headers: { authorization: 'canary' } } }, 'x');",
  );
  assert.match(output, /Redacted/);
  assert.doesNotMatch(output, /canary/);
});

test('what nobody may see is in no line, wherever it turns up and however it is written', async () => {
  const output = await logged(
    `log.info({ err: new Error('canary-of-the-mine is no key'), list: ['x canary-of-the-mine y'] }, 'a canary-of-the-mine');
     log.error({ url: 'http://x/?k=' + encodeURIComponent('a/b+c"d=='), at: Buffer.from('canary-of-the-mine').toString('base64'), text: 'a/b+c"d==' }, 'x');`,
  );
  assert.equal(output.trim().split('\n').length, 2);
  for (const line of output.trim().split('\n')) JSON.parse(line);
  assert.match(output, /\[redacted\] is no key/);
  for (const secret of ['canary', 'Y2FuYXJ5', 'b+c', 'b%2Bc']) assert.ok(!output.includes(secret), secret);
});

test('below its level nothing is logged', async () => {
  assert.equal(await logged("log.debug({}, 'quiet');"), '');
});
