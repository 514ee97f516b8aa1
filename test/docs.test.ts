import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { VARIABLES } from '../src/config.ts';
import { connect, query, subscribe, subscribeByEvents } from './support/client.ts';
import { start } from './support/server.ts';

const root = new URL('../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const readme = text('README.md');
const manifest = JSON.parse(text('package.json')) as {
  scripts: Record<string, string>;
};

describe('the README', () => {
  test('lists every variable with its default, and no other', () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\|.*\S.* \|$/gm)]
      .map(([, name, fallback = '']) => [name, fallback])
      .filter(([name]) =>
        /^(HOST|PORT|SYMBOLS|LOG|ALLOWED|MAX|KEEP|HTTPS?_|NO_|KRAKEN|SUBSCRIPTION|MESSAGE|ACCESS|SHUTDOWN|DATA)/.test(
          name ?? '',
        ),
      );
    assert.deepEqual(
      rows,
      Object.values(VARIABLES).map(({ name, fallback }) => [name, fallback]),
    );
  });

  test('names only scripts and files that exist', () => {
    for (const [, script = ''] of readme.matchAll(/npm run ([a-z:]+)/g))
      assert.ok(manifest.scripts[script], script);
    for (const [, path = ''] of readme.matchAll(/\]\(([^)#:]+)\)/g))
      assert.ok(existsSync(new URL(path, root)), path);
  });

  test('has a first subscription that gives what it shows', async () => {
    const [, body = ''] = /-d '(\{"query":"subscription.*\})'/.exec(readme) ?? [];
    const [, shown = ''] = /^data: (\{.*\})$/m.exec(readme) ?? [];
    await using pair = await start();
    await using values = subscribeByEvents(pair.url, (JSON.parse(body) as { query: string }).query);
    const { data } = await values.next();
    const keys = (value: object): string[] =>
      Object.entries(value).flatMap(([key, member]) =>
        typeof member === 'object' && member !== null ? [key, ...keys(member as object)] : [key],
      );
    assert.deepEqual(keys({ data }), keys(JSON.parse(shown) as object));
  });

  test('has an example of the library that works', async () => {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const { KrakenWebSocketV2 } = await import('../src/index.ts');
    const prototype = KrakenWebSocketV2.prototype as unknown as Record<string, unknown>;
    for (const [, method = ''] of example.matchAll(/kraken\.(\w+)\(/g))
      assert.equal(typeof prototype[method], 'function', method);
  });
});

test('the lock file holds the packages of every platform, without which npm ci refuses it', () => {
  const { packages } = JSON.parse(text('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
  };
  const names = new Set(Object.keys(packages).map(path => path.split('node_modules/').at(-1)));
  for (const [path, { optionalDependencies = {}, resolved }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) assert.ok(names.has(name), `${name}, of ${path}`);
    assert.doesNotMatch(resolved ?? '', /:/, 'no address of a registry');
  }
  assert.equal(
    new Set(Object.values(packages['toolchain']?.optionalDependencies ?? {})).size,
    1,
    'the same Node on every platform',
  );
});

test('GraphQL answers a document in the same words over every transport', async () => {
  await using pair = await start();
  const document = '{ status { health nonsense } }';
  const client = connect(pair.url);
  const overHttp = await query(pair.url, document);
  const overWebSocket = await subscribe(client, document)
    .next()
    .catch((errors: unknown) => errors as { message: string }[]);
  assert.equal(overHttp.errors?.[0]?.message, (overWebSocket as { message: string }[])[0]?.message);
  await client.dispose();
});

describe('what operators are given', () => {
  const operations = text('docs/OPERATIONS.md');
  const alerts = text('docs/monitoring/alerts.yml');
  const dashboard = text('docs/monitoring/grafana.json');

  test('names only metrics that exist', async () => {
    await using pair = await start();
    await using values = subscribe(
      connect(pair.url),
      'subscription { ticker(symbols: ["BTC/USD"]) { bid } }',
    );
    await values.next();
    const metrics = await (await fetch(`${pair.url}/metrics`)).text();
    const known = new Set([...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    const named = `${operations}${alerts}${dashboard}`.matchAll(
      /\b(?:kraken|graphql|nodejs|process)_[a-z0-9_]+\b/g,
    );
    for (const [name] of named) assert.ok(known.has(name.replace(/_(bucket|count|sum)$/, '')), name);
    await values.stop();
  });

  test('explains every alert', () => {
    const named = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const explained = [...operations.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(named, explained);
    assert.ok(named.length >= 10);
  });

  test('is a dashboard that Grafana can read: panels that do not overlap, each with a query', () => {
    const { panels } = JSON.parse(dashboard) as {
      panels: { gridPos: Record<'x' | 'y' | 'w' | 'h', number>; targets: { expr: string }[] }[];
    };
    const taken = new Set<string>();
    for (const { gridPos, targets } of panels) {
      assert.ok(targets.length > 0 && targets.every(({ expr }) => expr !== ''));
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.ok(x < 24 && !taken.has(`${x} ${y}`));
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
