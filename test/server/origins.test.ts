import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostCheck, createOriginCheck, type HeaderCheck } from '../../src/server/origins.ts';

const LISTED = 'https://app.example.com';

function verdicts(check: HeaderCheck, requests: Readonly<Record<string, Record<string, string>>>) {
  return Object.fromEntries(Object.entries(requests).map(([name, headers]) => [name, check({ headers })]));
}

test('programs pass; pages pass that were served from here, or whose origin is listed', () => {
  assert.deepEqual(
    verdicts(createOriginCheck([LISTED]), {
      program: { host: 'whatever' },
      own: { host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4000' },
      'own by IPv6': { host: '[::1]:4000', origin: 'http://[::1]:4000', 'sec-fetch-site': 'same-origin' },
      listed: { host: '127.0.0.1:4000', origin: LISTED },
      other: { host: '127.0.0.1:4000', origin: 'http://evil.example' },
      'other port': { host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4001' },
      'in a sandbox': { host: '127.0.0.1:4000', origin: 'null' },
      'an image of another site': { host: '127.0.0.1:4000', 'sec-fetch-site': 'cross-site' },
    }),
    {
      program: true,
      own: true,
      'own by IPv6': true,
      listed: true,
      other: false,
      'other port': false,
      'in a sandbox': false,
      'an image of another site': false,
    },
  );
});

test('a server on loopback is called by addresses, localhost and listed names, and by no other', () => {
  const hosts = {
    address: { host: '127.0.0.1:4000' },
    IPv6: { host: '[::1]:4000' },
    localhost: { host: 'localhost:4000' },
    'no name at all': {},
    'through a proxy': { host: 'app.example.com' },
    // What a browser sends with a GET to a name that was made to point here: nothing else.
    rebound: { host: 'evil.example:4000' },
  };
  const expected = Object.fromEntries(Object.keys(hosts).map(name => [name, name !== 'rebound']));
  for (const boundTo of ['127.0.0.1', 'localhost', '::1'])
    assert.deepEqual(verdicts(createHostCheck([LISTED], boundTo), hosts), expected);
  // Who listens elsewhere has names that only its operator knows.
  const anything = Object.fromEntries(Object.keys(hosts).map(name => [name, true]));
  assert.deepEqual(verdicts(createHostCheck([LISTED], '0.0.0.0'), hosts), anything);
});
