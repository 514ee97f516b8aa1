import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphQLError, type Location } from 'graphql';
import { Documents } from '../../src/server/documents.ts';

test('a document is parsed once while it is kept', () => {
  const documents = new Documents();
  assert.equal(documents.parse('{ a }'), documents.parse('{ a }'));
  assert.notEqual(documents.parse('{ a }'), documents.parse('{ b }'));
});

test('what is kept is bounded in bytes, and what was asked for longest ago goes first', () => {
  const documents = new Documents(20_000);
  const wanted = documents.parse('{ wanted }');
  for (let index = 0; index < 1_000; index += 1) {
    documents.parse(`{ a${index} } # ${'x'.repeat(500)}`);
    assert.equal(documents.parse('{ wanted }'), wanted);
    assert.ok(documents.bytes <= 20_000);
  }
});

test('tokens and comments are not kept, and errors can still say where they are', () => {
  const { definitions } = new Documents().parse('# a comment\n\n{\n  field # another\n}');
  const [operation] = definitions;
  assert.ok(operation?.kind === 'OperationDefinition');
  const [field] = operation.selectionSet.selections;
  assert.deepEqual(Object.keys(field?.loc as Location).sort(), ['end', 'source', 'start']);
  const error = new GraphQLError('wrong', { nodes: [...(field ? [field] : [])] });
  assert.deepEqual(error.locations, [{ line: 4, column: 3 }]);
});

for (const [what, text, limit] of [
  ['text', `{ a } #${'x'.repeat(40_000)}`, 'documentLength'],
  ['comments', `{ a }\n${'#\n'.repeat(20_000)}`, 'documentLength'],
  ['tokens', `{ ${'a '.repeat(2_001)} }`, 'tokens'],
] as const) {
  test(`a document with too much ${what} is refused`, () => {
    assert.throws(
      () => new Documents().parse(text),
      (error: GraphQLError) =>
        error.extensions['code'] === 'LIMIT_EXCEEDED' && error.extensions['limit'] === limit,
    );
  });
}
