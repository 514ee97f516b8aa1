/** A machine whose clock is wrong: what is told is right all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { DATA_DIR, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

for (const minutes of [-10, -1, 0, 1, 10]) {
  test(`${minutes} minutes ahead: ages, candles and balances are right`, async () => {
    const skewMs = minutes * 60_000;
    const warnings: object[] = [];
    const silent = (): void => {};
    const logger: Logger = {
      debug: silent,
      info: silent,
      error: silent,
      warn: detail => {
        if ('skewMs' in detail) warnings.push(detail);
      },
    };
    const exchange = new Exchange({ tradesPerSecond: 0 });
    await exchange.start();
    const config = readConfig({
      PORT: '0',
      DATA_DIR,
      KRAKEN_WS_URL: exchange.publicUrl,
      KRAKEN_WS_AUTH_URL: exchange.privateUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      KRAKEN_REST_RATE: '1000',
      ...WITH_ACCOUNT,
    });
    const clock = { ...systemClock, now: () => Date.now() + skewMs };
    const app = await createApp({ config, logger, clock });
    const client = connect(app.url, TOKEN);
    try {
      const ask = async (text: string) => (await query(app.url, text, {}, TOKEN)).data;
      const { status } = await eventually(
        () => ask('{ status { clockSkewMs } }'),
        data => data.status.clockSkewMs !== null,
      );
      assert.ok(Math.abs(status.clockSkewMs - skewMs) < 1_000, `${status.clockSkewMs}`);
      assert.equal(warnings.length, minutes === 0 ? 0 : 1);

      const candles = subscribe(
        client,
        'subscription { ohlc(symbols: ["BTC/USD"]) { intervalBegin intervalEnd closed trades freshness { ageMs } } }',
      );
      await candles.next();
      exchange.trade('BTC/USD');
      const { data: told } = await candles.next();
      assert.ok(told.ohlc.freshness.ageMs < 1_000, `${told.ohlc.freshness.ageMs}`);
      const { ticker, ohlc } = await ask(
        '{ ticker(symbol: "BTC/USD") { freshness { ageMs receivedAt state } } ohlc(symbol: "BTC/USD", last: 1) { intervalEnd closed freshness { ageMs } } }',
      );
      assert.equal(ticker.freshness.state, 'LIVE');
      assert.ok(ticker.freshness.ageMs < 1_000, `${ticker.freshness.ageMs}`);
      assert.ok(Math.abs(Date.parse(ticker.freshness.receivedAt) - Date.now()) < 2_000);
      // The candle of now may end while this runs; but it is not closed before it has ended at the exchange.
      assert.equal(ohlc[0].closed && Date.parse(ohlc[0].intervalEnd) > Date.now(), false);

      exchange.move('USD', '1.0000');
      await eventually(
        () => ask('{ balance(asset: "USD") { balance holdTrade freshness { state ageMs } } }'),
        ({ balance }) =>
          balance?.freshness.state === 'LIVE' &&
          balance.holdTrade !== null &&
          balance.freshness.ageMs < 2_000,
      );
    } finally {
      await client.dispose();
      await app.close();
      await exchange.stop();
    }
  });
}
