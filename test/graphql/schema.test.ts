import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isEnumType, isObjectType, isScalarType } from 'graphql';
import { createSchema, printedSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';

const schema = createSchema(text => text as PairSymbol);

test('the printed schema in the repository is the one that the code makes', () => {
  assert.equal(
    readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'),
    printedSchema(),
  );
});

test('every type, field, argument and enum value has a description', () => {
  const missing: string[] = [];
  const look = (name: string, described: { readonly description?: string | null | undefined }): void => {
    if (!described.description) missing.push(name);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || ['String', 'Int', 'Float', 'Boolean', 'Query'].includes(type.name))
      continue;
    if (isScalarType(type) || isEnumType(type) || isObjectType(type)) look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name}:)`, argument);
    }
  }
  assert.deepEqual(missing, []);
});
