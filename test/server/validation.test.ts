import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ASTVisitor, buildSchema, GraphQLError, parse, type ValidationContext } from 'graphql';
import { operationLimits } from '../../src/server/limits.ts';
import { Validation } from '../../src/server/validation.ts';

const schema = buildSchema('type Query { a: Int, b: [Query!]! }');

/** A rule that counts how often it is asked, and finds fault when told to. */
class Spy {
  calls = 0;
  fault: string | undefined;
  readonly rule = (context: ValidationContext): ASTVisitor => {
    this.calls += 1;
    if (this.fault !== undefined) context.reportError(new GraphQLError(this.fault));
    return {};
  };
}

test('a document is validated once, until names mean something else', () => {
  let generation = 0;
  const validation = new Validation(operationLimits(1_000_000), () => generation);
  const spy = new Spy();
  const document = parse('{ a }');
  const messages = () =>
    validation
      .for({})(schema, document, [spy.rule])
      .map(({ message }) => message);
  spy.fault = 'no such pair';
  assert.deepEqual([messages(), messages(), messages()].flat(), Array(3).fill('no such pair'));
  assert.equal(spy.calls, 1);
  spy.fault = undefined;
  generation += 1;
  assert.deepEqual([messages(), messages()], [[], []]);
  assert.equal(spy.calls, 2);
  validation.for({})(schema, parse('{ a }'), [spy.rule]);
  assert.equal(spy.calls, 3, 'another document is another question');
});

test('limits are looked at each time, and before anything else', () => {
  const spy = new Spy();
  const levels = 30;
  const deep = parse(`${'{ b '.repeat(levels)}{ a }${' }'.repeat(levels)}`);
  const validate = new Validation(operationLimits(1_000_000), () => 0).for({});
  for (let times = 0; times < 2; times += 1) {
    const [error, ...more] = validate(schema, deep, [spy.rule]);
    assert.equal(error?.extensions['code'], 'LIMIT_EXCEEDED');
    assert.deepEqual(more, []);
  }
  assert.equal(spy.calls, 0);
});
