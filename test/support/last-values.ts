import assert from 'node:assert/strict';
import fc from 'fast-check';
import { execute, parse } from 'graphql';
import type { Context } from '../../src/graphql/context.ts';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { Executor } from '../../src/graphql/execution.ts';
import { FULL_GRANT } from '../../src/graphql/grant.ts';
import { Loaders } from '../../src/graphql/loaders.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { planSubscription } from '../../src/graphql/subscribe.ts';
import { createReplayLine } from '../../src/graphql/trade-replay.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { Outlet } from '../../src/hub/outlet.ts';
import type { KrakenWebSocketV2, OHLCUpdate } from '../../src/index.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { clientOf } from './kraken.ts';
import { ManualClock } from './manual-clock.ts';

const PAIRS = ['BTC/USD', 'ETH/USD'] as const;
const MINUTE_MS = 60_000;
const schema = createSchema(text => text as PairSymbol);

const TICKER =
  '{ symbol bid bidQty ask askQty last volume vwap low high change changePct tradeCount timestamp freshness { state stale } }';
const BOOK =
  '{ symbol bids { price qty } asks { price qty } checksum sequence timestamp freshness { state stale } }';
const CANDLE =
  '{ symbol interval intervalBegin intervalEnd open high low close vwap volume trades closed freshness { state stale } }';
const BALANCE =
  '{ asset balance holdTrade freeBalance wallets { type id balance } timestamp freshness { state stale } }';
const TRADES = '{ trades { tradeId price qty } gap { missing } }';
const FIELDS = {
  ticker: TICKER,
  book: BOOK,
  ohlc: CANDLE,
  balances: BALANCE,
  trades: TRADES,
} as const;
type Field = keyof typeof FIELDS;

// biome-ignore lint/suspicious/noExplicitAny: the answer has the shape that was asked for
type Answer = any;

/** One thing that happens. */
type Step =
  | {
      readonly do: 'trade' | 'repeat' | 'delay' | 'twice' | 'deposit' | 'order' | 'cancel';
      readonly pair: 0 | 1;
    }
  | {
      readonly do: 'candle';
      readonly pair: 0 | 1;
      readonly minute: number;
      readonly trades: number;
      readonly form: number;
    }
  | { readonly do: 'candles'; readonly pair: 0 | 1; readonly minutes: readonly number[] }
  | { readonly do: 'ticker'; readonly pair: 0 | 1; readonly form: number }
  | { readonly do: 'join'; readonly field: Field; readonly rate: 'all' | '2' }
  | { readonly do: 'congest' | 'drain'; readonly reader: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'turn' };

const pair = fc.constantFrom(0 as const, 1 as const);
const publicStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('trade', 'repeat', 'delay', 'twice'),
    pair,
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('candle' as const),
      pair,
      minute: fc.integer({ min: -4, max: 3 }),
      trades: fc.integer({ min: 1, max: 4 }),
      form: fc.nat(1),
    }),
  },
  fc.record({
    do: fc.constant('candles' as const),
    pair,
    minutes: fc.array(fc.integer({ min: -4, max: 3 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ do: fc.constant('ticker' as const), pair, form: fc.nat(2) }),
  fc.record({
    do: fc.constant('join' as const),
    field: fc.constantFrom('ohlc', 'ohlc', 'ticker', 'book', 'trades'),
    rate: fc.constantFrom('all', '2'),
  }),
  fc.record({ do: fc.constantFrom('congest', 'drain'), reader: fc.nat(7) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 600, 5_000, 30_000) }),
  fc.record({ do: fc.constant('turn' as const) }),
);

const accountStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('deposit', 'order', 'cancel'), pair }),
  fc.record({
    do: fc.constant('join' as const),
    field: fc.constant('balances' as const),
    rate: fc.constant('all' as const),
  }),
);

/** A subscriber that keeps what it gets. */
class Reader implements Outlet {
  readonly field: Field;
  readonly everything: boolean;
  readonly got: Answer[] = [];
  congested = false;
  wasCongested = false;
  #drained: () => void = () => {};

  constructor(field: Field, everything: boolean) {
    this.field = field;
    this.everything = everything;
  }
  send(results: readonly string[]): void {
    for (const text of results) this.got.push(JSON.parse(text).data[this.field]);
  }
  onDrain(drained: () => void): void {
    this.#drained = drained;
  }
  end(): void {}
  congest(): void {
    this.congested = true;
    this.wasCongested = true;
  }
  drain(): void {
    this.congested = false;
    this.#drained();
  }
}

/** An exchange, a client and a hub, on real sockets and a clock that stands still. */
class World implements AsyncDisposable {
  readonly exchange: Exchange;
  readonly clock = new ManualClock(Date.now());
  readonly kraken: KrakenWebSocketV2;
  readonly hub: Hub;
  readonly readers: Reader[] = [];
  readonly told: OHLCUpdate[] = [];
  readonly #context: Omit<Context, 'loaders' | 'share'>;
  readonly #executor = new Executor(schema);
  readonly #leave: (() => void)[] = [];
  #last: string | undefined;
  #orders: string[] = [];

  constructor(exchange: Exchange, hasAccount: boolean) {
    this.exchange = exchange;
    const never = 1e9;
    this.kraken = clientOf(
      exchange,
      { clock: this.clock, pingIntervalMs: never, heartbeatTimeoutMs: never, connectTimeoutMs: never },
      hasAccount ? 'with key' : 'without key',
    );
    this.hub = new Hub(this.kraken, this.clock, {
      broadcasts: 1_000,
      upstreamSubscriptions: 1_000,
      lingerMs: 0,
    });
    this.kraken.registerCallback('ohlc', candle => void this.told.push(candle));
    const services = {
      client: this.kraken,
      hub: this.hub,
      clock: this.clock,
      version: '0.0.0',
      startedAt: 0,
      startedMs: 0,
      cursors: new CursorSigner(Buffer.alloc(32)),
      replays: createReplayLine(),
      maxResultBytes: 1e9,
      reportUnexpected: (error: unknown) => {
        throw error;
      },
    };
    this.#context = { services, grant: FULL_GRANT, clientKey: 'a test' };
  }

  static async start(exchange: Exchange, hasAccount: boolean): Promise<World> {
    const world = new World(exchange, hasAccount);
    const { kraken } = world;
    kraken.subscribeTicker(PAIRS);
    kraken.subscribeOrderbook(PAIRS);
    kraken.subscribeTrades(PAIRS);
    kraken.subscribeOhlc(PAIRS);
    if (hasAccount) kraken.subscribeBalance();
    kraken.connect();
    const ready = (): boolean =>
      PAIRS.every(
        symbol =>
          kraken.getTicker(symbol) &&
          kraken.getOrderbook(symbol) &&
          kraken.getOhlcData(symbol).length > 0 &&
          kraken.getRecentTrades(symbol).length > 0,
      ) &&
      (!hasAccount || kraken.getBalance('USD')?.holdTrade !== undefined);
    for (let turns = 0; !ready(); turns += 1) {
      if (turns > 20_000) throw new Error('the client does not become ready');
      world.clock.advance(10);
      await nextTurn();
    }
    return world;
  }

  /** What was sent has arrived. */
  async settle(): Promise<void> {
    const heartbeats = (): number =>
      this.kraken.getMessageStatistics().channels.find(one => one.channel === 'heartbeat')?.total ?? 0;
    const wanted = heartbeats() + this.exchange.sessions.size;
    this.exchange.broadcast('{"channel":"heartbeat"}');
    for (let turns = 0; heartbeats() < wanted; turns += 1) {
      if (turns > 100_000) throw new Error('what was sent does not arrive');
      await nextTurn();
    }
  }

  async take(one: Step): Promise<void> {
    const { exchange, clock } = this;
    const symbol = 'pair' in one ? PAIRS[one.pair] : PAIRS[0];
    switch (one.do) {
      case 'trade':
        exchange.trade(symbol);
        break;
      case 'repeat':
        if (this.#last !== undefined) exchange.broadcast(this.#last);
        break;
      case 'delay':
        exchange.faults.delayTrades(1);
        exchange.trade(symbol);
        exchange.trade(symbol);
        break;
      case 'twice':
        exchange.faults.duplicateTrades(1);
        exchange.trade(symbol);
        break;
      case 'deposit':
        exchange.move(symbol.split('/')[0] ?? '', '1');
        break;
      case 'order':
        this.#orders.push(exchange.placeOrder(symbol, 'sell', '0.01000000', '9000.00'));
        break;
      case 'cancel': {
        const id = this.#orders.pop();
        if (id !== undefined) exchange.cancelOrder(id);
        break;
      }
      case 'candle':
        this.#send('ohlc', [this.#candle(symbol, one.minute, one.trades, one.form)]);
        break;
      case 'candles':
        this.#send(
          'ohlc',
          one.minutes.map(minute => this.#candle(symbol, minute, 2, 0)),
        );
        break;
      case 'ticker': {
        const row = exchange.tickerText(symbol).replace(/"last":[\d.]+/, `"last":7${one.form}.00`);
        this.#send('ticker', [row]);
        break;
      }
      case 'join':
        this.#join(one.field, one.rate === 'all' ? undefined : 2);
        return;
      case 'congest':
      case 'drain':
        this.readers[one.reader % Math.max(1, this.readers.length)]?.[one.do]();
        return;
      case 'pass':
        clock.advance(one.ms);
        break;
      default:
        clock.turn();
        return;
    }
    await this.settle();
  }

  #candle(symbol: string, minute: number, trades: number, form: number): string {
    const minuteMs = (Math.floor(this.clock.now() / MINUTE_MS) + minute) * MINUTE_MS;
    const begin = new Date(minuteMs).toISOString().replace('Z', '000000Z');
    return `{"symbol":"${symbol}","open":1.0,"high":9.${form},"low":1.0,"close":2.0,"trades":${trades},"volume":1.00,"vwap":2.0,"interval_begin":"${begin}","interval":1}`;
  }

  #send(channel: string, rows: readonly string[]): void {
    this.#last = `{"channel":"${channel}","type":"update","data":[${rows.join()}]}`;
    this.exchange.broadcast(this.#last);
  }

  #join(field: Field, maxRate: number | undefined): void {
    const rate = maxRate === undefined || field === 'trades' ? '' : `, maxRate: ${maxRate}`;
    const args = field === 'balances' ? '' : `(symbols: ${JSON.stringify(PAIRS)}${rate})`;
    const document = parse(`subscription { ${field}${args} ${FIELDS[field]} }`);
    const contextValue = this.#contextValue();
    const operation = { schema, document, operationName: null, variableValues: {}, contextValue };
    const { plan } = planSubscription(this.#executor, operation);
    assert.ok(plan, 'it is valid');
    const reader = new Reader(field, rate === '');
    this.readers.push(reader);
    this.#leave.push(this.hub.join(plan, reader, contextValue.share));
  }

  #contextValue(): Context {
    const share = this.hub.share();
    return { ...this.#context, share, loaders: new Loaders(this.#context.services, share) };
  }

  async query(text: string): Promise<Answer> {
    const contextValue = this.#contextValue();
    const { data, errors } = await execute({ schema, document: parse(text), contextValue });
    assert.equal(errors, undefined);
    return JSON.parse(JSON.stringify(data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const leave of this.#leave) leave();
    this.kraken.disconnect();
    while (this.exchange.sessions.size > 0) await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}

const ACCOUNT: ReadonlySet<string> = new Set(['deposit', 'order', 'cancel']);

/** Plays one sequence; with an account on an exchange of its own, whose key has seen no other nonce. */
async function play(shared: Exchange, steps: readonly Step[]): Promise<void> {
  const hasAccount = steps.some(
    one => ACCOUNT.has(one.do) || (one.do === 'join' && one.field === 'balances'),
  );
  if (!hasAccount) return playOn(shared, steps, false);
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  try {
    await playOn(exchange, steps, true);
  } finally {
    await exchange.stop();
  }
}

/** Plays one sequence, and compares what each subscriber got last with what a query says. */
async function playOn(exchange: Exchange, steps: readonly Step[], hasAccount: boolean): Promise<void> {
  await using world = await World.start(exchange, hasAccount);
  for (const one of steps) await world.take(one);
  for (const reader of world.readers) reader.drain();
  // Past the interval of every rate, and past what REST is waited for.
  for (let index = 0; index < 8; index += 1) {
    await world.settle();
    world.clock.advance(1_000);
  }
  const [first, second] = PAIRS;
  const both = (field: string, rest: string, selection: string): string =>
    `a: ${field}(symbol: "${first}"${rest}) ${selection} b: ${field}(symbol: "${second}"${rest}) ${selection}`;
  for (const reader of world.readers) {
    const { field } = reader;
    switch (field) {
      case 'ticker':
      case 'book': {
        const now = await world.query(`{ ${both(field, '', FIELDS[field])} }`);
        assert.deepEqual(
          lastBy(reader, one => one.symbol),
          { [first]: now.a, [second]: now.b },
          field,
        );
        break;
      }
      case 'balances': {
        const { balances } = await world.query(`{ balances ${BALANCE} }`);
        const now = Object.fromEntries(balances.map((one: Answer) => [one.asset, one]));
        assert.deepEqual(
          lastBy(reader, one => one.asset),
          now,
          field,
        );
        break;
      }
      case 'ohlc':
        assertCandles(reader, await world.query(`{ ${both('ohlc', ', last: 10', CANDLE)} }`));
        break;
      default:
        assertTrades(
          reader,
          await world.query(`{ ${both('trades', ', last: 1000', '{ nodes { tradeId price qty } }')} }`),
        );
    }
  }
  assertClosedOnce(
    world.told.map(candle => JSON.parse(JSON.stringify(candle))),
    'callback',
  );
}

function lastBy(reader: Reader, keyOf: (value: Answer) => string): Answer {
  return Object.fromEntries(reader.got.map(value => [keyOf(value), value]));
}

const candleKey = (one: Answer): string => `${one.symbol} ${one.intervalBegin}`;

function assertCandles(reader: Reader, { a, b }: Answer): void {
  const now = new Map<string, Answer>([...a, ...b].map(one => [candleKey(one), one]));
  const latest = new Set([candleKey(a.at(-1)), candleKey(b.at(-1))]);
  const last = lastBy(reader, candleKey);
  for (const key of latest) assert.ok(last[key], `the latest was told: ${key}`);
  for (const [key, candle] of Object.entries(last)) {
    const expected = now.get(key);
    // Ten are asked for: what was told may be older.
    if (expected === undefined) continue;
    // How far a feed can be trusted is said with its latest candle.
    const { freshness, ...rest } = expected;
    const { freshness: toldFreshness, ...told } = candle as Answer;
    assert.deepEqual(told, rest, 'ohlc');
    if (latest.has(key)) assert.deepEqual(toldFreshness, freshness);
  }
  // A reader that missed a change of state and the change back gets the same value again.
  if (reader.everything && !reader.wasCongested) assertClosedOnce(reader.got, 'ohlc');
}

/** No value twice, and what has closed stays closed. */
function assertClosedOnce(values: readonly Answer[], where: string): void {
  const last = new Map<string, Answer>();
  for (const one of values) {
    const before = last.get(candleKey(one));
    last.set(candleKey(one), one);
    if (before === undefined) continue;
    assert.notDeepEqual(one, before, `${where}: told twice`);
    assert.ok(one.closed || !before.closed, `${where}: open again`);
  }
}

function assertTrades(reader: Reader, { a, b }: Answer): void {
  const got = reader.got.flatMap(batch => batch.trades);
  for (const { nodes } of [a, b]) {
    const ids = new Set(nodes.map((one: Answer) => one.tradeId));
    const mine = got.filter(one => ids.has(one.tradeId) && nodes.some((node: Answer) => same(node, one)));
    assert.deepEqual(mine, nodes.slice(nodes.length - mine.length), 'trades');
    assert.ok(mine.length > 0, 'trades came');
  }
}

function same(one: Answer, other: Answer): boolean {
  return one.price === other.price && one.qty === other.qty;
}

/** What became of generated sequences. */
export interface LastValuesReport {
  readonly sequences: number;
  readonly problems: readonly string[];
}

/** Compares, after each of so many sequences; what differs comes back with the smallest sequence that does. */
export async function compareLastValues(options: {
  readonly sequences: number;
  readonly seed: number;
}): Promise<LastValuesReport> {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const lengths = { minLength: 1, maxLength: 25, size: 'max' } as const;
  const sequence = fc.oneof(
    { weight: 7, arbitrary: fc.array(publicStep, lengths) },
    { weight: 1, arbitrary: fc.array(fc.oneof({ weight: 3, arbitrary: publicStep }, accountStep), lengths) },
  );
  const property = fc.asyncProperty(sequence, steps => play(exchange, steps));
  const outcome = await fc.check(property, {
    numRuns: options.sequences,
    seed: options.seed,
    endOnFailure: false,
  });
  await exchange.stop();
  const [smallest] = outcome.counterexample ?? [];
  const problems = outcome.failed
    ? [`seed ${outcome.seed}, ${JSON.stringify(smallest)}: ${String(outcome.errorInstance)}`]
    : [];
  return { sequences: outcome.numRuns, problems };
}
