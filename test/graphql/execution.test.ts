import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type DocumentNode, getOperationAST, parse, validate } from 'graphql';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { Executor, interpreted } from '../../src/graphql/execution.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { Hub } from '../../src/hub/hub.ts';
import { decode } from '../../src/kraken/decode.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { CodedError } from '../../src/lib/coded-error.ts';
import { TickerUpdate } from '../../src/market/ticker.ts';
import { frames } from '../support/fixtures.ts';

const schema = createSchema(text => text as PairSymbol);
const client = new KrakenWebSocketV2();
const services = {
  client,
  hub: new Hub(client, systemClock),
  clock: { ...systemClock, now: () => 1_790_000_000_000 },
  version: '0.0.0',
  startedAt: 1_780_000_000_000,
  reportUnexpected: () => {},
};
const tickers = frames('ticker.jsonl').map(frame => {
  const message = decode(frame);
  const row = message.kind === 'ticker' ? message.data[0] : undefined;
  return new TickerUpdate(row ?? assert.fail('the frame is a ticker'), 1_789_999_999_000);
});
const events = [
  { type: 'CONNECTED', connection: 'public', at: 1_790_000_000_000, message: undefined },
  { type: 'ERROR', connection: 'private', at: 1_790_000_000_000, message: 'refused "politely"' },
];
/** What each subscription field may be given. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  ticker: [...tickers, new CodedError('UPSTREAM_REJECTED', 'Kraken refused', { reason: 'no' })],
  connectionEvents: events,
  status: [services],
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
    contextValue: { services },
  };
  const compiled = new Executor(schema).prepare(args);
  const reference = interpreted(args);
  for (const value of values) {
    const [ours, theirs] = [compiled(value), reference(value)];
    assert.equal(JSON.stringify(ours.data), JSON.stringify(theirs.data));
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

  test('a resolver that returns a promise is reported, not waited for', () => {
    const document = parse('subscription { ticker(symbols: ["BTC/USD"]) { instrument { symbol } } }');
    const slow = {
      services: { ...services, client: { market: { instruments: { pair: async () => undefined } } } },
    };
    const run = new Executor(schema).prepare({
      schema,
      document,
      operationName: null,
      variableValues: {},
      contextValue: slow,
    });
    assert.throws(() => run(tickers[0]), /returned a promise/);
  });
});
