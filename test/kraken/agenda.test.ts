import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ControlPacing } from '../../src/kraken/control-pacing.ts';
import type { SubscribeRequest, SubscriptionTopic } from '../../src/kraken/messages.ts';
import { feedOf, symbolOf } from '../../src/kraken/subscription.ts';
import { Subscriptions } from '../../src/kraken/subscriptions.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** What left, and when. */
interface Sent extends SubscribeRequest {
  readonly atMs: number;
}

const ticker = (name: string): SubscriptionTopic => ({
  channel: 'ticker',
  event_trigger: 'bbo',
  symbol: `${name}/USD` as PairSymbol,
});
const book = (name: string, depth: 10 | 100 = 10): SubscriptionTopic => ({
  channel: 'book',
  symbol: `${name}/USD` as PairSymbol,
  depth,
});
const told = ({ method, params }: Sent): string =>
  `${method} ${params.channel}${params.symbol ? ` ${params.symbol.join()}` : ''}`;

let clock: ManualClock;
let sent: Sent[];
let subscriptions: Subscriptions;

/** Connected at this rate. Every request is answered at the end of the turn, with data where data follow. */
function connected(rate: number): void {
  clock = new ManualClock();
  sent = [];
  const pacing = new ControlPacing(rate, clock.monotonicMs());
  const answer = (request: SubscribeRequest): void => {
    for (const symbol of request.params.symbol ?? [undefined]) {
      const { method, req_id } = request;
      const { channel } = request.params;
      subscriptions.acknowledged({ kind: 'acknowledged', method, req_id, channel, symbol, warnings: [] });
      const feed = channel === 'ohlc' ? 'ohlc 1' : channel;
      if (method === 'subscribe') subscriptions.received(feed, symbol ?? '', clock.now(), true);
    }
  };
  subscriptions = new Subscriptions(
    {
      lingerMs: 0,
      trySend: (request, keep) => {
        const waitMs = pacing.take(clock.monotonicMs(), keep);
        if (waitMs === 0 && request.method !== 'ping') {
          sent.push({ ...request, atMs: clock.monotonicMs() });
          clock.after(1, () => answer(request));
        }
        return waitMs;
      },
    },
    { stateChanged: () => {}, dropped: () => {}, tokenRefused: () => {}, trouble: () => {} },
    clock,
  );
  subscriptions.connectionOpened();
}

/** Subscribed one after the other, and all that could leave has left. */
function settled(...topics: readonly SubscriptionTopic[]): void {
  for (const topic of topics) subscriptions.retain(topic);
  clock.advance(10_000);
  for (const topic of topics) {
    subscriptions.received(feedOf(topic), symbolOf(topic), clock.now());
    subscriptions.received(feedOf(topic), symbolOf(topic), clock.now());
  }
  sent.length = 0;
}

let taken = 0;

/** Takes every token. */
function exhausted(rate: number): void {
  for (let index = 0; index < rate; index += 1) {
    subscriptions.retain({ channel: 'ohlc', symbol: `X${taken}/USD` as PairSymbol, interval: 1 });
    taken += 1;
    clock.turn();
  }
  sent.length = 0;
}

beforeEach(() => connected(5));

describe('when requests have to wait', () => {
  test('a book that failed goes first, then what someone waits for, and tidying last', () => {
    settled(book('A'), book('B'), ticker('LEAVES'));
    subscriptions.release(ticker('LEAVES'));
    clock.advance(900);
    exhausted(5);
    subscriptions.retain(ticker('NEW'));
    subscriptions.retain(book('B', 100));
    subscriptions.retain({ channel: 'instrument' });
    subscriptions.renew('book', 'A/USD' as PairSymbol, 0);
    clock.advance(10_000);
    assert.deepEqual(sent.map(told), [
      'unsubscribe book A/USD',
      'subscribe book A/USD',
      'subscribe instrument',
      'subscribe ticker NEW/USD',
      'unsubscribe book B/USD',
      'subscribe book B/USD',
      'unsubscribe ticker LEAVES/USD',
    ]);
  });

  test('a renewal for silence comes after what someone waits for', () => {
    settled(ticker('QUIET'), book('QUIET'));
    exhausted(5);
    subscriptions.distrust('ticker', 'QUIET/USD' as PairSymbol, { what: 'the book moved', sinceMs: 0 });
    subscriptions.retain(ticker('NEW'));
    clock.advance(10_000);
    assert.deepEqual(sent.map(told), [
      'subscribe ticker NEW/USD',
      'unsubscribe ticker QUIET/USD',
      'subscribe ticker QUIET/USD',
    ]);
  });
});

describe('tidying', () => {
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const unsubscribes = (): Sent[] => sent.filter(({ method }) => method === 'unsubscribe');

  test('gathers departures: ten a second share a frame a second', () => {
    const leaving = names('L', 100);
    settled(...leaving.map(ticker));
    for (const name of leaving) {
      subscriptions.release(ticker(name));
      clock.advance(100);
    }
    clock.advance(2_000);
    assert.ok(sent.length <= 11, `${sent.length} frames`);
    assert.equal(sent.flatMap(({ params }) => params.symbol).length, 100);
  });

  for (const rate of [2, 5, 20]) {
    test(`at ${rate} a second a subscribe never waits behind departures of any kind`, () => {
      connected(rate);
      const leaving = names('L', 300);
      const topics = leaving.map(
        (name, index): SubscriptionTopic =>
          index % 3 === 0
            ? ticker(name)
            : index % 3 === 1
              ? book(name, index % 2 === 0 ? 10 : 100)
              : { channel: 'ohlc', symbol: `${name}/USD` as PairSymbol, interval: index % 2 === 0 ? 1 : 60 },
      );
      settled(...topics);
      const waits: number[] = [];
      topics.forEach((topic, index) => {
        subscriptions.release(topic);
        clock.advance(100);
        if (index % 10 !== 9) return;
        const askedMs = clock.monotonicMs();
        subscriptions.retain(book(`NEW${index}`));
        clock.turn();
        waits.push((sent.at(-1)?.atMs ?? 0) - askedMs);
        assert.equal(told(sent.at(-1) as Sent), `subscribe book NEW${index}/USD`);
      });
      assert.deepEqual([...new Set(waits)], [0], 'each left at once');
      clock.advance(30_000);
      assert.equal(
        unsubscribes().flatMap(({ params }) => params.symbol).length,
        300,
        'and all was tidied up',
      );
    });
  }

  for (const rate of [1, 5]) {
    test(`at ${rate} a second ends under a load that takes every token, and takes one in five itself`, () => {
      connected(rate);
      const leaving = names('L', 40);
      settled(...leaving.map(ticker), book('D', 100), ...leaving.map(name => book(name)));
      subscriptions.release(book('D', 100));
      for (const name of leaving) {
        subscriptions.release(ticker(name));
        subscriptions.release(book(name));
      }
      exhausted(rate);
      // Always one more than may leave, each a request of its own.
      for (let index = 0; unsubscribes().length < 3 && index < 200; index += 1) {
        subscriptions.retain({
          channel: 'ohlc',
          symbol: `N${index}/USD` as PairSymbol,
          interval: ([1, 5, 15, 30, 60, 240] as const)[index % 6] ?? 1,
        });
        clock.advance(1_000 / rate);
      }
      assert.equal(unsubscribes().length, 3, 'tickers, and books of two depths');
      const places = sent.flatMap(({ method }, index) => (method === 'unsubscribe' ? [index] : []));
      const between = places.slice(1).map((place, index) => place - (places[index] ?? 0) - 1);
      assert.ok(
        between.every(others => others >= 4),
        `${between} requests of others between`,
      );
    });
  }

  test('leaves alone what is wanted again while it is gathered', () => {
    settled(ticker('A'));
    subscriptions.release(ticker('A'));
    clock.advance(500);
    subscriptions.retain(ticker('A'));
    clock.advance(10_000);
    assert.deepEqual(sent, []);
    assert.equal(subscriptions.stateOf('ticker', 'A/USD' as PairSymbol), 'LIVE');
  });

  test('leaves no timer behind when the connection is lost', () => {
    settled(ticker('A'));
    subscriptions.release(ticker('A'));
    clock.advance(500);
    subscriptions.connectionLost();
    clock.turn();
    assert.equal(clock.pending, 0);
  });
});
