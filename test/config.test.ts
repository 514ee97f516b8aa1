import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig, VARIABLES } from '../src/config.ts';

test('an empty environment gives the documented defaults', () => {
  const config = readConfig({ PORT: '' });
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 4000);
  assert.deepEqual(config.symbols, ['BTC/USD', 'ETH/USD']);
  assert.equal(config.krakenWsUrl, 'wss://ws.kraken.com/v2');
  assert.equal(config.heartbeatTimeoutMs, 5_000);
  assert.deepEqual(config.allowedOrigins, []);
  assert.ok(Object.isFrozen(config));
});

test('values are read, with spaces around them', () => {
  const config = readConfig({
    PORT: ' 0 ',
    SYMBOLS: ' btc/usd , SOL-EUR ',
    LOG_LEVEL: 'DEBUG',
    ALLOWED_ORIGINS: 'https://a.example,http://localhost:3000',
  });
  assert.equal(config.port, 0);
  assert.deepEqual(config.symbols, ['btc/usd', 'SOL-EUR']);
  assert.equal(config.logLevel, 'debug');
  assert.deepEqual(config.allowedOrigins, ['https://a.example', 'http://localhost:3000']);
  assert.equal(readConfig({ SYMBOLS: '*' }).symbols, '*');
});

describe('a bad value is named with its variable and what is allowed', () => {
  const bad: Readonly<Record<string, string>> = {
    HOST: 'two words',
    PORT: '65536',
    SYMBOLS: 'BTCUSD',
    KRAKEN_WS_URL: 'https://ws.kraken.com/v2',
    ALLOWED_ORIGINS: 'https://a.example/path',
    LOG_LEVEL: 'loud',
    KRAKEN_PING_INTERVAL_MS: '-1',
    KRAKEN_PING_TIMEOUT_MS: '1.5',
    KRAKEN_HEARTBEAT_TIMEOUT_MS: '0',
    KRAKEN_CONNECT_TIMEOUT_MS: '5s',
    KRAKEN_RECONNECT_DELAY_MS: 'soon',
    KRAKEN_RECONNECT_MAX_DELAY_MS: '99999999999',
    KRAKEN_SUBSCRIBE_RATE: '0',
    SUBSCRIPTION_LINGER_MS: '1e3',
  };
  for (const { name, allowed } of Object.values(VARIABLES)) {
    test(name, () => {
      const value = bad[name] ?? assert.fail(`no bad value for ${name} in this test`);
      assert.throws(() => readConfig({ [name]: value }), {
        code: 'BAD_USER_INPUT',
        message: `${name}=${value} is not valid: it takes ${allowed}`,
      });
    });
  }
});
