import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isScalarType,
  isUnionType,
  Kind,
  parse,
  print,
} from 'graphql';
import { createSchema, printedSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';

const contractText = readFileSync(new URL('../fixtures/contract.graphql', import.meta.url), 'utf8');
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
    if (isScalarType(type) || isEnumType(type) || isObjectType(type) || isUnionType(type))
      look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name}:)`, argument);
    }
  }
  assert.deepEqual(missing, []);
});

test('the schema has the whole contract: nothing renamed, removed, or of another type', () => {
  const contract = buildSchema(contractText);
  const differences: string[] = [];
  for (const type of Object.values(contract.getTypeMap())) {
    const ours = schema.getType(type.name);
    if (type.name.startsWith('__')) continue;
    if (ours?.constructor !== type.constructor) {
      differences.push(type.name);
    } else if (isEnumType(type) && isEnumType(ours)) {
      for (const { name } of type.getValues())
        if (ours.getValue(name) === undefined) differences.push(`${type.name}.${name}`);
    } else if (isUnionType(type) && isUnionType(ours)) {
      const names = ours.getTypes().map(String);
      for (const member of type.getTypes())
        if (!names.includes(member.name)) differences.push(`${type.name} = ${member.name}`);
    } else if (isObjectType(type) && isObjectType(ours)) {
      for (const field of Object.values(type.getFields())) {
        const our = ours.getFields()[field.name];
        if (String(our?.type) !== String(field.type))
          differences.push(`${type.name}.${field.name}: ${our?.type}`);
        for (const argument of field.args) {
          const same = our?.args.find(one => one.name === argument.name);
          const shown = (one: typeof argument | undefined) => `${one?.type} ${JSON.stringify(one?.default)}`;
          if (same === undefined || String(same.type) !== String(argument.type))
            differences.push(`${type.name}.${field.name}(${argument.name}): ${shown(same)}`);
        }
        // What was added must not be required of anybody.
        for (const argument of our?.args ?? [])
          if (!field.args.some(one => one.name === argument.name) && String(argument.type).endsWith('!'))
            differences.push(`${type.name}.${field.name}(${argument.name})`);
      }
    } else {
      assert.ok(!isInputObjectType(type), 'the contract has no input objects');
    }
  }
  assert.deepEqual(differences, []);
});

test('arguments have the defaults of the contract', () => {
  const defaults = (text: string): Map<string, string> => {
    const found = new Map<string, string>();
    for (const definition of parse(text).definitions) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      for (const { name: field, arguments: args } of definition.fields ?? []) {
        for (const { name, defaultValue } of args ?? []) {
          const key = `${definition.name.value}.${field.value}(${name.value})`;
          found.set(key, defaultValue === undefined ? 'none' : print(defaultValue));
        }
      }
    }
    return found;
  };
  const ours = defaults(printedSchema());
  for (const [argument, value] of defaults(contractText)) assert.equal(ours.get(argument), value, argument);
});
