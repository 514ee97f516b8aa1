import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Advice, adviceFor } from '../../src/kraken/errors.ts';

/** Kraken's words, and what they ask for. */
const WORDS: Readonly<Record<Advice, readonly string[]>> = {
  giveUp: [
    'Currency pair not supported XBT/USDT',
    'Subscription depth not supported',
    'Subscription ohlc interval not supported',
    'EGeneral:Permission denied',
    'EAccount:Invalid permissions',
    'EAccount:Invalid permissions:AAPLx trading restricted for DE',
    'Pair(s) not found',
    'Currency pair not in ISO 4217-A3 format',
    'EAPI:Invalid key',
    'something that Kraken never said before',
  ],
  reauthenticate: [
    'ESession:Invalid session',
    'EAPI:Invalid token',
    'Token(s) not found',
    'Session does not exist',
  ],
  retryLater: [
    'Exceeded msg rate',
    'Rate limit for snapshot requests exceeded, when trying to subscribe to BTC/USD level3 snapshot',
    'EService:Unavailable',
    'EService:Market in cancel_only mode',
    'EService:Market in post_only mode',
    'EService:Busy',
    'EService: Throttled: 1790359841',
    'EGeneral:Temporary lockout',
    'EAPI:Invalid nonce',
    'EAPI:Rate limit exceeded',
  ],
  alreadyDone: ['Already subscribed', 'Subscription Not Found'],
  ourMistake: [
    'Malformed request',
    "Unsupported field: 'params' for the given msg type: ping",
    'Unsupported event',
    'Symbol field must be an array',
    'Symbol(s) not found',
    'Subscription name invalid',
    'Subscription book depth must be an integer',
    'Subscription ohlc interval must be an integer',
    'Subscription field must be an object',
    'Subscription object unsupported field',
    'Limit_price field must be a number_float',
    'Subscription ohlc requires interval',
    'Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com',
    'Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com',
  ],
};

for (const [advice, words] of Object.entries(WORDS)) {
  for (const error of words) {
    test(`"${error}" means ${advice}`, () => assert.equal(adviceFor(error), advice));
  }
}
