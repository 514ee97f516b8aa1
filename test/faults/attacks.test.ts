/** Hostile clients, one kind at a time: whatever they send, the others are served as if they were not there. */
import assert from 'node:assert/strict';
import { ATTACKS } from '../support/attacks.ts';
import { connect, subscribe } from '../support/client.ts';
import { get, scenario } from '../support/scenario.ts';

const TICKER = 'subscription { ticker(symbols: ["BTC/USD"]) { bid ask last freshness { state } } }';
/** Trades that a bystander has to see, one after the other: each is made when the one before it has arrived. */
const STEPS = 40;

for (const [name, attack] of Object.entries(ATTACKS)) {
  scenario(`${name} disturb no one`, async ({ exchange, url, witness }) => {
    const client = connect(url);
    const bystander = subscribe(client, TICKER);
    await bystander.next();
    const stop = new AbortController();
    const attacking = attack(url, stop.signal);
    for (let step = 0; step < STEPS; step += 1) {
      exchange.trade('BTC/USD');
      // Fails after ten seconds without a value.
      const { errors } = await bystander.next();
      assert.equal(errors, undefined);
    }
    assert.equal((await get(url, '/health')).status, 200);
    await witness.hasEverything();
    stop.abort();
    await attacking;
    const metrics = (await get(url, '/metrics')).body;
    assert.doesNotMatch(metrics, /graphql_contained_errors_total\{/, 'nothing unexpected happened');
    await bystander.stop();
    await client.dispose();
  });
}
