import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql';
import type { Context } from '../../src/graphql/context.ts';
import { Executor } from '../../src/graphql/execution.ts';
import { asSource, latestFeed, unwrap } from '../../src/graphql/feed.ts';
import { planSubscription } from '../../src/graphql/subscribe.ts';

const RANGE = { last: { type: GraphQLInt }, after: { type: GraphQLString } };
const feed = {
  type: GraphQLString,
  args: RANGE,
  subscribe: () => asSource(latestFeed([], undefined, () => [])),
  resolve: unwrap,
};
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { none: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { state: feed, events: { ...feed, extensions: { beginnings: ['after', 'last'] } } },
  }),
});
const contextValue = { services: { reportUnexpected: () => {} }, grant: 'none' } as unknown as Context;
const executor = new Executor(schema);

function keyOf(text: string, variableValues: Record<string, unknown> = {}): string {
  const document = parse(text);
  const args = { schema, document, operationName: null, variableValues, contextValue };
  const { plan } = planSubscription(executor, args);
  return plan?.key ?? assert.fail('it is valid');
}

describe('what equal subscriptions share', () => {
  test('arguments that a field declares as beginnings do not tell them apart', () => {
    assert.equal(
      keyOf('subscription { events(last: 5) }'),
      keyOf('subscription { events(last: 9, after: "a") }'),
    );
    const text = 'subscription ($last: Int, $after: String) { events(last: $last, after: $after) }';
    assert.equal(keyOf(text, { last: 1 }), keyOf(text, { last: 2, after: 'b' }));
  });

  for (const [name, one, other] of [
    ['last', 5, 9],
    ['after', '"a"', '"b"'],
  ] as const) {
    test(`an argument named ${name} of a field that declares none tells them apart`, () => {
      const text = (value: string | number): string => `subscription { state(${name}: ${value}) }`;
      assert.notEqual(keyOf(text(one)), keyOf(text(other)));
      assert.equal(keyOf(text(one)), keyOf(text(one)));
    });
  }

  test('the same by a variable', () => {
    const text = 'subscription ($last: Int) { state(last: $last) }';
    assert.notEqual(keyOf(text, { last: 1 }), keyOf(text, { last: 2 }));
  });

  test('a variable that only a directive reads tells them apart', () => {
    const text =
      'subscription ($on: Boolean = false) { ... { events(last: 1) } ...F } fragment F on Subscription { events(last: 1) @include(if: $on) }';
    assert.notEqual(keyOf(text, { on: true }), keyOf(text, { on: false }));
  });
});
