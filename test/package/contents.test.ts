/** What `npm pack` makes of a clean clone, and what a user gets of it: without a registry. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build } from 'vite';
import { unexportedTypes } from '../support/exported-types.ts';
import { cleanClone, pack, unpackInto } from '../support/package.ts';
import { ROOT } from '../support/processes.ts';

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly [field: string]: unknown;
}

test('`npm pack` fails where nothing is installed, instead of packing nothing', () => {
  const clone = cleanClone();
  const { status, stdout } = spawnSync('npm', ['pack'], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...process.env, PATH: pathWithoutTools() },
  });
  assert.notEqual(status, 0, stdout);
  assert.deepEqual(globSync('*.tgz', { cwd: clone }), []);
});

describe('the tarball of a clean clone', () => {
  let tarball = '';
  let project = '';
  let installed = '';
  let files: readonly string[] = [];
  before(
    () => {
      tarball = pack();
      files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(path => path.replace(/^package\//, ''));
      ({ project, installed } = unpackInto(tarball));
    },
    { timeout: 180_000 },
  );
  const manifest = (): Manifest => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const runNode = (args: readonly string[]) =>
    spawnSync(process.execPath, [...args], { cwd: project, encoding: 'utf8' });

  test('holds the code, the dashboard, the schema, the documentation and the examples, and no more', () => {
    const top = new Set(files.map(path => path.split('/')[0]));
    assert.deepEqual([...top].sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'examples',
      'package.json',
      'schema',
    ]);
    for (const path of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/server.js',
      'dist/server.d.ts',
      'dist/main.js',
      'dist/simulator/exchange.js',
      'dist/web/index.html',
      'schema/schema.graphql',
      'schema/operations/01-ticker-stream.graphql',
      'docs/client.md',
      'docs/monitoring/alerts.yml',
      'examples/trading-engine.ts',
      'examples/clients/graphql-ws.ts',
    ])
      assert.ok(files.includes(path), path);
  });

  test('has exactly the code of the sources, whatever was built before', () => {
    const built = files.filter(
      path => path.startsWith('dist/') && path.endsWith('.js') && !path.includes('/web/'),
    );
    const sources = globSync('src/**/*.ts', { cwd: ROOT });
    assert.deepEqual(
      built.sort(),
      sources.map(path => path.replace(/^src/, 'dist').replace(/ts$/, 'js')).sort(),
    );
  });

  test('points to nothing that is not in it: source maps, links and images of the documentation', () => {
    for (const path of files.filter(path => /\.(js|css)$/.test(path)))
      assert.doesNotMatch(
        readFileSync(join(installed, path), 'utf8'),
        /^\/[/*][#@] sourceMappingURL=/m,
        path,
      );
    for (const path of files.filter(path => path.endsWith('.md'))) {
      const text = readFileSync(join(installed, path), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const inRepository = join(ROOT, dirname(path), target);
        assert.ok(existsSync(inRepository), `${path} points to ${target}`);
        if (/\.(png|svg)$/.test(target))
          assert.ok(existsSync(join(installed, dirname(path), target)), target);
      }
    }
  });

  test('brings no Node, runs no script on install, and says where it comes from', () => {
    const { dependencies, optionalDependencies, scripts, repository, bugs, homepage } = manifest();
    assert.deepEqual(
      Object.keys(dependencies).filter(name => /^node(-|$)/.test(name)),
      [],
    );
    assert.equal(optionalDependencies, undefined);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      assert.equal(scripts[name], undefined);
    for (const field of [repository, bugs, homepage])
      assert.match(JSON.stringify(field), /https:\/\/github\.com\/kraken-graphql\/kraken-graphql/);
  });

  test('is what publint and arethetypeswrong call right', { timeout: 120_000 }, async () => {
    const { messages } = await publint({
      pack: { tarball: readFileSync(tarball).buffer },
    });
    assert.deepEqual(
      messages.map(message => formatMessage(message, manifest(), { color: false })),
      [],
    );
    const { problems } = Object.assign(
      { problems: [] },
      await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))), {
        // No module.
        excludeEntrypoints: ['./schema.graphql'],
      }),
    );
    // An ES module for `require` too: TypeScript before 5.8 takes that for a fault, and node10 knows no `exports`.
    const expected = new Set(['CJSResolvesToESM node16-cjs', 'NoResolution node10']);
    const others = problems
      .map((problem: object) => `${Reflect.get(problem, 'kind')} ${Reflect.get(problem, 'resolutionKind')}`)
      .filter(text => !expected.has(text));
    assert.deepEqual(others, []);
  });

  test('exports every type that a public signature names', () => {
    const own = join(installed, 'dist/');
    for (const entry of ['index.d.ts', 'server.d.ts'])
      assert.deepEqual(unexportedTypes(own + entry, own), [], entry);
  });

  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    test(`compiles in a project with moduleResolution ${moduleResolution}`, { timeout: 120_000 }, () => {
      writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
      const { status, stdout } = runNode([
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', 'node'],
        ...['--module', module, '--moduleResolution', moduleResolution, 'types.ts'],
      ]);
      assert.equal(status, 0, stdout);
    });
  }

  test('loads the client alone: no GraphQL, no server, a tenth of the modules', () => {
    const loaded = (entry: string): readonly string[] => {
      const program = `
        import { registerHooks } from 'node:module';
        const loaded = [];
        registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
        await import(${JSON.stringify(entry)});
        console.log(JSON.stringify(loaded));`;
      const { stdout, stderr } = runNode(['--input-type=module', '-e', program]);
      assert.equal(stderr, '');
      return JSON.parse(stdout);
    };
    const client = loaded('kraken-graphql');
    assert.deepEqual(
      client.filter(url =>
        /\/(graphql|graphql-yoga|graphql-ws|@pothos|pino|prom-client|dist\/server)\//.test(url),
      ),
      [],
    );
    assert.ok(client.length < 200, `${client.length} modules`);
    assert.ok(loaded('kraken-graphql/server').length > 5 * client.length);
  });

  test('can be required', () => {
    const { stdout, stderr } = runNode([
      ...['--input-type=commonjs', '-e'],
      `const { KrakenWebSocketV2 } = require('kraken-graphql');
       const { createApp } = require('kraken-graphql/server');
       console.log(typeof new KrakenWebSocketV2().connect, typeof createApp);`,
    ]);
    assert.equal(stdout, 'function function\n', stderr);
  });

  test('can be bundled as CommonJS', { timeout: 120_000 }, async () => {
    const entry = join(project, 'bundled.js');
    writeFileSync(
      entry,
      `import { KrakenWebSocketV2, CodedError } from 'kraken-graphql';
       try { new KrakenWebSocketV2().subscribeBalance(); } catch (error) { console.log(error instanceof CodedError, error.code); }`,
    );
    await build({
      configFile: false,
      root: project,
      logLevel: 'error',
      ssr: { noExternal: true, external: ['bufferutil', 'utf-8-validate'] },
      build: {
        ssr: entry,
        outDir: 'bundle',
        rolldownOptions: { output: { format: 'cjs', entryFileNames: 'bundle.cjs' } },
      },
    });
    const { stdout, stderr } = runNode(['bundle/bundle.cjs']);
    assert.equal(stdout, 'true BALANCES_DISABLED\n', stderr);
  });
});

/** Where `tsc` is not found though npm is: the folders of this repository's own tools left out. */
function pathWithoutTools(): string {
  return (process.env['PATH'] ?? '')
    .split(':')
    .filter(folder => !existsSync(join(folder, 'tsc')))
    .concat(dirname(process.execPath))
    .join(':');
}
