import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { Api } from '../../web/api/api.ts';
import { ApiError } from '../../web/api/error.ts';
import type { FeedState } from '../../web/generated/operations.ts';
import { PageClock } from '../../web/lib/page-clock.ts';
import { Channels } from '../../web/model/channels.ts';
import { LiveModel } from '../../web/model/freshness.ts';
import { lagOf } from '../../web/model/lag.ts';
import { Listing } from '../../web/model/listing.ts';
import { overallOf } from '../../web/model/overall.ts';
import { Pairs } from '../../web/model/pairs.ts';
import { Recent } from '../../web/model/recent.ts';
import { absence, type Surroundings, type Trust, trustOf } from '../../web/model/trust.ts';

/** Both clocks of the machine. */
let monotonicMs = 5_000;
let wallMs = 1_700_000_000_000;
function pass(ms: number): void {
  // In steps in which a page looks at its clock.
  for (let left = ms; left > 0; left -= 1_000) {
    monotonicMs += Math.min(left, 1_000);
    wallMs += Math.min(left, 1_000);
    trustOf(HEARD, { connection: 'connected' });
  }
}
const HEARD = { state: 'LIVE', stale: false, asOfMs: 0, quietSinceMs: undefined } as const;
mock.method(performance, 'now', () => monotonicMs);
mock.method(Date, 'now', () => wallMs);

class Heard extends LiveModel {
  hear(state: FeedState, ageMs = 0): void {
    this.heard({ state, stale: state !== 'LIVE', ageMs });
  }
  trust(around: Partial<Surroundings> = {}): Trust {
    return trustOf(this.standing, { connection: 'connected', error: this.error, ...around });
  }
}

describe('trust', () => {
  let model: Heard;
  beforeEach(() => {
    model = new Heard();
  });

  test('is in what was heard as live and not interrupted since, and in nothing else', () => {
    assert.deepEqual(model.trust(), {
      cause: 'PENDING',
      live: false,
      label: 'Waiting for a value',
      ageMs: undefined,
    });
    model.hear('LIVE', 40);
    pass(100);
    assert.deepEqual(model.trust(), { cause: 'LIVE', live: true, label: 'Live', ageMs: 140 });
    assert.deepEqual(
      (['lost', 'checking', 'connecting'] as const).map(connection => model.trust({ connection }).live),
      [false, false, false],
    );
    model.interrupted();
    // The connection is back, and the value is from before.
    pass(7_000);
    assert.deepEqual(model.trust(), {
      cause: 'PENDING',
      live: false,
      label: 'Waiting for a value',
      ageMs: 7_140,
    });
    model.hear('DISCONNECTED', 4_000);
    pass(1_000);
    assert.deepEqual(model.trust(), {
      cause: 'DISCONNECTED',
      live: false,
      label: 'Disconnected',
      ageMs: 5_000,
    });
  });

  test('outlasts a silence that ends soon, and the renewal that ends it, and no longer one', () => {
    model.hear('LIVE');
    model.hear('SILENT');
    assert.equal(model.trust().label, 'Live');
    pass(6_000);
    assert.equal(model.trust().live, true);
    model.hear('PENDING');
    pass(3_000);
    assert.equal(model.trust().live, true, 'renewed because it was silent');
    model.hear('LIVE');
    pass(60_000);
    model.hear('SILENT');
    pass(11_000);
    assert.equal(model.trust().live, true, 'another silence');
    pass(2_000);
    assert.deepEqual([model.trust().live, model.trust().label], [false, 'Silent']);
    // Said again, it has not begun again.
    model.hear('SILENT');
    assert.equal(model.trust().live, false);
  });

  test('outlasts neither a lost connection nor a broken book, however quiet it was before', () => {
    for (const state of ['DISCONNECTED', 'RESYNCING', 'REJECTED'] as const) {
      model.hear('SILENT');
      model.hear(state);
      assert.equal(model.trust().live, false, state);
      model.hear('LIVE');
    }
    model.hear('SILENT');
    model.interrupted();
    assert.equal(model.trust().live, false, 'the page lost its subscription');
  });

  test('of a channel goes the same way', () => {
    const channels = new Channels();
    const say = (state: FeedState): void =>
      channels.take({
        status: {
          subscriptions: [
            { channel: 'trade', interval: null, state },
            { channel: 'ohlc', interval: 5, state: 'LIVE' },
          ],
        },
      });
    const isLive = (): boolean =>
      trustOf({ ...HEARD, ...channels.of('trade') }, { connection: 'connected' }).live;
    say('LIVE');
    assert.ok(isLive());
    say('SILENT');
    pass(6_000);
    say('PENDING');
    pass(1_000);
    assert.ok(isLive());
    pass(6_000);
    assert.ok(!isLive());
    assert.equal(channels.of('ohlc', 5)?.state, 'LIVE');
    assert.equal(channels.of('ohlc', 1), undefined);
    channels.interrupted();
    assert.equal(channels.of('trade'), undefined);
  });

  test('in what is refused, empty, halted or failed is said in one way, which is what stands where values would', () => {
    const channel = (state: FeedState) => ({ channel: { state, quietSinceMs: undefined } });
    const refused = new ApiError('no', { code: 'UPSTREAM_REJECTED' });
    const cases: readonly (readonly [Partial<Surroundings>, boolean, string, string])[] = [
      [{}, false, 'Waiting for a value', 'Waiting for it'],
      [channel('PENDING'), false, 'Waiting for a value', 'Waiting for it'],
      [channel('LIVE'), false, 'Waiting for a value', 'Waiting for it'],
      [channel('REJECTED'), false, 'Refused by Kraken', 'Refused by Kraken'],
      [{ error: refused }, false, 'Refused by Kraken', 'Refused by Kraken'],
      [{ error: new ApiError('no', { code: 'BAD_USER_INPUT' }) }, false, 'Not available', 'Not available'],
      [
        { error: new ApiError('later', { code: 'UPSTREAM_UNAVAILABLE' }) },
        false,
        'Waiting for a value',
        'Waiting for it',
      ],
      [channel('DISCONNECTED'), false, 'Disconnected', 'Disconnected'],
      [{ empty: true, ...channel('LIVE') }, true, 'Live', 'Nothing'],
      [{ empty: true, ...channel('PENDING') }, true, 'Live', 'Nothing'],
      [{ empty: true, ...channel('DISCONNECTED') }, false, 'Disconnected', 'Disconnected'],
      [{ empty: true, connection: 'lost' }, false, 'Server not reached', 'Server not reached'],
      [{ empty: true, halt: 'Cancel only' }, true, 'Cancel only', 'Nothing'],
      [{ connection: 'checking' }, false, 'Checking the connection', 'Checking the connection'],
    ];
    for (const [around, live, label, instead] of cases) {
      const trust = model.trust(around);
      assert.deepEqual([trust.live, trust.label, absence(trust, 'it', 'Nothing')], [live, label, instead]);
    }
    model.hear('LIVE');
    assert.deepEqual(
      [model.trust(channel('REJECTED')).label, model.trust(channel('REJECTED')).live],
      ['Refused by Kraken', false],
    );
    model.failed(refused);
    assert.equal(model.trust().label, 'Refused by Kraken');
    model.hear('LIVE');
    assert.equal(model.trust().label, 'Live', 'what has come since counts');
  });

  test('in a pair that is halted is in its values, and not in its trade', () => {
    const listing = new Listing();
    const listed = { base: 'A', status: 'online', pricePrecision: 1, qtyPrecision: 8 };
    assert.equal(listing.halt, undefined);
    listing.take(null);
    assert.equal(listing.halt, undefined, 'not heard of yet');
    listing.take(listed);
    assert.equal(listing.halt, undefined);
    listing.take({ ...listed, status: 'work_in_progress' });
    assert.equal(listing.halt, 'Work in progress');
    model.hear('LIVE');
    assert.deepEqual(
      [model.trust({ halt: 'Work in progress' }).live, model.trust({ halt: 'x' }).label],
      [true, 'x'],
    );
    model.hear('DISCONNECTED');
    assert.equal(model.trust({ halt: 'x' }).label, 'Disconnected', 'what is not live is said first');
    listing.take(null);
    assert.equal(listing.halt, 'Delisted');
    listing.take(listed);
    assert.equal(listing.halt, undefined);
  });
});

describe('the state of all of it', () => {
  const trust = (cause: Trust['cause'], live: boolean, label: string): Trust => ({
    cause,
    live,
    label,
    ageMs: undefined,
  });
  const live = trust('LIVE', true, 'Live');
  const waiting = trust('PENDING', false, 'Waiting for a value');
  const resyncing = trust('RESYNCING', false, 'Resyncing');

  test('is never better than its worst part', () => {
    const of = (health: 'HEALTHY' | 'DEGRADED' | 'DOWN', ...trusts: Trust[]) =>
      overallOf(
        { health },
        trusts.map((one, index) => [`part ${index}`, one] as const),
      );
    assert.deepEqual(of('HEALTHY', live, live), { state: 'HEALTHY', reason: undefined });
    assert.deepEqual(of('HEALTHY', live, resyncing), { state: 'DEGRADED', reason: 'part 1: resyncing' });
    assert.deepEqual(of('HEALTHY', live, waiting), {
      state: 'WAITING',
      reason: 'part 1: waiting for a value',
    });
    assert.equal(of('HEALTHY', waiting, resyncing).reason, 'part 1: resyncing', 'the worse is told');
    assert.equal(of('DEGRADED', live).state, 'DEGRADED');
    assert.equal(of('DEGRADED', waiting).state, 'DEGRADED');
    assert.equal(of('DOWN', live).state, 'DOWN');
    assert.equal(of('HEALTHY', trust('HALTED', true, 'Cancel only')).state, 'HEALTHY');
  });
});

describe('the page’s clock', () => {
  /** A clock, and how often it was in doubt. */
  function clockOf() {
    let [ms, wall] = [1_000, 1_700_000_000_000];
    const clock = new PageClock(
      () => ms,
      () => wall,
    );
    let doubts = 0;
    clock.onDoubt(() => {
      doubts += 1;
    });
    return {
      now: (): number => clock.now(),
      doubts: (): number => doubts,
      pass: (monotonicMs: number, wallMs = monotonicMs): void => {
        ms += monotonicMs;
        wall += wallMs;
      },
    };
  }

  test('goes as the monotonic clock does, while that goes', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    for (let second = 0; second < 100; second += 1) {
      clock.pass(1_000, 1_000 + (second % 2 ? 30 : -30));
      clock.now();
    }
    assert.equal(clock.now() - beginMs, 100_000);
    assert.equal(clock.doubts(), 0);
  });

  test('counts a sleep, and doubts then what was heard before', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    clock.pass(200, 60_200);
    assert.equal(clock.now() - beginMs, 60_200);
    assert.equal(clock.doubts(), 1);
    clock.pass(1_000);
    assert.equal(clock.now() - beginMs, 61_200);
    assert.equal(clock.doubts(), 1, 'once');
  });

  test('doubts after a clock was set, and after a freeze in which both went on, and never goes back', () => {
    const clock = clockOf();
    const beginMs = clock.now();
    clock.pass(1_000, -30_000);
    assert.equal(clock.now() - beginMs, 1_000);
    assert.equal(clock.doubts(), 1);
    clock.pass(6_000);
    assert.equal(clock.now() - beginMs, 7_000);
    assert.equal(clock.doubts(), 2);
  });
});

describe('an alarm', () => {
  test('is about what rose while the page was open, and ends ten minutes after it did', () => {
    const recent = new Recent();
    recent.take('lost', 7);
    assert.equal(recent.of('lost'), 0, 'before the page was opened');
    recent.take('lost', 9);
    assert.equal(recent.of('lost'), 2);
    pass(500_000);
    recent.take('lost', 10);
    assert.equal(recent.of('lost'), 3);
    pass(500_000);
    recent.take('lost', 10);
    assert.equal(recent.of('lost'), 3);
    pass(101_000);
    assert.equal(recent.of('lost'), 0);
    recent.take('lost', 11);
    assert.equal(recent.of('lost'), 1, 'what is over is not told again');
  });

  test('is not that a server began again', () => {
    const recent = new Recent();
    recent.take('lost', 7);
    recent.take('lost', 2);
    assert.equal(recent.of('lost'), 0);
    recent.take('lost', 3);
    assert.equal(recent.of('lost'), 1);
    assert.equal(recent.of('never heard of'), 0);
  });
});

describe('the lag', () => {
  const lag = (medianMs: number, p99Ms = medianMs) => ({ medianMs, p99Ms });

  test('is shown as it is where it can be', () => {
    assert.deepEqual(lagOf(null, 20), { text: '–', details: undefined, alarm: false });
    assert.deepEqual(lagOf(lag(12.2, 41), 20), { text: '12 ms', details: 'p99 41 ms', alarm: false });
    assert.deepEqual(lagOf(lag(300, 4_000), 20), { text: '300 ms', details: 'p99 4 s', alarm: true });
    assert.equal(lagOf(lag(0, 1), 0.4).text, '0 ms', 'an exchange next door');
    assert.equal(lagOf(lag(8), null).text, '8 ms');
  });

  test('that no network can have is the difference of two clocks', () => {
    assert.deepEqual(lagOf(lag(0), 80), {
      text: 'Clocks differ',
      details: 'the exchange is ahead',
      alarm: true,
    });
    assert.equal(lagOf(lag(-40, 3), 0.4).text, 'Clocks differ');
    assert.equal(lagOf(lag(3, 4), 200).text, 'Clocks differ', 'faster than light');
    assert.equal(lagOf(lag(3_600_000), 80).details, 'the exchange is behind');
    assert.deepEqual(lagOf(lag(7_000, 7_200), 80), {
      text: '7 s',
      details: 'late, or the clocks differ',
      alarm: true,
    });
    assert.equal(lagOf(lag(7_000, 20_000), 80).details, 'p99 20 s', 'it varies as a lag does');
  });

  test('is nothing once it is known by how much they differ', () => {
    assert.deepEqual(lagOf(lag(900), 80, 4_200), {
      text: 'Clocks differ',
      details: 'this server is 4.2 s ahead',
      alarm: true,
    });
    assert.equal(lagOf(lag(900), 80, -4_200).details, 'this server is 4.2 s behind');
    assert.equal(lagOf(lag(900), 80, 120).text, '900 ms');
  });
});

describe('the list of pairs', () => {
  const listed = (symbol: string, status = 'online') => {
    const [base = '', quote = ''] = symbol.split('/');
    return { symbol, base, quote, status };
  };

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('is by relevance: what is traded, what has the most pairs, what is quoted in dollars', async () => {
    const instruments = [
      'AAVE/USD',
      'BTC/EUR',
      'BTC/USD',
      'ETH/BTC',
      'ETH/USD',
      'SOL/BTC',
      'SOL/EUR',
      'SOL/USD',
      'USD/EUR',
    ].map(symbol => listed(symbol));
    const api = {
      query: () => Promise.resolve({ instruments: [listed('1INCH/USD', 'delisted'), ...instruments] }),
    };
    const pairs = new Pairs(api as unknown as Api);
    pairs.load();
    await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual(
      pairs.all.map(({ symbol }) => symbol),
      [
        'BTC/USD',
        'BTC/EUR',
        'USD/EUR',
        'SOL/USD',
        'SOL/EUR',
        'SOL/BTC',
        'ETH/USD',
        'ETH/BTC',
        'AAVE/USD',
        '1INCH/USD',
      ],
    );
  });

  test('is asked for again now and then, and when somebody looks at it', async () => {
    let asked = 0;
    const api = {
      query: () => {
        asked += 1;
        return Promise.resolve({ instruments: [listed('BTC/USD')] });
      },
    };
    const pairs = new Pairs(api as unknown as Api);
    const answered = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
    pairs.load();
    await answered();
    pairs.refresh();
    assert.equal(asked, 1, 'it is fresh');
    pass(5_000);
    pairs.refresh();
    await answered();
    assert.equal(asked, 2);
    mock.timers.tick(60_000);
    await answered();
    mock.timers.tick(60_000);
    assert.equal(asked, 4);
  });
});
