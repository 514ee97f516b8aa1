import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  getNullableType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { costOf } from '../../src/graphql/cost.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { type Demand, demandOf } from '../../src/server/limits.ts';
import { overlapsOf } from '../../src/server/overlaps.ts';

const schema = createSchema(text => text as PairSymbol);

function demand(text: string, variables: Record<string, unknown> = {}): Demand {
  const document = parse(text);
  const operation = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  assert.ok(operation);
  return demandOf(schema, document, operation, variables);
}

test('every field with a list declares how many items it has', () => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (isListType(getNullableType(field.type)))
        assert.notEqual(costOf(field).items, undefined, `${type.name}.${field.name}`);
    }
  }
});

describe('cost', () => {
  test('is multiplied by what arguments ask for, in the document, its defaults or the variables', () => {
    const { cost } = demand('{ book(symbol: "A/B", depth: 1000) { asks { price qty } } }');
    assert.ok(cost > 300, `${cost}`);
    const text = 'query ($d: Int! = 1000) { book(symbol: "A/B", depth: $d) { asks { price qty } } }';
    assert.equal(demand(text).cost, cost);
    assert.ok(demand(text, { d: 10 }).cost < cost / 50);
    assert.equal(demand(text, { d: -5 }).cost, demand(text, { d: 0 }).cost);
  });

  test('of a number that is named like a list is that of a number', () => {
    const count = (field: string): number => demand(`{ ohlc(symbol: "A/B", last: 100) { ${field} } }`).cost;
    assert.equal(count('trades'), count('volume'));
    const status = (field: string): number => demand(`{ status { ${field} } }`).cost;
    assert.equal(status('trades { tradesLost }'), status('books { verified }'));
  });

  test('of variables that are named like members of objects is that of any variable', () => {
    const text = (name: string) =>
      `query ($${name}: Int) { trades(symbol: "A/B", last: $${name}) { nodes { price } } }`;
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      assert.deepEqual(demand(text(name)), demand(text('last')), name);
    assert.ok(demand(text('constructor'), { constructor: 1_000 }).cost > 100);
  });

  test('of a subscription is added up over its pairs, and its result is that of one', () => {
    const of = (symbols: string) => demand(`subscription { ticker(symbols: [${symbols}]) { bid ask } }`);
    assert.equal(of('"A/B", "C/D"').cost, 2 * of('"A/B"').cost);
    assert.equal(of('"A/B", "C/D"').bytes, of('"A/B"').bytes);
    assert.equal(of('"A/B", "C/D"').symbols, 2);
  });
});

describe('bytes', () => {
  test('count response names as often as rows repeat them', () => {
    const of = (name: string): number =>
      demand(`{ book(symbol: "A/B", depth: 1000) { asks { ${name}: price } } }`).bytes;
    assert.ok(Math.abs(of('a'.repeat(101)) - of('a') - 100 * 1_000) < 1_000);
  });

  test('of introspection are of the order of what comes', () => {
    const { bytes } = demand('{ __schema { types { name fields { name type { name } } } } }');
    assert.ok(bytes > 20_000 && bytes < 1_000_000, `${bytes}`);
  });
});

describe('comparisons of repeated fields', () => {
  const overlaps = (text: string): number => overlapsOf(parse(text), 1_000_000);

  test('grow with the square of what one place repeats', () => {
    assert.ok(overlaps(`{ a { ${'b '.repeat(100)} } }`) >= 4_950);
    assert.ok(overlaps(`{ ${'a { b } '.repeat(100)} }`) >= 2 * 4_950, 'what is below is merged too');
    assert.ok(overlaps(`{ a { ${'... { b } '.repeat(100)} } }`) >= 4_950, 'inline fragments hide nothing');
    const fragments = Array.from({ length: 100 }, (_, index) => `fragment F${index} on A { b }`).join(' ');
    assert.ok(overlaps(`{ a { c } } ${fragments}`) >= 4_950, 'fragments are compared with each other');
  });

  test('are few for what people write', () => {
    const aliases = Array.from({ length: 100 }, (_, index) => `a${index}: ticker { bid ask last }`).join(' ');
    assert.ok(overlaps(`{ ${aliases} }`) < 100);
  });

  test('are counted in bounded time, however fragments nest', () => {
    const bomb = Array.from(
      { length: 60 },
      (_, index) => `fragment f${index} on A { x { ...f${index + 1} } y { ...f${index + 1} } }`,
    ).join(' ');
    assert.ok(overlapsOf(parse(`{ ...f0 } ${bomb} fragment f60 on A { x }`), 5_000) > 5_000);
  });
});
