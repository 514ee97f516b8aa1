import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { BroadcastPlan } from '../../src/hub/broadcast.ts';
import { createBroadcast } from '../../src/hub/create-broadcast.ts';
import type { DeliveryCounters, Outlet } from '../../src/hub/outlet.ts';
import type { Topic } from '../../src/hub/topics.ts';
import { Turn } from '../../src/hub/turn.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { ManualClock } from '../support/manual-clock.ts';

const A: Topic = { kind: 'ticker', symbol: 'A/USD' as PairSymbol };
const B: Topic = { kind: 'ticker', symbol: 'B/USD' as PairSymbol };

class Reader implements Outlet {
  readonly got: string[] = [];
  congested = false;
  ended = false;
  #drained: () => void = () => {};

  send(results: readonly string[]): void {
    this.got.push(...results);
  }
  onDrain(drained: () => void): void {
    this.#drained = drained;
  }
  end(): void {
    this.ended = true;
  }
  drain(): void {
    this.congested = false;
    this.#drained();
  }
}

let clock: ManualClock;
let turn: Turn;
let counters: DeliveryCounters;
let values: Map<Topic, number>;
let executions: number;

beforeEach(() => {
  clock = new ManualClock();
  turn = new Turn(clock);
  counters = { delivered: 0, conflated: 0, slowConsumers: 0 };
  values = new Map([
    [A, 0],
    [B, 0],
  ]);
  executions = 0;
});

const nameOf = (topic: Topic): string => ('symbol' in topic ? topic.symbol.slice(0, 1) : topic.kind);

function plan(overrides: Partial<BroadcastPlan> = {}): BroadcastPlan {
  const result = (topic: Topic): string => {
    executions += 1;
    return `${nameOf(topic)}${values.get(topic)}`;
  };
  return {
    key: 'key',
    topics: [A, B],
    delivery: 'latest',
    minIntervalMs: 0,
    byTheClock: false,
    render: topic => [result(topic)],
    step: () => [],
    standing: () => undefined,
    renderEvent: event => {
      executions += 1;
      return String(event);
    },
    current: topic => [result(topic)],
    renderSlowConsumer: () => 'SLOW_CONSUMER',
    renderFailure: error => `FAILED ${(error as Error).message}`,
    ...overrides,
  };
}

function create(overrides: Partial<BroadcastPlan> = {}) {
  const whole = plan(overrides);
  const broadcast = createBroadcast(whole, { clock, turn, counters });
  return {
    changed: (topic: Topic, event?: unknown) => broadcast.changed(topic, event),
    flush: () => broadcast.flush(),
    /** By its own plan, where a newcomer has one. */
    join: (reader: Reader, own: Partial<BroadcastPlan> = {}) => broadcast.join(reader, { ...whole, ...own }),
    get size() {
      return broadcast.size;
    },
  };
}

describe('state topics', () => {
  test('a newcomer gets what is current, then each change', () => {
    const broadcast = create();
    const reader = new Reader();
    broadcast.join(reader);
    assert.deepEqual(reader.got, ['A0', 'B0']);
    values.set(A, 1);
    broadcast.changed(A);
    clock.turn();
    assert.deepEqual(reader.got, ['A0', 'B0', 'A1']);
  });

  test('however many subscribers and changes a turn has, each topic is executed once', () => {
    const broadcast = create();
    const readers = Array.from({ length: 200 }, () => new Reader());
    for (const reader of readers) broadcast.join(reader);
    executions = 0;
    for (let change = 1; change <= 5; change += 1) {
      values.set(A, change);
      broadcast.changed(A);
    }
    clock.turn();
    assert.equal(executions, 1);
    for (const reader of readers) assert.deepEqual(reader.got.slice(2), ['A5']);
    assert.equal(counters.conflated, 4 * 200);
    assert.equal(counters.delivered, 200 * 3);
  });

  test('a newcomer in the turn of a change gets it once', () => {
    const broadcast = create();
    const early = new Reader();
    broadcast.join(early);
    values.set(A, 1);
    broadcast.changed(A);
    const late = new Reader();
    broadcast.join(late);
    clock.turn();
    assert.deepEqual(early.got, ['A0', 'B0', 'A1']);
    assert.deepEqual(late.got, ['A1', 'B0']);
    values.set(B, 2);
    broadcast.changed(B);
    clock.turn();
    assert.deepEqual(late.got, ['A1', 'B0', 'B2']);
  });

  test('a rate holds changes back and delivers the latest when it may', () => {
    const broadcast = create({ minIntervalMs: 1_000 });
    const reader = new Reader();
    broadcast.join(reader);
    for (let ms = 0; ms < 3_000; ms += 100) {
      values.set(A, ms);
      broadcast.changed(A);
      clock.advance(100);
    }
    clock.advance(1_000);
    assert.deepEqual(reader.got, ['A0', 'B0', 'A900', 'A1900', 'A2900']);
  });

  test('no two values of a topic come closer than the rate allows, and the last one always comes', () => {
    const steps = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 700 }), act: fc.constantFrom('a', 'b', 'join') }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, actions => {
        clock = new ManualClock();
        turn = new Turn(clock);
        for (const topic of [A, B]) values.set(topic, 0);
        const broadcast = create({ minIntervalMs: 500 });
        const readers: { readonly at: Map<string, number>; readonly last: Map<string, string> }[] = [];
        const join = (): void => {
          const at = new Map<string, number>();
          const last = new Map<string, string>();
          readers.push({ at, last });
          const reader = new Reader();
          reader.send = results => {
            const nowMs = clock.monotonicMs();
            for (const text of results) {
              const topic = text.slice(0, 1);
              assert.ok(nowMs - (at.get(topic) ?? Number.NEGATIVE_INFINITY) >= 500 - 1e-6, `${topic} twice`);
              assert.notEqual(last.get(topic), text, 'the same value twice');
              at.set(topic, nowMs);
              last.set(topic, text);
            }
          };
          broadcast.join(reader);
        };
        join();
        let change = 0;
        for (const { waitMs, act } of actions) {
          clock.advance(waitMs);
          if (act === 'join') join();
          else {
            const topic = act === 'a' ? A : B;
            change += 1;
            values.set(topic, change);
            broadcast.changed(topic);
          }
        }
        clock.advance(2_000);
        for (const { last } of readers) {
          assert.deepEqual([last.get('A'), last.get('B')], [`A${values.get(A)}`, `B${values.get(B)}`]);
        }
      }),
    );
  });

  test('a slow reader misses values, and gets the latest of each topic when it drains', () => {
    const broadcast = create();
    const slow = new Reader();
    const quick = new Reader();
    broadcast.join(slow);
    broadcast.join(quick);
    clock.turn();
    slow.congested = true;
    for (let change = 1; change <= 3; change += 1) {
      values.set(A, change);
      broadcast.changed(A);
      clock.turn();
    }
    assert.deepEqual(slow.got, ['A0', 'B0']);
    assert.deepEqual(quick.got, ['A0', 'B0', 'A1', 'A2', 'A3']);
    assert.equal(counters.slowConsumers, 1);
    slow.drain();
    clock.turn();
    assert.deepEqual(slow.got, ['A0', 'B0', 'A3']);
    values.set(A, 4);
    broadcast.changed(A);
    clock.turn();
    assert.deepEqual(slow.got, ['A0', 'B0', 'A3', 'A4']);
  });

  test('a topic without a value yet is not delivered', () => {
    const broadcast = create({ render: () => [], current: () => [] });
    const reader = new Reader();
    broadcast.join(reader);
    broadcast.changed(A);
    clock.turn();
    assert.deepEqual(reader.got, []);
  });

  test('a broadcast by the clock speaks at every interval, and falls silent with its last subscriber', () => {
    const broadcast = create({
      topics: [A],
      byTheClock: true,
      minIntervalMs: 1_000,
      current: () => ['now'],
    });
    const reader = new Reader();
    const leave = broadcast.join(reader);
    clock.advance(3_500);
    assert.deepEqual(reader.got, ['now', 'A0', 'A0', 'A0']);
    leave();
    clock.advance(5_000);
    assert.equal(reader.got.length, 4);
    assert.equal(clock.pending, 0);
  });
});

describe('a broadcast that throws while it renders', () => {
  const fault = (): never => {
    throw new Error('a fault');
  };
  for (const [delivery, faulty] of [
    ['latest', { render: fault }],
    ['every', { renderEvent: fault }],
    ['mirror', { step: (topic: Topic) => (values.get(topic) === 1 ? fault() : []) }],
  ] as const) {
    test(`ends alone: ${delivery}`, () => {
      const healthy = create();
      const sick = create({ delivery, ...faulty });
      const [reader, patient, other] = [new Reader(), new Reader(), new Reader()];
      for (const one of [patient, other]) sick.join(one);
      healthy.join(reader);
      values.set(A, 1);
      sick.changed(A, 'event');
      healthy.changed(A);
      clock.turn();
      assert.deepEqual(reader.got, ['A0', 'B0', 'A1'], 'its neighbour is served in the same turn');
      for (const one of [patient, other]) {
        assert.equal(one.got.at(-1), 'FAILED a fault');
        assert.equal(one.ended, true);
      }
    });
  }

  test('ends those who had joined, and not the newcomer whose joining brought it to light', () => {
    const sick = create({ delivery: 'every', renderEvent: fault });
    const [early, late] = [new Reader(), new Reader()];
    sick.join(early);
    sick.changed(A, 'event');
    sick.join(late);
    assert.equal(early.ended, true);
    assert.equal(late.ended, false, 'a new subscription: what failed was before its time');
  });
});

describe('events', () => {
  test('each event reaches everyone who had joined before it, once and in order', () => {
    const broadcast = create({ topics: [A], delivery: 'every', current: () => ['first'] });
    const early = new Reader();
    broadcast.join(early);
    broadcast.changed(A, 'one');
    const late = new Reader();
    broadcast.join(late);
    broadcast.changed(A, 'two');
    broadcast.changed(A, 'three');
    clock.turn();
    assert.deepEqual(early.got, ['first', 'one', 'two', 'three']);
    assert.deepEqual(late.got, ['first', 'two', 'three']);
    assert.equal(executions, 3);
  });

  test('they queue for a slow reader, who gets all of them in order', () => {
    const broadcast = create({ delivery: 'every', current: () => [] });
    const reader = new Reader();
    broadcast.join(reader);
    reader.congested = true;
    for (let event = 0; event < 1_000; event += 1) broadcast.changed(A, event);
    clock.turn();
    assert.deepEqual(reader.got, []);
    reader.drain();
    assert.deepEqual(
      reader.got,
      Array.from({ length: 1_000 }, (_, event) => String(event)),
    );
  });

  test('a reader behind by more than the bound is told so and ended, and nobody else', () => {
    const broadcast = create({ delivery: 'every', current: () => [] });
    const slow = new Reader();
    const quick = new Reader();
    broadcast.join(slow);
    broadcast.join(quick);
    slow.congested = true;
    for (let event = 0; event <= 1_000; event += 1) broadcast.changed(A, event);
    clock.turn();
    assert.deepEqual(slow.got, ['SLOW_CONSUMER']);
    assert.ok(slow.ended);
    assert.equal(quick.got.length, 1_001);
    assert.equal(broadcast.size, 1);
    slow.drain();
    assert.deepEqual(slow.got, ['SLOW_CONSUMER'], 'nothing follows the end');
  });
});
