import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectionEvent, type ConnectionState, transition } from '../../src/kraken/connection-state.ts';

const epoch = fc.integer({ min: 1, max: 5 });
const anyEvent: fc.Arbitrary<ConnectionEvent> = fc.oneof(
  fc.constant<ConnectionEvent>({ kind: 'connect', nowMs: 0, delayMs: 0 }),
  fc.constant<ConnectionEvent>({ kind: 'disconnect' }),
  epoch.map(epoch => ({ kind: 'greeted', epoch, nowMs: 0 }) as const),
  epoch.map(epoch => ({ kind: 'stable', epoch }) as const),
  epoch.map(epoch => ({ kind: 'lost', epoch, nowMs: 0, delayMs: 10 }) as const),
  epoch.map(epoch => ({ kind: 'retry', epoch }) as const),
);
const run = (events: readonly ConnectionEvent[]): ConnectionState =>
  events.reduce<ConnectionState>(transition, { kind: 'idle' });

test('a connection goes from idle over connecting to open, and backs off when it is lost', () => {
  const greeted: ConnectionEvent = { kind: 'greeted', epoch: 1, nowMs: 5 };
  const lost: ConnectionEvent = { kind: 'lost', epoch: 1, nowMs: 7, delayMs: 10 };
  assert.deepEqual(run([{ kind: 'connect', nowMs: 0, delayMs: 0 }]), {
    kind: 'connecting',
    epoch: 1,
    attempt: 0,
  });
  assert.deepEqual(run([{ kind: 'connect', nowMs: 0, delayMs: 0 }, greeted]), {
    kind: 'open',
    epoch: 1,
    attempt: 0,
    sinceMs: 5,
  });
  assert.deepEqual(run([{ kind: 'connect', nowMs: 0, delayMs: 0 }, greeted, lost]), {
    kind: 'backingOff',
    epoch: 1,
    attempt: 1,
    retryAtMs: 17,
  });
  assert.deepEqual(
    run([{ kind: 'connect', nowMs: 0, delayMs: 0 }, greeted, lost, { kind: 'retry', epoch: 1 }]),
    {
      kind: 'connecting',
      epoch: 2,
      attempt: 1,
    },
  );
});

test('failures add up until a connection was stable', () => {
  const failing: ConnectionEvent[] = [{ kind: 'connect', nowMs: 0, delayMs: 0 }];
  for (let socket = 1; socket <= 3; socket += 1) {
    failing.push({ kind: 'lost', epoch: socket, nowMs: 0, delayMs: 0 }, { kind: 'retry', epoch: socket });
  }
  const reopened: ConnectionEvent[] = [...failing, { kind: 'greeted', epoch: 4, nowMs: 0 }];
  assert.equal((run(reopened) as { attempt: number }).attempt, 3);
  assert.equal((run([...reopened, { kind: 'stable', epoch: 4 }]) as { attempt: number }).attempt, 0);
});

test('an event of an old socket changes nothing, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), anyEvent, (events, late) => {
      const state = run(events);
      if (!('epoch' in late) || !('epoch' in state) || late.epoch === state.epoch) return;
      assert.equal(transition(state, late), state);
    }),
  );
});

test('epochs only rise, and each socket gets its own', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 50 }), events => {
      let state: ConnectionState = { kind: 'idle' };
      let newest = 0;
      for (const event of events) {
        const next = transition(state, event);
        if (next.kind === 'connecting' && state.kind !== 'connecting') {
          assert.equal(next.epoch, newest + 1);
          newest = next.epoch;
        }
        state = next;
      }
    }),
  );
});

test('after disconnect nothing but connect brings it back', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), fc.array(anyEvent), (before, after) => {
      const state = [
        { kind: 'connect', nowMs: 0, delayMs: 0 } as const,
        ...before,
        { kind: 'disconnect' } as const,
        ...after.filter(event => event.kind !== 'connect'),
      ];
      assert.equal(run(state).kind, 'closed');
    }),
  );
});
