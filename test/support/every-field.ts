import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';
import { createSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';

/** What arguments are given, by their names. */
export type Arguments = Readonly<Record<string, string>>;

/** An operation for each field of a root type, each selecting every field of every type that it leads to. */
export function everyOperation(root: 'query' | 'subscription', values: Arguments): readonly string[] {
  const schema = createSchema(text => text as PairSymbol);
  const type = root === 'query' ? schema.getQueryType() : schema.getSubscriptionType();
  return Object.values(type?.getFields() ?? {}).map(field => `${root} { ${select(field, values, [])} }`);
}

/** A field with all that it leads to. */
function select(
  field: GraphQLField<unknown, unknown>,
  values: Arguments,
  path: readonly string[],
): string | undefined {
  if (field.args.some(arg => isRequiredArgument(arg) && values[arg.name] === undefined)) return undefined;
  const given = field.args.flatMap(({ name }) =>
    values[name] === undefined ? [] : `${name}: ${values[name]}`,
  );
  const selection = fieldsOf(field.type, values, path);
  return `${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${selection}`;
}

function fieldsOf(output: GraphQLOutputType, values: Arguments, path: readonly string[]): string {
  const type = getNamedType(output);
  if (isUnionType(type)) {
    const parts = type.getTypes().map(one => `... on ${one.name}${bodyOf(one, values, path)}`);
    return ` { __typename ${parts.join(' ')} }`;
  }
  return isObjectType(type) ? bodyOf(type, values, path) : '';
}

function bodyOf(type: GraphQLObjectType, values: Arguments, path: readonly string[]): string {
  const fields = Object.values(type.getFields())
    // What leads back to where it came from says nothing new.
    .filter(field => !path.includes(getNamedType(field.type).name))
    .map(field => select(field, values, [...path, type.name]));
  return ` { __typename ${fields.filter(text => text !== undefined).join(' ')} }`;
}
