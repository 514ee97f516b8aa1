import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { run } from '../support/processes.ts';
import { get } from '../support/scenario.ts';
import { TOKEN, WITH_ACCOUNT } from '../support/server.ts';

const HEALTH = '{ status { health } }';

test('wrong tokens are counted and logged without the token, and do not lock out a right one', async context => {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  context.after(() => exchange.stop());
  await using server = run('src/main.ts', [], {
    PORT: '0',
    KRAKEN_WS_URL: exchange.publicUrl,
    KRAKEN_WS_AUTH_URL: exchange.privateUrl,
    KRAKEN_REST_URL: exchange.restUrl,
    ...WITH_ACCOUNT,
  });
  const { url } = await server.listening();
  const wrong = 'canary-of-a-wrong-token';
  const order: string[] = [];
  const attempts = Array.from({ length: 6 }, async () => {
    const { errors } = await query(url, HEALTH, {}, wrong);
    assert.equal(errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED');
    order.push('wrong');
  });
  await eventually(
    () => server.output.split('a wrong access token').length - 1,
    lines => lines === 6,
  );
  assert.equal((await query(url, HEALTH, {}, TOKEN)).errors, undefined);
  order.push('right');
  await Promise.all(attempts);
  assert.notEqual(order.at(-1), 'right', 'the right token did not wait for the wrong ones');
  await assert.rejects(subscribe(connect(url, wrong), HEALTH).next(), { code: 4403 });
  assert.match(server.output, /"level":"warn",.*"address":"127\.0\.0\.1","msg":"a wrong access token"/);
  assert.ok(!server.output.includes(wrong));
  await eventually(
    async () => (await get(url, '/metrics')).body,
    text => text.includes('graphql_wrong_tokens_total 7\n'),
  );
});
