import { type DocumentNode, type GraphQLError, type GraphQLSchema, validate } from 'graphql';
import { limitsRule, OPERATION_LIMITS } from './limits.ts';

type Validate = typeof validate;

/** What is wrong with a document, as long as the names of pairs mean what they meant. */
interface Known {
  readonly generation: number;
  readonly errors: readonly GraphQLError[];
}

/**
 * GraphQL's validation, done once for each parsed document, which the parser keeps: ten thousand clients that connect
 * again ask for the same few. Whether a literal name of a pair is valid changes with the list of pairs. The limits come
 * first: how much an operation asks for depends on its variables, and what exceeds them is looked at no further.
 *
 * @param generation of the list of pairs
 */
export function createValidate(generation: () => number) {
  const known = new WeakMap<DocumentNode, Known>();
  return (variables: Readonly<Record<string, unknown>>): Validate =>
    (schema: GraphQLSchema, document, rules) => {
      const exceeded = validate(schema, document, [limitsRule(OPERATION_LIMITS, variables)]);
      if (exceeded.length > 0) return exceeded;
      const now = generation();
      const last = known.get(document);
      if (last?.generation === now) return last.errors;
      const errors = validate(schema, document, rules);
      known.set(document, { generation: now, errors });
      return errors;
    };
}
