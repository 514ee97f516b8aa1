import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOriginCheck } from '../../src/server/origins.ts';

const LISTED = 'https://app.example.com';

function verdicts(boundTo: string, requests: Readonly<Record<string, Record<string, string>>>) {
  const allows = createOriginCheck([LISTED], boundTo);
  return Object.fromEntries(Object.entries(requests).map(([name, headers]) => [name, allows({ headers })]));
}

test('programs pass; pages pass that were served from here, or whose origin is listed', () => {
  assert.deepEqual(
    verdicts('127.0.0.1', {
      program: { host: 'whatever' },
      own: { host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4000' },
      'own by name': { host: 'localhost:4000', origin: 'http://localhost:4000' },
      'own by IPv6': { host: '[::1]:4000', origin: 'http://[::1]:4000', 'sec-fetch-site': 'same-origin' },
      listed: { host: '127.0.0.1:4000', origin: LISTED },
      'through a proxy': { host: 'app.example.com', 'sec-fetch-site': 'same-origin' },
      other: { host: '127.0.0.1:4000', origin: 'http://evil.example' },
      'other port': { host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4001' },
      'in a sandbox': { host: '127.0.0.1:4000', origin: 'null' },
      'an image of another site': { host: '127.0.0.1:4000', 'sec-fetch-site': 'cross-site' },
    }),
    {
      program: true,
      own: true,
      'own by name': true,
      'own by IPv6': true,
      listed: true,
      'through a proxy': true,
      other: false,
      'other port': false,
      'in a sandbox': false,
      'an image of another site': false,
    },
  );
});

test('a name that was made to point to loopback is not ours, whatever the page says of its origin', () => {
  const rebound = {
    post: { host: 'evil.example:4000', origin: 'http://evil.example:4000', 'sec-fetch-site': 'same-origin' },
    get: { host: 'evil.example:4000', 'sec-fetch-site': 'same-origin' },
  };
  assert.deepEqual(verdicts('127.0.0.1', rebound), { post: false, get: false });
  assert.deepEqual(verdicts('localhost', rebound), { post: false, get: false });
  // Who listens elsewhere has names that only its operator knows.
  assert.deepEqual(verdicts('0.0.0.0', rebound), { post: true, get: true });
});
