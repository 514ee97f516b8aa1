import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ExchangeClock } from '../../src/kraken/exchange-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';

const AT_THE_EXCHANGE = Date.UTC(2026, 10, 26, 12);

let local: ManualClock;
let clock: ExchangeClock;

/** A machine whose clock is ahead of the exchange's by so much. */
function machine(aheadMs: number): void {
  local = new ManualClock(AT_THE_EXCHANGE + aheadMs);
  clock = new ExchangeClock(local);
}
beforeEach(() => machine(0));

/** A ping that takes so long there and back. */
function ping(thereMs: number, backMs: number, busyMs = 0): void {
  const sentMs = local.monotonicMs();
  const text = (ms: number): string => new Date(AT_THE_EXCHANGE + local.monotonicMs() + ms).toISOString();
  const timeIn = text(thereMs);
  const timeOut = text(thereMs + busyMs);
  local.advance(thereMs + busyMs + backMs);
  clock.roundTrip(sentMs, local.monotonicMs(), timeIn, timeOut);
}

const truth = (): number => AT_THE_EXCHANGE + local.monotonicMs();

for (const aheadMs of [-600_000, -30_000, 0, 30_000, 600_000]) {
  test(`tells the exchange's time on a machine that is ${aheadMs} ms ahead`, () => {
    machine(aheadMs);
    assert.equal(clock.skewMs, undefined);
    assert.equal(clock.now(), local.now(), 'before it knows better');
    ping(20, 20, 5);
    assert.equal(clock.now(), truth());
    assert.equal(clock.skewMs, aheadMs);
    local.advance(3_600_000);
    assert.equal(clock.now(), truth());
  });
}

test('is wrong by half of the round trip at most, and trusts the quickest one', () => {
  ping(10, 400);
  assert.equal(Math.abs(clock.now() - truth()), 195);
  ping(10, 12);
  assert.equal(Math.abs(clock.now() - truth()), 1);
  ping(800, 0);
  assert.equal(Math.abs(clock.now() - truth()), 1, 'a slow one changes nothing');
});

test('forgets round trips of long ago, as clocks drift', () => {
  ping(0, 0);
  local.advance(700_000);
  ping(100, 0);
  assert.equal(Math.abs(clock.now() - truth()), 50);
});

test('does not believe an answer that makes no sense', () => {
  for (const [timeIn, timeOut] of [
    [undefined, undefined],
    ['never', 'ever'],
    ['2026-11-26T12:00:10Z', '2026-11-26T12:00:00Z'],
  ] as const) {
    clock.roundTrip(0, timeIn === '2026-11-26T12:00:10Z' ? -11_000 : 10, timeIn, timeOut);
    assert.equal(clock.skewMs, undefined, `${timeIn}`);
  }
});
