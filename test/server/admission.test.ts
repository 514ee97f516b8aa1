import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { GraphQLError } from 'graphql';
import { Share } from '../../src/hub/share.ts';
import { Admission, BUDGETS, type Caller, GONE } from '../../src/server/admission.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A clock whose turns are taken one by one. */
class SteppedClock extends ManualClock {
  #next: (() => void)[] = [];

  override endOfTurn(callback: () => void): void {
    this.#next.push(callback);
  }

  step(): void {
    for (const callback of this.#next.splice(0)) callback();
  }
}

let clock: SteppedClock;
let admission: Admission;
let ran: string[];

beforeEach(() => {
  clock = new SteppedClock();
  admission = new Admission(clock);
  ran = [];
});

const caller = (address = '127.0.0.1'): Caller =>
  admission.caller(address, new Share({ upstream: 10, documentBytes: 10 }));

/** Puts an operation in line, and notes when it ran or why it did not. */
function ask(who: Caller, name: string, cost: number): Promise<void> {
  return who.admit(cost).then(
    () => void ran.push(name),
    (error: GraphQLError) => void ran.push(`${name}: ${error === GONE ? 'gone' : error.extensions['limit']}`),
  );
}

/** Turns of the event loop, with what promises do in them. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    clock.step();
    await new Promise(setImmediate);
  }
}

describe('operations wait in line', () => {
  test('connections take turns, however many operations one of them has', async () => {
    const [greedy, modest] = [caller(), caller()];
    for (let index = 0; index < 3; index += 1) void ask(greedy, `greedy ${index}`, 400);
    void ask(modest, 'modest', 400);
    await turns(8);
    assert.deepEqual(ran, ['greedy 0', 'modest', 'greedy 1', 'greedy 2']);
  });

  test('small ones share a turn, and between turns the event loop goes on', async () => {
    const callers = Array.from({ length: 6 }, () => caller());
    for (const [index, one] of callers.entries()) void ask(one, `${index}`, 100);
    await turns(1);
    assert.deepEqual(ran, ['0', '1', '2', '3', '4']);
    await turns(2);
    assert.equal(ran.length, 6);
  });

  test('what waits for a connection that has gone never runs', async () => {
    const gone = caller();
    for (let index = 0; index < 3; index += 1) void ask(gone, `${index}`, 600);
    await turns(1);
    gone.gone();
    await turns(8);
    assert.deepEqual(ran, ['0', '1: gone', '2: gone']);
    await ask(gone, 'later', 1);
    assert.equal(ran.at(-1), 'later: gone');
    assert.equal(clock.pending, 0, 'nothing is left to do');
  });

  test('after the burst a connection runs as much as its budget allows', async () => {
    const { burst, perSecond } = BUDGETS.connection;
    const one = caller();
    void ask(one, 'burst', burst);
    await turns(2);
    assert.deepEqual(ran, ['burst']);
    void ask(one, 'next', perSecond);
    void ask(one, 'last', 1);
    await turns(2);
    assert.deepEqual(ran, ['burst', 'next'], 'whoever owes nothing may spend');
    clock.advance(900);
    await turns(2);
    assert.deepEqual(ran, ['burst', 'next']);
    clock.advance(200);
    await turns(2);
    assert.deepEqual(ran, ['burst', 'next', 'last']);
  });

  test('one that would wait too long is refused at once, and told when to ask again', async () => {
    const { burst, perSecond } = BUDGETS.connection;
    const one = caller();
    void ask(one, 'burst', burst + 6 * perSecond);
    await turns(2);
    const error = await one.admit(1).catch((reason: GraphQLError) => reason);
    assert.equal(error?.extensions['code'], 'LIMIT_EXCEEDED');
    assert.equal(error?.extensions['allowed'], perSecond);
    assert.equal(error?.extensions['retryAfterMs'], 6_000);
    clock.advance(6_000);
    void ask(one, 'again', 1);
    await turns(2);
    assert.deepEqual(ran, ['burst', 'again']);
  });

  test('a line has an end', async () => {
    const one = caller();
    const refused = Array.from({ length: 150 }, () => ask(one, 'x', 0));
    await Promise.all(refused.slice(100));
    assert.equal(ran.filter(text => text === 'x: operations waiting on this connection').length, 50);
  });
});

describe('a public address', () => {
  test('has a budget that its connections share', async () => {
    const { burst } = BUDGETS.address;
    const size = BUDGETS.connection.burst;
    const here = Array.from({ length: burst / size + 2 }, () => caller('203.0.113.7'));
    for (const [index, one] of here.entries()) void ask(one, `${index}`, size);
    void ask(caller('198.51.100.1'), 'elsewhere', size);
    await turns(3 * here.length);
    assert.deepEqual(ran, ['0', '1', '2', '3', '4', 'elsewhere']);
  });

  test('is no limit in a private network, where everyone may come from one proxy', async () => {
    const here = Array.from({ length: 8 }, () => caller('10.0.0.1'));
    for (const [index, one] of here.entries()) void ask(one, `${index}`, BUDGETS.connection.burst);
    await turns(30);
    assert.equal(ran.length, 8);
  });
});
