import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  buildSchema,
  execute,
  GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  parse,
  validate,
} from 'graphql';
import { Executor } from '../../src/graphql/execution.ts';
import { createWriter } from '../../src/graphql/selection.ts';
import { assertSameAsQuery, compareSelections } from '../support/selections.ts';
import { schema, services, tickers } from '../support/subscription-values.ts';

const TICKER = 'ticker(symbols: ["BTC/USD"])';

describe('a subscription says what graphql-js says', () => {
  const folder = new URL('../../schema/operations/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const operation = getOperationAST(parse(text));
    if (operation?.operation !== 'subscription') continue;
    test(name, () => {
      const variables = { symbols: ['BTC/USD'], symbol: 'BTC/USD', depth: 10 };
      assert.equal(assertSameAsQuery({ text, variables }), true, 'it is written at once');
    });
  }

  test('with aliases, fragments, directives and __typename', () => {
    const text = `
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
      fragment More on Ticker { bid volumeUsd tradeCount timestamp }`;
    for (const full of [true, false]) {
      assert.equal(assertSameAsQuery({ text, variables: { symbols: ['BTC/USD'], full } }), true);
    }
  });

  const twice = [
    '{ symbol ...F @include(if: $on) ...F }',
    '{ symbol ...F ...F @include(if: $on) }',
    '{ symbol ...F @skip(if: $on) ...F @include(if: $on) }',
    '{ freshness { ...G @include(if: $on) } freshness { ...G } bid }',
    '{ ... @include(if: $on) { ...F } ... @skip(if: $on) { ask } ...F @skip(if: $on) }',
  ];
  for (const selection of twice) {
    test(`of a fragment that is spread again with other directives: ${selection}`, () => {
      const fragments = [
        selection.includes('...F') ? 'fragment F on Ticker { bid symbol }' : '',
        selection.includes('...G') ? 'fragment G on Freshness { stale }' : '',
      ];
      const text = `subscription ($on: Boolean!) { ${TICKER} ${selection} } ${fragments.join(' ')}`;
      for (const on of [true, false]) assert.equal(assertSameAsQuery({ text, variables: { on } }), true);
    });
  }

  test('of variables that are named like members of every object', () => {
    const text = `subscription ($constructor: Boolean = false, $toString: Boolean!, $__proto__: Boolean = true) {
      ${TICKER} { symbol bid @include(if: $constructor) ask @skip(if: $toString) last @include(if: $__proto__) }
    }`;
    for (const variables of [{ toString: true }, { toString: false, constructor: true }]) {
      assert.equal(assertSameAsQuery({ text, variables: { ...variables } }), true);
    }
  });

  test('for generated selections, all of them written at once', async () => {
    const { selections, written, problems } = await compareSelections({ selections: 500, seed: 42 });
    assert.deepEqual(problems, []);
    assert.equal(written, selections);
  });
});

describe('a prepared document', () => {
  const document = parse(
    `subscription ($on: Boolean!, $symbols: [Symbol!]!) { ticker(symbols: $symbols) { symbol bid @include(if: $on) } }`,
  );
  const context = { services, grant: 'none' };
  const prepare = (executor: Executor, variableValues: Record<string, unknown>) => {
    const { variableDefinitions = [] } = getOperationAST(document) ?? {};
    const { variableValues: coerced } = getVariableValues(schema, variableDefinitions, variableValues);
    assert.ok(coerced);
    const operation = { schema, document, operationName: null, variableValues, contextValue: context };
    return executor.prepare(operation, coerced, JSON.stringify);
  };

  test('is written as the variables of each subscription say', () => {
    const executor = new Executor(schema);
    const renders = [true, false, true].map(on => prepare(executor, { on, symbols: ['BTC/USD'] }));
    const bids = renders.map(render => 'bid' in JSON.parse(render(tickers[0])).data.ticker);
    assert.deepEqual(bids, [true, false, true]);
  });
});

describe('a field below the first that takes arguments', () => {
  const sdl = buildSchema(`
    enum Unit { BASE QUOTE }
    input Range { from: Int = 1, to: Int! }
    type Item { sum(levels: Int! = 10, unit: Unit = BASE, range: Range): String! }
    type Query { item: Item }
    type Subscription { item: Item! }
  `);
  const withResolvers = (): GraphQLSchema => {
    const item = sdl.getType('Item');
    assert.ok(item instanceof GraphQLObjectType);
    const { sum } = item.getFields();
    assert.ok(sum);
    sum.resolve = (_parent, args: Record<string, unknown>) =>
      JSON.stringify(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
    return sdl;
  };

  const cases: readonly (readonly [string, Record<string, unknown>, boolean])[] = [
    ['subscription { item { sum } }', {}, true],
    ['subscription { item { sum(levels: 3) b: sum(unit: QUOTE, range: { to: 4 }) } }', {}, true],
    ['subscription ($n: Int!) { item { a: sum(levels: $n) b: sum(range: { to: $n }) } }', { n: 7 }, true],
    ['subscription ($constructor: Int = 5) { item { sum(levels: $constructor) } }', {}, true],
    ['subscription ($u: Unit) { item { sum(unit: $u) } }', {}, true],
    ['subscription ($u: Unit) { item { sum(unit: $u) } }', { u: null }, true],
    // It has a default, and null all the same: what graphql-js says of it is an error.
    ['subscription ($n: Int = 5) { item { sum(levels: $n) } }', { n: null }, false],
  ];
  for (const [text, variableValues, isWritten] of cases) {
    test(`${text} with ${JSON.stringify(variableValues)}`, () => {
      const itemSchema = withResolvers();
      const document = parse(text);
      assert.deepEqual(validate(itemSchema, document), []);
      const args = { schema: itemSchema, document, operationName: null, variableValues, contextValue: {} };
      const operation = getOperationAST(document);
      const { variableValues: coerced } = getVariableValues(
        itemSchema,
        operation?.variableDefinitions ?? [],
        variableValues,
      );
      assert.ok(coerced);
      const value = { item: {} };
      const expected = JSON.stringify(execute({ ...args, rootValue: value }));
      const render = new Executor(itemSchema).prepare(args, coerced, result => JSON.stringify(result));
      assert.equal(render(value), expected);
      assert.equal(createWriter(itemSchema, document, null, coerced) !== undefined, isWritten);
    });
  }
});

test('a resolver that returns a promise is reported, not waited for', () => {
  const document = parse(`subscription { ${TICKER} { instrument { symbol } } }`);
  const contextValue = {
    services: { ...services, client: { market: { instruments: { lastKnown: async () => undefined } } } },
  };
  const operation = { schema, document, operationName: null, variableValues: {}, contextValue };
  const { variableValues } = getVariableValues(schema, [], {});
  assert.ok(variableValues);
  const render = new Executor(schema).prepare(operation, variableValues, JSON.stringify);
  assert.throws(() => render(tickers[0]), /returned a promise/);
});
