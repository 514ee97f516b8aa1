import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type DocumentNode,
  type GraphQLNamedType,
  getNamedType,
  getOperationAST,
  isObjectType,
  isUnionType,
  parse,
  validate,
} from 'graphql';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { Executor, interpreted } from '../../src/graphql/execution.ts';
import { FULL_GRANT } from '../../src/graphql/grant.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createWriter } from '../../src/graphql/selection.ts';
import { StatusView } from '../../src/graphql/status-view.ts';
import { createReplayLine } from '../../src/graphql/trade-replay.ts';
import { Hub } from '../../src/hub/hub.ts';
import { decode } from '../../src/kraken/decode.ts';
import type { BookRow, OhlcRow, TradeRow } from '../../src/kraken/messages.ts';
import type { Asset, PairSymbol } from '../../src/kraken/symbols.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { CodedError } from '../../src/lib/coded-error.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { BalanceUpdate } from '../../src/market/balance-update.ts';
import { OrderBook } from '../../src/market/book.ts';
import { OHLCUpdate } from '../../src/market/ohlc-update.ts';
import { TickerUpdate } from '../../src/market/ticker.ts';
import { TradeUpdate } from '../../src/market/trade-update.ts';
import { frames } from '../support/fixtures.ts';

const schema = createSchema(text => text as PairSymbol);
// A key makes it one with an account; it never connects.
const client = new KrakenWebSocketV2('key', 'c2VjcmV0');
const services = {
  client,
  hub: new Hub(client, systemClock, { broadcasts: 100, upstreamSubscriptions: 100, lingerMs: 0 }),
  clock: { ...systemClock, now: () => 1_790_000_000_000 },
  version: '0.0.0',
  startedAt: 1_780_000_000_000,
  cursors: new CursorSigner(Buffer.alloc(32)),
  replays: createReplayLine(),
  maxResultBytes: 1_000_000,
  reportUnexpected: () => 'an id',
};
const tickers = frames('ticker.jsonl').map(frame => {
  const message = decode(frame);
  const row = message.kind === 'ticker' ? message.data[0] : undefined;
  return new TickerUpdate(row ?? assert.fail('the frame is a ticker'), 1_789_999_999_000);
});
function rowsOf(file: string): unknown[] {
  return frames(file).flatMap(frame => {
    const message = decode(frame);
    return 'data' in message ? [...message.data] : [];
  });
}
const trades = rowsOf('trade.jsonl').map(row => new TradeUpdate(row as TradeRow, 0));
const candles = rowsOf('ohlc.jsonl').map((row, index) => new OHLCUpdate(row as OhlcRow, index % 2 === 0, 0));
const orderBook = new OrderBook('BTC/USD' as PairSymbol);
orderBook.applySnapshot((rowsOf('book.jsonl') as BookRow[])[0] ?? assert.fail(), 10, 0);
const book = orderBook.view(10) ?? assert.fail('it verifies');
const balance = new BalanceUpdate({
  asset: 'BTC' as Asset,
  assetClass: 'currency',
  balance: '1.50' as DecimalText,
  holdTrade: '0.25' as DecimalText,
  wallets: [{ type: 'spot', id: 'main', balance: '1.50' as DecimalText }],
  timestamp: undefined,
  receivedAt: 0,
});
const events = [
  { type: 'CONNECTED', connection: 'public', at: 1_790_000_000_000, message: undefined },
  { type: 'ERROR', connection: 'private', at: 1_790_000_000_000, message: 'refused "politely"' },
];
/** What each subscription field may be given. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  ticker: [...tickers, new CodedError('UPSTREAM_REJECTED', 'Kraken refused', { reason: 'no' })],
  connectionEvents: events,
  status: [new StatusView(services, FULL_GRANT)],
  book: [book],
  bookUpdates: [
    { kind: 'snapshot', book, reason: 'SUBSCRIBED' },
    {
      kind: 'delta',
      symbol: book.symbol,
      bids: book.bids,
      asks: [],
      checksum: 7,
      sequence: 3,
      previousSequence: 2,
      timestamp: undefined,
    },
    { kind: 'interruption', symbol: book.symbol, state: 'RESYNCING', at: 0 },
  ],
  trades: [
    { trades: trades.slice(0, 2), gap: undefined, first: false },
    { trades, gap: { fromTradeId: 1, toTradeId: 5 } },
  ],
  ohlc: candles,
  balances: [balance],
};

function assertSame(document: DocumentNode, variableValues: Record<string, unknown> = {}): void {
  const operation = getOperationAST(document) ?? assert.fail('one operation');
  const [field] = operation.selectionSet.selections;
  const values = VALUES[field?.kind === 'Field' ? field.name.value : ''] ?? assert.fail('a known field');
  const args = {
    schema,
    document,
    operationName: operation.name?.value,
    variableValues,
    contextValue: { services, grant: FULL_GRANT },
  };
  const executor = new Executor(schema);
  const compiled = executor.compile(args);
  const render = executor.prepare(args, result => JSON.stringify(result));
  const write = createWriter(schema, document, operation.name?.value);
  const reference = interpreted(args);
  for (const value of values) {
    const [ours, theirs] = [compiled(value), reference(value)];
    assert.equal(JSON.stringify(ours.data), JSON.stringify(theirs.data));
    if (theirs.errors === undefined) assert.equal(render(value), JSON.stringify(theirs));
    else assert.deepEqual(JSON.parse(render(value)), JSON.parse(JSON.stringify(ours)));
    const written = write?.(value, args.contextValue);
    assert.equal(written, written && JSON.stringify(theirs), 'nothing is written of what goes wrong');
    assert.deepEqual(
      ours.errors?.map(error => [error.message, error.path]),
      theirs.errors?.map(error => [error.message, error.path]),
    );
  }
}

describe('the compiled executor says what graphql-js says', () => {
  const folder = new URL('../../schema/operations/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const document = parse(readFileSync(new URL(name, folder), 'utf8'));
    if (getOperationAST(document)?.operation !== 'subscription') continue;
    test(name, () => {
      assert.deepEqual(validate(schema, document), []);
      assertSame(document);
    });
  }

  test('with aliases, fragments, directives and __typename', () => {
    const document = parse(`
      subscription Mixed($symbols: [Symbol!]!, $full: Boolean!, $skip: Boolean = true) {
        price: ticker(symbols: $symbols, maxRate: 2.5) {
          __typename
          pair: symbol
          ...Prices @include(if: $full)
          ... on Ticker { spread midPrice spreadPercentage @skip(if: $skip) }
          freshness { __typename ageMs s1: state s2: state }
        }
      }
      fragment Prices on Ticker { bid ask last instrument { symbol } ...More }
      fragment More on Ticker { bid volumeUsd tradeCount timestamp }
    `);
    assert.deepEqual(validate(schema, document), []);
    for (const full of [true, false]) assertSame(document, { symbols: ['BTC/USD'], full });
  });

  test('for a thousand generated selections, nearly all of them written at once', () => {
    let written = 0;
    fc.assert(
      fc.property(anyOperation(), text => {
        const document = parse(text);
        assert.deepEqual(validate(schema, document), [], text);
        assertSame(document);
        if (createWriter(schema, document, null) !== undefined) written += 1;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(written > 900, `${written} of 1,000`);
  });

  test('a resolver that returns a promise is reported, not waited for', () => {
    const document = parse('subscription { ticker(symbols: ["BTC/USD"]) { instrument { symbol } } }');
    const slow = {
      services: { ...services, client: { market: { instruments: { pair: async () => undefined } } } },
    };
    const operation = {
      schema,
      document,
      operationName: null,
      variableValues: {},
      contextValue: slow,
    };
    const executor = new Executor(schema);
    assert.throws(() => executor.compile(operation)(tickers[0]), /returned a promise/);
    assert.throws(() => executor.prepare(operation, JSON.stringify)(tickers[0]), /returned a promise/);
  });
});

const ARGUMENTS: Readonly<Record<string, string>> = {
  ticker: '(symbols: ["BTC/USD"])',
  book: '(symbols: ["BTC/USD"])',
  bookUpdates: '(symbols: ["BTC/USD"])',
  trades: '(symbols: ["BTC/USD"])',
  ohlc: '(symbols: ["BTC/USD"], interval: ONE_MINUTE)',
};

/** A subscription to any field, with any selection below it: aliases, repeated fields, inline fragments. */
function anyOperation(): fc.Arbitrary<string> {
  const root = schema.getSubscriptionType() ?? assert.fail();
  return fc
    .constantFrom(...Object.values(root.getFields()))
    .chain(field =>
      selectionOf(getNamedType(field.type), 4).map(
        selection => `subscription { ${field.name}${ARGUMENTS[field.name] ?? ''} ${selection} }`,
      ),
    );
}

function selectionOf(type: GraphQLNamedType, depth: number): fc.Arbitrary<string> {
  if (isUnionType(type)) {
    const parts = type
      .getTypes()
      .map(one => selectionOf(one, depth).map(inner => `... on ${one.name} ${inner}`));
    return fc.tuple(...parts).map(texts => `{ __typename ${texts.join(' ')} }`);
  }
  if (!isObjectType(type)) return fc.constant('');
  const fields = Object.values(type.getFields()).filter(
    field => field.args.length === 0 && (depth > 1 || !isObjectType(getNamedType(field.type))),
  );
  const one = fc.oneof(
    fc.constant('__typename'),
    fc.tuple(fc.constantFrom(...fields), fc.option(fc.constantFrom('a', 'b', 'c'))).chain(([field, alias]) =>
      selectionOf(getNamedType(field.type), depth - 1).map(inner => {
        // One alias a field: what is merged has to be the same.
        const name = alias === null ? '' : `${alias}_${type.name}_${field.name}: `;
        return `${name}${field.name} ${inner}`;
      }),
    ),
  );
  return fc
    .tuple(fc.array(one, { minLength: 1, maxLength: 6 }), fc.boolean())
    .map(([texts, inFragment]) =>
      inFragment ? `{ ... on ${type.name} { ${texts.join(' ')} } ${texts[0]} }` : `{ ${texts.join(' ')} }`,
    );
}
