/** The examples of clients as programs of their own, against the demo as a user starts it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '../support/client.ts';
import { Program, run } from '../support/processes.ts';

let demo: Program;
let url: string;
let token: string;
before(async () => {
  demo = run('src/main.ts', ['demo'], { PORT: '0' });
  [, url = ''] = await demo.written(/GraphQL +(http:\S+\/graphql)/);
  [, token = ''] = await demo.written(/Access token +(\S+)/);
});
after(async () => {
  await demo[Symbol.asyncDispose]();
});

describe('each example of a client runs against the demo', () => {
  for (const [name, patterns] of Object.entries({
    'graphql-ws': [/^(BTC|ETH)\/USD \d+ (BUY|SELL) [\d.]+ @ [\d.]+$/m],
    urql: [/^candle .*Z [\d.]+ (true|false)$/m, /^trade \d+ (BUY|SELL) [\d.]+ @ [\d.]+$/m],
    apollo: [/^book [\d.]+ [\d.]+ true$/m, /^stream BTC\/USD 5 [\d.]+$/m],
  })) {
    test(name, async () => {
      await using example = run(`examples/clients/${name}.ts`, [], { URL: url, ACCESS_TOKEN: token });
      for (const pattern of patterns) await example.written(pattern);
      assert.equal(await example.exit(), 0, example.output);
    });
  }

  test('curl', async () => {
    await using example = new Program('sh', ['examples/clients/sse.sh'], { URL: url, SECONDS_TO_WATCH: '2' });
    await example.written(/"reason":"SUBSCRIBED"/);
    await example.written(/"previousSequence"/);
    assert.equal(await example.exit(), 0, example.output);
  });
});

test('the demo has balances, for whoever has the token that it prints', async () => {
  const base = url.replace('/graphql', '');
  const { data } = await query(base, '{ portfolio { total } }', {}, token);
  assert.match(data.portfolio.total, /^\d+\.\d+$/);
  const { errors } = await query(base, '{ portfolio { total } }');
  assert.equal(errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED');
});
