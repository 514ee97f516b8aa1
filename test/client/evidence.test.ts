import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Evidence } from '../../src/client/evidence.ts';
import type { FeedName } from '../../src/kraken/subscription.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { ManualClock } from '../support/manual-clock.ts';

const BTC = 'BTC/USD' as PairSymbol;

let clock: ManualClock;
let evidence: Evidence;
let live: Set<FeedName>;
let heard: Map<FeedName, number>;
let differ: { book: string; ticker: string } | undefined;
let distrusted: string[];

beforeEach(() => {
  clock = new ManualClock();
  live = new Set<FeedName>(['ticker', 'book', 'trade', 'ohlc 1']);
  heard = new Map();
  differ = undefined;
  distrusted = [];
  evidence = new Evidence({
    clock,
    isLive: feed => live.has(feed),
    lastHeardMs: feed => heard.get(feed),
    quotedPairs: () => [BTC],
    disagreement: () => differ,
    distrust: (feed, _symbol, { what }) => {
      distrusted.push(`${feed}: ${what}`);
      live.delete(feed);
    },
  });
  evidence.start();
  for (const feed of live) hear(feed);
  clock.advance(60_000);
});

function hear(...feeds: readonly FeedName[]): void {
  for (const feed of feeds) heard.set(feed, clock.monotonicMs());
}

/** A trade that all channels tell but these. */
function trade(...deaf: readonly FeedName[]): void {
  for (const feed of ['trade', 'ticker', 'ohlc 1'] as const) {
    if (deaf.includes(feed)) continue;
    hear(feed);
    evidence.traded(feed, BTC, feed === 'ticker' ? '83695.5' : undefined);
  }
}

describe('a trade that one channel told', () => {
  test('and all others told too is no evidence, in whichever order and for however long', () => {
    for (let minute = 0; minute < 60; minute += 1) {
      trade();
      clock.advance(minute % 2 === 0 ? 60_000 : 300);
    }
    assert.deepEqual(distrusted, []);
  });

  for (const [deaf, what] of [
    ['ticker', 'a trade was told by trade'],
    ['trade', 'a trade at 83695.5 was told by ticker'],
    ['ohlc 1', 'a trade was told by trade'],
  ] as const) {
    test(`and ${deaf} did not: it is found within 15 s of the first one`, () => {
      trade(deaf);
      clock.advance(11_900);
      assert.deepEqual(distrusted, [], 'it may be late');
      clock.advance(3_100);
      assert.deepEqual(distrusted, [`${deaf}: ${what}`]);
    });
  }

  test('and that comes late on another is no evidence', () => {
    trade('trade');
    clock.advance(10_000);
    hear('trade');
    clock.advance(60_000);
    assert.deepEqual(distrusted, []);
  });

  test('says nothing of channels that are not subscribed, or not live', () => {
    live.delete('trade');
    trade('trade');
    clock.advance(60_000);
    assert.deepEqual(distrusted, []);
  });

  test('says nothing of the next connection', () => {
    trade('trade');
    evidence.stop();
    clock.advance(60_000);
    evidence.start();
    clock.advance(60_000);
    assert.deepEqual(distrusted, []);
    evidence.stop();
    assert.equal(clock.pending, 0);
  });
});

describe('the best prices of book and ticker', () => {
  const DIFFER = { book: '83695.5 / 83696.0', ticker: '83690.0 / 83691.0' };

  test('that move below the top, or not at all, are no evidence', () => {
    for (let second = 0; second < 600; second += 1) {
      hear('book');
      evidence.quoted(BTC);
      clock.advance(1_000);
    }
    assert.deepEqual(distrusted, []);
  });

  test('that differ for a moment and agree again are no evidence, however often they do', () => {
    for (let second = 0; second < 600; second += 1) {
      hear('book');
      differ = DIFFER;
      clock.advance(1_000);
      hear('ticker');
      differ = undefined;
      evidence.quoted(BTC);
    }
    assert.deepEqual(distrusted, []);
  });

  test('that differ for good: the ticker is deaf, and says where the book is', () => {
    differ = DIFFER;
    for (let second = 0; second < 15; second += 1) {
      hear('book');
      evidence.quoted(BTC);
      clock.advance(1_000);
    }
    assert.deepEqual(distrusted, ['ticker: the book moved to 83695.5 / 83696.0']);
  });

  test('that differ because the book stands still: the book is deaf', () => {
    differ = DIFFER;
    for (let second = 0; second < 15; second += 1) {
      hear('ticker');
      evidence.quoted(BTC);
      clock.advance(1_000);
    }
    assert.deepEqual(distrusted, ['book: the ticker moved to 83690.0 / 83691.0']);
  });
});
