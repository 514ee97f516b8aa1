import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
    KRAKEN_WS_AUTH_URL: 'ws-auth.kraken.com',
    KRAKEN_REST_URL: 'https://api.kraken.com/',
    KRAKEN_API_KEY: 'two words',
    KRAKEN_API_SECRET: 'not base64!',
    ACCESS_TOKEN: 'short',
    MAX_CONNECTIONS: '0',
    MAX_CONNECTIONS_PER_ADDRESS: 'many',
    MAX_BROADCASTS: '0',
    MAX_UPSTREAM_SUBSCRIPTIONS: '-1',
    MAX_RESULT_BYTES: '1000',
    ALLOWED_ORIGINS: 'https://a.example/path',
    KEEP_ALIVE_TIMEOUT_MS: '10',
    HTTPS_PROXY: 'proxy.example:3128',
    HTTP_PROXY: 'socks5://proxy.example:1080',
    NO_PROXY: 'two words',
    LOG_LEVEL: 'loud',
    SHUTDOWN_DELAY_MS: '10s',
    KRAKEN_PING_INTERVAL_MS: '-1',
    KRAKEN_PING_TIMEOUT_MS: '1.5',
    KRAKEN_HEARTBEAT_TIMEOUT_MS: '0',
    KRAKEN_CONNECT_TIMEOUT_MS: '5s',
    KRAKEN_RECONNECT_DELAY_MS: 'soon',
    KRAKEN_RECONNECT_MAX_DELAY_MS: '99999999999',
    KRAKEN_SUBSCRIBE_RATE: '0',
    SUBSCRIPTION_LINGER_MS: '1e3',
    KRAKEN_TOKEN_REFRESH_MS: '0',
    KRAKEN_REST_RATE: '0',
    KRAKEN_CONNECTION_ATTEMPTS: '151',
    DATA_DIR: 'a\0b',
    MESSAGE_QUEUE_SIZE: '1',
  };
  for (const { name, allowed, secret } of Object.values(VARIABLES)) {
    test(name, () => {
      const value = bad[name] ?? assert.fail(`no bad value for ${name} in this test`);
      assert.throws(() => readConfig({ [name]: value }), {
        code: 'BAD_USER_INPUT',
        message: `${name}=${secret ? '(not shown)' : value} is not valid: it takes ${allowed}`,
      });
    });
  }
});

test('a proxy may be named in lower case, which goes first, and no refusal shows its password', () => {
  const config = readConfig({
    HTTPS_PROXY: 'http://other:3128',
    https_proxy: 'http://user:password@proxy:3128',
    no_proxy: 'a.example, .b.example',
  });
  assert.equal(config.httpsProxy, 'http://user:password@proxy:3128');
  assert.equal(config.noProxy, 'a.example,.b.example');
  assert.throws(() => readConfig({ HTTP_PROXY: 'ftp://user:password@proxy' }), {
    message: /^HTTP_PROXY=ftp:\/\/proxy is not valid: /,
  });
});

describe('secrets', () => {
  const key = { KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET: 'c2VjcmV0' };

  test('come from the environment or from files', t => {
    const path = join(mkdtempSync(join(tmpdir(), 'secret-')), 'secret');
    t.after(() => rmSync(dirname(path), { recursive: true }));
    writeFileSync(path, ' c2VjcmV0\n');
    const config = readConfig({ KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET_FILE: path });
    assert.deepEqual([config.apiKey, config.apiSecret], ['key', 'c2VjcmV0']);
    assert.throws(() => readConfig({ ...key, KRAKEN_API_SECRET_FILE: path }), /both set/);
  });

  test('a key without its secret, or a file that is not there, stops the start and shows neither', () => {
    assert.throws(() => readConfig({ KRAKEN_API_KEY: 'canary' }), {
      message: 'KRAKEN_API_KEY is set and KRAKEN_API_SECRET is not: it takes both',
    });
    assert.throws(() => readConfig({ ...key, KRAKEN_API_KEY: '', KRAKEN_API_KEY_FILE: '/nowhere' }), {
      message: 'KRAKEN_API_KEY_FILE=/nowhere can not be read: ENOENT',
    });
  });

  test('balances that others could reach need a token of the operator', () => {
    assert.throws(() => readConfig({ ...key, HOST: '0.0.0.0' }), {
      message:
        'HOST=0.0.0.0 lets others reach the balances of KRAKEN_API_KEY: it takes an ACCESS_TOKEN of your own',
    });
    assert.equal(readConfig({ ...key, HOST: '0.0.0.0', ACCESS_TOKEN: 'one-of-your-own-x' }).host, '0.0.0.0');
    for (const host of ['127.0.0.1', '::1', 'localhost'])
      assert.equal(readConfig({ ...key, HOST: host }).host, host);
  });
});
