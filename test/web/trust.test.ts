import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { ApiError } from '../../web/api/error.ts';
import type { FeedState } from '../../web/generated/operations.ts';
import { Channels } from '../../web/model/channels.ts';
import { LiveModel } from '../../web/model/freshness.ts';
import { Listing } from '../../web/model/listing.ts';
import { overallOf } from '../../web/model/overall.ts';
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
