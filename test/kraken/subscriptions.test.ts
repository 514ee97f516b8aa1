import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type {
  AcknowledgedMessage,
  KrakenRequest,
  SubscribeRequest,
  SubscriptionTopic,
} from '../../src/kraken/messages.ts';
import { Subscriptions } from '../../src/kraken/subscriptions.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { ManualClock } from '../support/manual-clock.ts';

const BTC = 'BTC/USD' as PairSymbol;
const ETH = 'ETH/USD' as PairSymbol;
const ticker = (symbol: PairSymbol, event_trigger: 'trades' | 'bbo' = 'bbo'): SubscriptionTopic => ({
  channel: 'ticker',
  symbol,
  event_trigger,
});

let clock: ManualClock;
let sent: SubscribeRequest[];
let changes: string[];
let dropped: string[];
let waitMs: number;
let subscriptions: Subscriptions;

const acknowledge = (request: SubscribeRequest | undefined, symbol?: PairSymbol): void => {
  const message: AcknowledgedMessage = {
    kind: 'acknowledged',
    method: request?.method ?? '',
    req_id: request?.req_id,
    channel: request?.params.channel,
    symbol,
    warnings: [],
  };
  subscriptions.acknowledged(message);
};
const refuse = (request: SubscribeRequest | undefined, error: string, symbol?: PairSymbol): void =>
  subscriptions.refused({
    kind: 'refused',
    method: request?.method ?? '',
    req_id: request?.req_id,
    error,
    symbol,
  });
/** How long unsubscribes that no one waits for are gathered. */
const GATHER_MS = 1_000;
const stateOf = (symbol: PairSymbol): string | undefined => subscriptions.get('ticker', symbol)?.state;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  changes = [];
  dropped = [];
  waitMs = 0;
  subscriptions = new Subscriptions(
    {
      lingerMs: 30_000,
      trySend: (request: KrakenRequest) => {
        if (waitMs === 0 && request.method !== 'ping') sent.push(request);
        return waitMs;
      },
    },
    {
      stateChanged: (topic, state) =>
        changes.push(`${topic.channel} ${'symbol' in topic ? topic.symbol : ''} ${state}`),
      dropped: topic => dropped.push(topic.channel),
      tokenRefused: () => {},
      trouble: () => {},
    },
    clock,
  );
});

/** Connected, with this pair acknowledged and streaming. */
function live(symbol: PairSymbol): void {
  subscriptions.connectionOpened();
  subscriptions.retain(ticker(symbol));
  clock.turn();
  acknowledge(sent.at(-1), symbol);
  subscriptions.received('ticker', symbol, clock.now());
  clock.turn();
}

describe('reconciling', () => {
  test('everything asked for in one turn is one request a channel, those without symbols first', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    subscriptions.retain({ channel: 'instrument' });
    subscriptions.retain(ticker(ETH));
    clock.turn();
    assert.deepEqual(
      sent.map(({ method, params }) => [method, params.channel, params.symbol]),
      [
        ['subscribe', 'instrument', undefined],
        ['subscribe', 'ticker', [BTC, ETH]],
      ],
    );
  });

  test('a list longer than one request takes several', () => {
    subscriptions.connectionOpened();
    for (let index = 0; index < 1_200; index += 1)
      subscriptions.retain(ticker(`C${index}/USD` as PairSymbol));
    clock.turn();
    assert.deepEqual(
      sent.map(request => request.params.symbol?.length),
      [500, 500, 200],
    );
    assert.equal(new Set(sent.flatMap(request => request.params.symbol)).size, 1_200);
  });

  test('what the control rate holds back is sent when it allows, once', () => {
    subscriptions.connectionOpened();
    waitMs = 200;
    subscriptions.retain(ticker(BTC));
    clock.turn();
    assert.equal(sent.length, 0);
    waitMs = 0;
    clock.advance(1_000);
    assert.equal(sent.length, 1);
  });

  test('nothing is sent without a connection, and everything again on a new one', () => {
    subscriptions.retain(ticker(BTC));
    clock.turn();
    assert.equal(sent.length, 0);
    subscriptions.connectionOpened();
    clock.turn();
    acknowledge(sent[0], BTC);
    subscriptions.connectionLost();
    subscriptions.connectionOpened();
    clock.turn();
    assert.deepEqual(
      sent.map(request => request.params.symbol),
      [[BTC], [BTC]],
    );
    assert.notEqual(sent[0]?.req_id, sent[1]?.req_id);
  });

  test('a pair that is given up while its subscribe is under way is unsubscribed when that is answered', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.turn();
    subscriptions.release(ticker(BTC), 0);
    clock.advance(1);
    assert.equal(sent.length, 1, 'the first request is not answered yet');
    acknowledge(sent[0], BTC);
    clock.advance(GATHER_MS);
    assert.equal(sent[1]?.method, 'unsubscribe');
    acknowledge(sent[1], BTC);
    clock.turn();
    assert.deepEqual(dropped, ['ticker']);
    assert.equal(stateOf(BTC), undefined);
  });
});

describe('lingering', () => {
  test('a subscription outlives its last holder by the linger time', () => {
    live(BTC);
    subscriptions.release(ticker(BTC));
    clock.advance(29_999);
    assert.equal(sent.length, 1);
    clock.advance(1 + GATHER_MS);
    assert.deepEqual(sent[1]?.params, { channel: 'ticker', symbol: [BTC], event_trigger: 'bbo' });
  });

  test('a new holder within the linger time keeps it, and its time starts anew', () => {
    live(BTC);
    subscriptions.release(ticker(BTC));
    clock.advance(20_000);
    subscriptions.retain(ticker(BTC));
    subscriptions.release(ticker(BTC));
    clock.advance(20_000);
    assert.equal(sent.length, 1);
    clock.advance(10_000 + GATHER_MS);
    assert.equal(sent[1]?.method, 'unsubscribe');
  });

  test('it is kept while one of several holders is left', () => {
    live(BTC);
    subscriptions.retain(ticker(BTC));
    subscriptions.release(ticker(BTC), 0);
    clock.advance(40_000);
    assert.equal(sent.length, 1);
  });
});

test('when no connection is wanted, nothing lingers and no timer is left', () => {
  live(BTC);
  subscriptions.retain(ticker(ETH));
  subscriptions.release(ticker(BTC));
  subscriptions.connectionLost();
  subscriptions.suspend();
  assert.equal(stateOf(BTC), undefined);
  subscriptions.release(ticker(ETH));
  clock.turn();
  assert.equal(stateOf(ETH), undefined);
  assert.equal(clock.pending, 0);
});

describe('answers', () => {
  test('a refused symbol is rejected with the words of Kraken, and its batch goes on', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    subscriptions.retain(ticker(ETH));
    clock.turn();
    refuse(sent[0], 'Currency pair not supported ETH/USD', ETH);
    acknowledge(sent[0], BTC);
    subscriptions.received('ticker', BTC, clock.now());
    assert.equal(stateOf(BTC), 'LIVE');
    assert.equal(stateOf(ETH), 'REJECTED');
    assert.equal(subscriptions.get('ticker', ETH)?.error, 'Currency pair not supported ETH/USD');
    assert.ok(changes.includes('ticker ETH/USD REJECTED'));
    clock.advance(60_000);
    assert.equal(
      sent.filter(request => request.params.symbol?.includes(ETH)).length,
      1,
      'it is not tried again',
    );
  });

  test('a refusal without a symbol concerns the whole request', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    subscriptions.retain(ticker(ETH));
    clock.turn();
    refuse(sent[0], 'Subscription depth not supported');
    assert.deepEqual([stateOf(BTC), stateOf(ETH)], ['REJECTED', 'REJECTED']);
  });

  test('whoever asks for a rejected pair later gets a new answer, but not within ten seconds', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(ETH));
    clock.turn();
    refuse(sent[0], 'Currency pair not supported ETH/USD', ETH);
    clock.advance(5_000);
    subscriptions.retain(ticker(ETH));
    clock.turn();
    assert.equal(sent.length, 1);
    clock.advance(5_001);
    subscriptions.retain(ticker(ETH));
    clock.turn();
    assert.equal(sent.length, 2);
  });

  test('"Already subscribed" is as good as an acknowledgement', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.turn();
    refuse(sent[0], 'Already subscribed', BTC);
    subscriptions.received('ticker', BTC, clock.now());
    clock.advance(20_000);
    assert.equal(sent.length, 1);
    assert.equal(stateOf(BTC), 'LIVE');
  });

  test('an unsubscribe that nobody answers is sent again, and what follows it waits', () => {
    live(BTC);
    subscriptions.renew('ticker', BTC, 0);
    clock.turn();
    assert.equal(sent[1]?.method, 'unsubscribe');
    clock.advance(12_000);
    assert.deepEqual([sent.length, sent[2]?.method], [3, 'unsubscribe']);
    refuse(sent[2], 'Subscription Not Found', BTC);
    clock.turn();
    assert.equal(sent[3]?.method, 'subscribe');
  });

  test('a list that never comes is asked for again, although it may be silent for hours after it came', () => {
    subscriptions.connectionOpened();
    subscriptions.retain({ channel: 'instrument' });
    clock.turn();
    acknowledge(sent[0]);
    clock.advance(16_000);
    assert.equal(sent[1]?.method, 'unsubscribe');
    acknowledge(sent[1]);
    clock.turn();
    acknowledge(sent[2]);
    subscriptions.received('instrument', '', clock.now());
    clock.advance(600_000);
    assert.equal(sent.length, 3);
  });

  test('a busy venue is asked again, later and later', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.turn();
    const gaps: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const askedMs = clock.monotonicMs();
      const count = sent.length;
      refuse(sent.at(-1), 'EService:Unavailable', BTC);
      while (sent.length === count) clock.advance(500);
      gaps.push(clock.monotonicMs() - askedMs);
    }
    assert.deepEqual(gaps, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test('a request that nobody answers is asked again', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.advance(10_000);
    assert.equal(sent.length, 1);
    clock.advance(1_000);
    assert.equal(sent.length, 2);
  });

  test('data without an acknowledgement is good enough', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.advance(1);
    subscriptions.received('ticker', BTC, clock.now());
    clock.advance(30_000);
    assert.equal(sent.length, 1);
    assert.equal(stateOf(BTC), 'LIVE');
  });

  test('answers that are late, unknown or of a former connection change nothing', () => {
    live(BTC);
    const [request] = sent;
    acknowledge(request, BTC);
    refuse(request, 'Currency pair not supported BTC/USD', BTC);
    refuse({ ...(request as SubscribeRequest), req_id: 999 }, 'Unsupported event');
    subscriptions.connectionLost();
    subscriptions.connectionOpened();
    acknowledge(request, BTC);
    assert.equal(stateOf(BTC), 'PENDING');
  });
});

describe('what is left behind', () => {
  test('a retry that was planned for a subscription does not touch the one that took its place', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    clock.turn();
    for (let refusals = 0; refusals < 3; refusals += 1) {
      refuse(sent.at(-1), 'EService:Unavailable', BTC);
      if (refusals < 2) clock.advance(2_000);
    }
    subscriptions.release(ticker(BTC), 0);
    clock.advance(1);
    assert.equal(stateOf(BTC), undefined);
    live(BTC);
    clock.advance(40_000);
    assert.equal(stateOf(BTC), 'LIVE');
    assert.equal(subscriptions.received('ticker', BTC, clock.now()), true);
  });

  test('a renewal that nobody answers is asked again, for all that came before it', () => {
    live(BTC);
    subscriptions.renew('ticker', BTC, 0);
    clock.turn();
    acknowledge(sent[1], BTC);
    clock.turn();
    assert.equal(sent[2]?.method, 'subscribe');
    clock.advance(12_000);
    assert.equal(sent[3]?.method, 'subscribe');
  });

  test('no timer outlives the wish for a connection', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    subscriptions.retain(ticker(ETH));
    clock.turn();
    refuse(sent[0], 'EService:Unavailable', BTC);
    subscriptions.suspend();
    subscriptions.connectionLost();
    assert.equal(clock.pending, 0);
  });
});

describe('books', () => {
  const book = (depth: 10 | 25 | 100): SubscriptionTopic => ({ channel: 'book', symbol: BTC, depth });
  const wire = (): unknown[] => sent.map(({ method, params }) => [method, params.depth]);

  test('have one depth at a time, the largest wanted, and each unsubscribe repeats it', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(book(10));
    subscriptions.retain(book(25));
    clock.turn();
    acknowledge(sent[0], BTC);
    clock.turn();
    assert.deepEqual(wire(), [['subscribe', 25]]);
    subscriptions.retain(book(100));
    clock.turn();
    acknowledge(sent[1], BTC);
    clock.turn();
    acknowledge(sent[2], BTC);
    subscriptions.received('book', BTC, clock.now(), true);
    clock.turn();
    assert.deepEqual(wire().slice(1), [
      ['unsubscribe', 25],
      ['subscribe', 100],
    ]);
    subscriptions.release(book(100));
    subscriptions.release(book(25), 0);
    clock.advance(29_999);
    assert.equal(sent.length, 3, 'the largest lingers');
    clock.advance(1);
    acknowledge(sent[3], BTC);
    clock.turn();
    assert.deepEqual(wire().slice(3), [
      ['unsubscribe', 100],
      ['subscribe', 10],
    ]);
  });
});

describe('freshness', () => {
  test('a value is PENDING until data come, and on each new connection again', () => {
    assert.equal(stateOf(BTC), undefined);
    subscriptions.retain(ticker(BTC));
    assert.equal(stateOf(BTC), 'DISCONNECTED');
    live(BTC);
    assert.equal(stateOf(BTC), 'LIVE');
    subscriptions.connectionLost();
    assert.equal(stateOf(BTC), 'DISCONNECTED');
    subscriptions.connectionOpened();
    assert.equal(stateOf(BTC), 'PENDING', 'a value from before the disconnect is not live');
    subscriptions.received('ticker', BTC, clock.now());
    assert.equal(stateOf(BTC), 'LIVE');
    assert.deepEqual(
      changes.map(change => change.split(' ')[2]),
      ['PENDING', 'LIVE', 'DISCONNECTED', 'PENDING', 'LIVE'],
    );
  });

  test('data of a pair that nobody subscribed are refused', () => {
    subscriptions.connectionOpened();
    assert.equal(subscriptions.received('ticker', BTC, clock.now()), false);
  });
});

describe('silence', () => {
  const seen = { what: 'the book moved to 1.0 / 1.1', sinceMs: 0 };

  test('a subscription that is distrusted is SILENT, says why, and is subscribed again, alone', () => {
    live(BTC);
    subscriptions.retain(ticker(ETH));
    clock.turn();
    acknowledge(sent[1], ETH);
    subscriptions.received('ticker', ETH, clock.now());
    clock.advance(12_500);
    subscriptions.distrust('ticker', BTC, seen);
    clock.turn();
    assert.equal(stateOf(BTC), 'SILENT');
    assert.equal(
      subscriptions.get('ticker', BTC)?.reason,
      'the book moved to 1.0 / 1.1 12.5 s ago, and is not told here',
    );
    assert.equal(stateOf(ETH), 'LIVE');
    assert.deepEqual([sent[2]?.method, sent[2]?.params.symbol], ['unsubscribe', [BTC]]);
    acknowledge(sent[2], BTC);
    clock.turn();
    assert.deepEqual([sent[3]?.method, sent[3]?.params.symbol], ['subscribe', [BTC]]);
    acknowledge(sent[3], BTC);
    subscriptions.received('ticker', BTC, clock.now(), true);
    assert.equal(stateOf(BTC), 'LIVE');
    assert.equal(subscriptions.get('ticker', BTC)?.reason, undefined);
  });

  test('one that stays deaf is renewed less and less often', () => {
    live(BTC);
    const renewals: number[] = [];
    let answered = sent.length;
    for (let second = 0; second < 1_800; second += 1) {
      subscriptions.distrust('ticker', BTC, seen);
      clock.advance(1_000);
      for (const request of sent.slice(answered)) {
        answered += 1;
        if (request.method === 'unsubscribe') renewals.push(second);
        acknowledge(request, BTC);
        // What comes is the snapshot, and no more.
        if (request.method === 'subscribe') subscriptions.received('ticker', BTC, clock.now(), true);
      }
    }
    const distances = renewals.map((second, index) => second - (renewals[index - 1] ?? 0)).slice(1);
    for (const [index, distance] of distances.entries())
      assert.ok(distance >= Math.min(480, 30 * 2 ** index), `renewal ${index} after ${distance} s`);
    assert.ok(renewals.length >= 5 && renewals.length <= 8, renewals.join());
  });

  test('however quiet a channel is, it is not renewed without evidence', () => {
    live(BTC);
    clock.advance(7_200_000);
    assert.equal(stateOf(BTC), 'LIVE');
    assert.equal(sent.length, 1);
  });

  test('one whose snapshot does not come is renewed, with more patience each time', () => {
    subscriptions.connectionOpened();
    subscriptions.retain(ticker(BTC));
    const renewals: number[] = [];
    let answered = 0;
    for (let second = 0; second < 200; second += 1) {
      clock.advance(1_000);
      for (const request of sent.slice(answered)) {
        answered += 1;
        if (request.method === 'unsubscribe') renewals.push(second);
        acknowledge(request, BTC);
      }
    }
    assert.ok(renewals.length >= 3 && renewals.length <= 5, renewals.join());
    const distances = renewals.map((second, index) => second - (renewals[index - 1] ?? 0));
    assert.deepEqual(
      distances.toSorted((a, b) => a - b),
      distances,
    );
    assert.equal(subscriptions.get('ticker', BTC)?.state, 'SILENT');
  });

  for (const channel of ['trade', 'ohlc'] as const) {
    test(`a pair that never traded is live, and has none: ${channel}`, () => {
      const topic: SubscriptionTopic =
        channel === 'trade' ? { channel, symbol: BTC } : { channel, symbol: BTC, interval: 1 };
      const feed = channel === 'trade' ? 'trade' : 'ohlc 1';
      subscriptions.connectionOpened();
      subscriptions.retain(topic);
      clock.turn();
      acknowledge(sent[0], BTC);
      assert.equal(subscriptions.get(feed, BTC)?.state, 'PENDING');
      clock.advance(4_000);
      assert.equal(subscriptions.get(feed, BTC)?.state, 'LIVE');
      assert.equal(changes.at(-1), `${channel} ${BTC} LIVE`);
      assert.equal(sent.length, 1);
    });
  }
});

describe('what makes Kraken send a ticker', () => {
  const trigger = (request: SubscribeRequest | undefined) => [request?.method, request?.params.event_trigger];
  /** Streams at trades, as the background does. */
  const background = (...symbols: readonly PairSymbol[]): void => {
    subscriptions.connectionOpened();
    for (const symbol of symbols) subscriptions.retain(ticker(symbol, 'trades'));
    clock.turn();
    for (const symbol of symbols) {
      acknowledge(sent[0], symbol);
      subscriptions.received('ticker', symbol, clock.now(), true);
    }
  };

  test('a reader widens the background stream, and what is on hand is not live until the first quote', () => {
    background(BTC);
    assert.equal(stateOf(BTC), 'LIVE');
    subscriptions.retain(ticker(BTC));
    assert.equal(stateOf(BTC), 'PENDING');
    clock.turn();
    assert.deepEqual(trigger(sent[1]), ['unsubscribe', 'trades']);
    subscriptions.received('ticker', BTC, clock.now());
    assert.equal(stateOf(BTC), 'PENDING', 'a trade says nothing of the quotes to come');
    acknowledge(sent[1], BTC);
    clock.turn();
    assert.deepEqual(trigger(sent[2]), ['subscribe', 'bbo']);
    subscriptions.received('ticker', BTC, clock.now());
    assert.equal(stateOf(BTC), 'PENDING', 'in flight from before');
    acknowledge(sent[2], BTC);
    subscriptions.received('ticker', BTC, clock.now(), true);
    assert.equal(stateOf(BTC), 'LIVE');
    assert.deepEqual(
      changes.map(change => change.split(' ').at(-1)),
      ['LIVE', 'PENDING', 'LIVE'],
    );
  });

  test('after the last reader and the linger time it goes back, and is live all the while', () => {
    background(BTC);
    subscriptions.retain(ticker(BTC));
    clock.turn();
    acknowledge(sent[1], BTC);
    clock.turn();
    acknowledge(sent[2], BTC);
    subscriptions.received('ticker', BTC, clock.now());
    subscriptions.release(ticker(BTC));
    clock.advance(29_999);
    assert.equal(sent.length, 3);
    clock.advance(1);
    assert.deepEqual(trigger(sent[3]), ['unsubscribe', 'bbo']);
    acknowledge(sent[3], BTC);
    clock.turn();
    assert.deepEqual(trigger(sent[4]), ['subscribe', 'trades']);
    acknowledge(sent[4], BTC);
    subscriptions.received('ticker', BTC, clock.now(), true);
    assert.deepEqual(
      changes.map(change => change.split(' ').at(-1)),
      ['LIVE', 'PENDING', 'LIVE'],
    );
    assert.deepEqual(dropped, []);
  });

  test('a reader that leaves before it was served leaves a background that is live at once', () => {
    background(BTC);
    subscriptions.retain(ticker(BTC));
    subscriptions.release(ticker(BTC), 0);
    assert.equal(stateOf(BTC), 'PENDING');
    clock.advance(1);
    assert.equal(stateOf(BTC), 'LIVE');
  });

  test('after a reconnect the larger one is subscribed at once', () => {
    background(BTC, ETH);
    subscriptions.retain(ticker(BTC));
    subscriptions.connectionLost();
    assert.equal(stateOf(BTC), 'DISCONNECTED');
    sent.length = 0;
    subscriptions.connectionOpened();
    clock.turn();
    assert.deepEqual(
      sent.map(({ method, params }) => [method, params.event_trigger, params.symbol]),
      [
        ['subscribe', 'bbo', [BTC]],
        ['subscribe', 'trades', [ETH]],
      ],
    );
  });
});

describe('candles', () => {
  test('each interval of a pair is a subscription of its own, named on unsubscribe too', () => {
    const candles = (interval: 1 | 60): SubscriptionTopic => ({ channel: 'ohlc', symbol: BTC, interval });
    subscriptions.connectionOpened();
    subscriptions.retain(candles(1));
    subscriptions.retain(candles(60));
    clock.turn();
    for (const request of [...sent]) acknowledge(request, BTC);
    subscriptions.received('ohlc 60', BTC, clock.now());
    assert.equal(subscriptions.get('ohlc 60', BTC)?.state, 'LIVE');
    assert.equal(subscriptions.get('ohlc 1', BTC)?.state, 'PENDING');
    subscriptions.release(candles(60), 0);
    clock.advance(GATHER_MS);
    assert.deepEqual(
      sent.map(({ method, params }) => [method, params.interval]),
      [
        ['subscribe', 1],
        ['subscribe', 60],
        ['unsubscribe', 60],
      ],
    );
  });
});

describe('with a token', () => {
  let token: string | undefined;
  let refusals: string[];
  beforeEach(() => {
    token = undefined;
    refusals = [];
    subscriptions = new Subscriptions(
      {
        lingerMs: 0,
        trySend: (request: KrakenRequest) => {
          if (request.method !== 'ping') sent.push(request);
          return 0;
        },
        token: () => token,
      },
      {
        stateChanged: () => {},
        dropped: () => {},
        trouble: () => {},
        tokenRefused: error => {
          refusals.push(error);
          token = undefined;
        },
      },
      clock,
    );
    subscriptions.retain({ channel: 'balances' });
    subscriptions.connectionOpened();
    clock.turn();
  });
  const arrives = (value: string): void => {
    token = value;
    subscriptions.nudge();
    clock.turn();
  };

  test('nothing leaves before it has come, and every request carries it', () => {
    assert.equal(sent.length, 0);
    arrives('a');
    assert.deepEqual(
      sent.map(({ params }) => params),
      [{ channel: 'balances', token: 'a', snapshot: true }],
    );
    acknowledge(sent[0]);
    subscriptions.renew('balances', '', 0);
    clock.turn();
    assert.deepEqual([sent[1]?.method, sent[1]?.params.token], ['unsubscribe', 'a']);
  });

  for (const error of [
    'ESession:Invalid session',
    'EAPI:Invalid token',
    'Token(s) not found',
    'Session does not exist',
  ]) {
    test(`"${error}": a new token at once, and then later and later`, () => {
      const waits: number[] = [];
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const fromMs = clock.monotonicMs();
        arrives(`token ${attempt}`);
        while (sent.length <= attempt) clock.advance(500);
        waits.push(clock.monotonicMs() - fromMs);
        refuse(sent[attempt], error);
      }
      assert.deepEqual(waits, [0, 0, 2_000, 4_000]);
      assert.deepEqual(
        sent.map(({ params }) => params.token),
        ['token 0', 'token 1', 'token 2', 'token 3'],
      );
      assert.equal(refusals.length, 4);
    });
  }
});
