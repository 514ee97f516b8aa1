import { GraphQLError } from 'graphql';
import { toGraphQLError } from '../graphql/errors.ts';
import type { Share } from '../hub/share.ts';
import { isPrivate } from '../lib/addresses.ts';
import type { Clock } from '../lib/clock.ts';
import { limitExceeded } from '../lib/coded-error.ts';

/** Units of cost: see `limits.ts`. A unit takes about seven microseconds. */
export const BUDGETS = {
  /** Of one connection: as much as it may spend at once, and a second. */
  connection: { burst: 20_000, perSecond: 5_000 },
  /** Of all connections from one public address. */
  address: { burst: 80_000, perSecond: 20_000 },
} as const;

/** Operations of one connection that wait for their turn; more are refused. */
const MAX_WAITING = 100;
/** An operation that would wait for its budget longer than this is refused. */
const MAX_WAIT_MS = 5_000;
/** Operations that together cost no more than this run in one turn. */
const UNITS_A_TURN = 500;
/** After an operation that took long, the next one waits as long as that took, but no longer than this. */
const MAX_REST_MS = 50;
/** Below this a turn took no time worth resting for. */
const MIN_REST_MS = 1;

/** The client went away while its operation waited. */
export const GONE = new GraphQLError('The client is gone');

/**
 * When operations run. They wait in line by connection, connections take turns, and each spends a budget of cost that fills
 * up again with time. Between operations the event loop turns, and after long ones it is free for as long as they took: what
 * comes from the exchange is read, and leaves for subscribers, before the next one.
 */
export class Admission {
  readonly #clock: Clock;
  /** Callers with operations that wait, the next one first. */
  readonly #waiting = new Set<Caller>();
  readonly #addresses = new Map<string, Address>();
  #connections = 0;
  #pumping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A connection was opened.
   *
   * @param address as `groupOf` spells it
   * @param share of upstream subscriptions that the connection may hold
   */
  caller(address: string, share: Share): Caller {
    const nowMs = this.#clock.monotonicMs();
    let shared: Address | undefined;
    if (!isPrivate(address)) {
      shared = this.#addresses.get(address) ?? { budget: new Budget(BUDGETS.address, nowMs), callers: 0 };
      shared.callers += 1;
      this.#addresses.set(address, shared);
    }
    this.#connections += 1;
    // In a private network everyone may come from one proxy: there each connection stands for itself.
    const key = shared === undefined ? `connection ${this.#connections}` : address;
    const budgets = [new Budget(BUDGETS.connection, nowMs), ...(shared ? [shared.budget] : [])];
    return new Caller(
      {
        now: () => this.#clock.monotonicMs(),
        entered: caller => this.#enter(caller),
        left: caller => {
          this.#waiting.delete(caller);
          if (shared === undefined) return;
          shared.callers -= 1;
          if (shared.callers === 0) this.#addresses.delete(address);
        },
      },
      budgets,
      share,
      key,
    );
  }

  #enter(caller: Caller): void {
    this.#waiting.add(caller);
    this.#pumpNext(0);
  }

  #pumpNext(delayMs: number): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const pump = (): void => {
      this.#pumping = false;
      this.#pump();
    };
    if (delayMs < MIN_REST_MS) this.#clock.endOfTurn(pump);
    else this.#clock.after(delayMs, pump);
  }

  /** Lets operations of this turn run: their work follows in microtasks, before the event loop turns. */
  #pump(): void {
    const beganMs = this.#clock.monotonicMs();
    let units = 0;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const caller of this.#waiting) {
      if (units >= UNITS_A_TURN) break;
      const callerWaitMs = caller.waitMs(beganMs);
      if (callerWaitMs > 0) {
        waitMs = Math.min(waitMs, callerWaitMs);
        continue;
      }
      this.#waiting.delete(caller);
      units += caller.admitNext(beganMs);
      // At the end of the line, if it has more.
      if (caller.isWaiting) this.#waiting.add(caller);
    }
    if (this.#waiting.size === 0) return;
    if (units === 0) {
      this.#pumpNext(Math.max(MIN_REST_MS, waitMs));
      return;
    }
    this.#pumping = true;
    this.#clock.endOfTurn(() => {
      this.#pumping = false;
      this.#pumpNext(Math.min(MAX_REST_MS, this.#clock.monotonicMs() - beganMs));
    });
  }
}

interface Address {
  readonly budget: Budget;
  callers: number;
}

interface Operation {
  readonly cost: number;
  readonly admit: () => void;
  readonly refuse: (error: GraphQLError) => void;
}

/** The result of an operation that was not admitted. */
export interface Refusal {
  readonly errors: readonly [GraphQLError];
}

interface CallerEnvironment {
  readonly now: () => number;
  entered(caller: Caller): void;
  left(caller: Caller): void;
}

/** One connection of a client, as far as its operations concern others. */
export class Caller {
  readonly #environment: CallerEnvironment;
  readonly #budgets: readonly Budget[];
  readonly #line: Operation[] = [];
  /** What it may hold upstream. */
  readonly share: Share;
  /** Tells clients apart that take turns at what is scarce. */
  readonly key: string;
  #gone = false;

  constructor(environment: CallerEnvironment, budgets: readonly Budget[], share: Share, key: string) {
    this.#environment = environment;
    this.#budgets = budgets;
    this.share = share;
    this.key = key;
  }

  get isWaiting(): boolean {
    return this.#line.length > 0;
  }

  /**
   * Resolves when an operation may run: what it does synchronously from there is in its turn.
   *
   * @throws {GraphQLError} `LIMIT_EXCEEDED` with `retryAfterMs`, or {@link GONE}
   */
  admit(cost: number): Promise<void> {
    if (this.#gone) return Promise.reject(GONE);
    if (this.#line.length >= MAX_WAITING) {
      return Promise.reject(refusal('operations waiting on this connection', MAX_WAITING, 1_000));
    }
    const waitMs = this.waitMs(this.#environment.now(), this.#owed);
    if (waitMs > MAX_WAIT_MS) {
      return Promise.reject(refusal('units of cost a second', BUDGETS.connection.perSecond, waitMs));
    }
    return new Promise((admit, refuse) => {
      this.#line.push({ cost, admit, refuse });
      this.#environment.entered(this);
    });
  }

  /** Waits as {@link admit} does; returns the operation's result when it is refused instead. */
  async refusal(cost: number): Promise<Refusal | undefined> {
    try {
      await this.admit(cost);
      return undefined;
    } catch (error) {
      return { errors: [error as GraphQLError] };
    }
  }

  /** Milliseconds until its budgets allow an operation. @param owed units to be spent before it */
  waitMs(nowMs: number, owed = 0): number {
    let waitMs = 0;
    for (const budget of this.#budgets) waitMs = Math.max(waitMs, budget.waitMs(nowMs, owed));
    return waitMs;
  }

  /** Lets the first of its line run; returns what it costs. */
  admitNext(nowMs: number): number {
    const operation = this.#line.shift();
    if (operation === undefined) return 0;
    for (const budget of this.#budgets) budget.spend(nowMs, operation.cost);
    operation.admit();
    return operation.cost;
  }

  /** The connection is closed: nothing of it runs any more. */
  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#environment.left(this);
    for (const { refuse } of this.#line.splice(0)) refuse(GONE);
  }

  get #owed(): number {
    let units = 0;
    for (const { cost } of this.#line) units += cost;
    return units;
  }
}

/** Fills up with time. Whoever has any left may spend more than that, and waits until the debt is paid. */
class Budget {
  readonly #burst: number;
  readonly #perSecond: number;
  #units: number;
  #updatedMs: number;

  constructor({ burst, perSecond }: { burst: number; perSecond: number }, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#units = burst;
    this.#updatedMs = nowMs;
  }

  waitMs(nowMs: number, owed: number): number {
    this.#fill(nowMs);
    return Math.max(0, ((owed - this.#units) / this.#perSecond) * 1_000);
  }

  spend(nowMs: number, units: number): void {
    this.#fill(nowMs);
    this.#units -= units;
  }

  #fill(nowMs: number): void {
    const filled = ((nowMs - this.#updatedMs) / 1_000) * this.#perSecond;
    this.#units = Math.min(this.#burst, this.#units + filled);
    this.#updatedMs = nowMs;
  }
}

function refusal(limit: string, allowed: number, retryAfterMs: number): GraphQLError {
  return toGraphQLError(
    limitExceeded(`Too many ${limit}`, { limit, allowed, retryAfterMs: Math.ceil(retryAfterMs) }),
  );
}

/** Characters of a document that cost as much to parse and validate as one unit. */
const CHARACTERS_A_UNIT = 20;
/** What any operation costs. */
const OPERATION_COST = 5;

/** Units that it costs to find out what a request asks for. @param length of its text */
export function preparationCost(length: number): number {
  return OPERATION_COST + length / CHARACTERS_A_UNIT;
}
