import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  execute,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getVariableValues,
  isAbstractType,
  isCompositeType,
  isObjectType,
  isRequiredArgument,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { Executor } from '../../src/graphql/execution.ts';
import { createWriter } from '../../src/graphql/selection.ts';
import { schema, services, VALUES } from './subscription-values.ts';

/** A subscription, and the values of its variables. */
export interface Generated {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What became of generated selections. */
export interface SelectionsReport {
  readonly selections: number;
  /** Those that were written, and not left to graphql-js. */
  readonly written: number;
  readonly problems: readonly string[];
}

const ROOT_ARGUMENTS: Readonly<Record<string, string>> = { symbols: '["BTC/USD"]' };
/** Some are members of every object, some have a default and may be left out. */
const VARIABLES = ['on', 'off', 'constructor', 'toString', '__proto__'] as const;
const WITH_DEFAULT: ReadonlySet<string> = new Set(['off', 'toString', '__proto__']);
const DEEPEST = 4;

/**
 * Any subscription that is valid: aliases, equal fields, `__typename`, named and inline fragments within each other,
 * spread again with other directives, `@skip` and `@include` of literals and variables.
 */
export function anySubscription(): fc.Arbitrary<Generated> {
  return fc
    .array(fc.nat(59), { maxLength: 300, size: 'max' })
    .map(choices => new Writing(schema, choices).subscription());
}

/** Turns a list of numbers into a document: fewer and smaller numbers make a smaller one, which is how it shrinks. */
class Writing {
  readonly #schema: GraphQLSchema;
  readonly #choices: readonly number[];
  #next = 0;
  /** Finished fragments by their type: what is finished cannot spread what is not, so there are no cycles. */
  readonly #fragments = new Map<string, string[]>();
  readonly #definitions: string[] = [];
  readonly #used = new Map<string, boolean | undefined>();

  constructor(schema: GraphQLSchema, choices: readonly number[]) {
    this.#schema = schema;
    this.#choices = choices;
  }

  subscription(): Generated {
    const root = this.#schema.getSubscriptionType() ?? assert.fail('there are subscriptions');
    const field = this.#among(Object.values(root.getFields()));
    const start = `${field.name}${argumentsOf(field)}`;
    const one = (): string => `${start} ${this.#set(getNamedType(field.type), DEEPEST)}`;
    const bodies = [
      () => one(),
      () => `... { ${one()} }`,
      () => `... on ${root.name} { ${one()} } ${one()}`,
      () => {
        this.#definitions.push(`fragment Root on ${root.name} { ${one()} }`);
        return '...Root';
      },
    ];
    const body = this.#among(bodies)();
    const definitions = [...this.#used.keys()].map(
      name => `$${name}: Boolean${WITH_DEFAULT.has(name) ? ' = true' : '!'}`,
    );
    const head = definitions.length === 0 ? '' : `(${definitions.join(', ')})`;
    const variables = [...this.#used].flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
    return {
      text: [`subscription ${head} { ${body} }`, ...this.#definitions].join('\n'),
      variables: Object.fromEntries(variables),
    };
  }

  /** A number below `count`; 0 when there are no choices left. */
  #below(count: number): number {
    const choice = this.#choices[this.#next] ?? 0;
    this.#next += 1;
    return choice % count;
  }

  #among<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] ?? assert.fail('there is one');
  }

  #set(type: GraphQLNamedType, depth: number): string {
    if (!isCompositeType(type)) return '';
    const parts = Array.from({ length: 1 + this.#below(5) }, () => this.#part(type, depth));
    return `{ ${parts.join(' ')} }`;
  }

  #part(type: GraphQLNamedType, depth: number): string {
    const kind = this.#below(6);
    if (kind === 1) return `__typename${this.#directives()}`;
    if (kind === 2 || kind === 3) return `...${this.#fragment(type, depth)}${this.#directives()}`;
    if (kind === 4 || isAbstractType(type)) {
      const on = this.#conditions(type);
      return `... on ${on.name}${this.#directives()} ${this.#set(on, depth)}`;
    }
    if (kind === 5) return `...${this.#directives()} ${this.#set(type, depth)}`;
    return isObjectType(type) ? this.#field(type, depth) : '__typename';
  }

  /** A type that may be asked for where `type` is: of a union, one of its members. */
  #conditions(type: GraphQLNamedType): GraphQLNamedType {
    return isAbstractType(type) ? this.#among([...this.#schema.getPossibleTypes(type), type]) : type;
  }

  #field(type: GraphQLNamedType, depth: number): string {
    if (!isObjectType(type)) return '__typename';
    const fields = Object.values(type.getFields()).filter(
      field => depth > 1 || !isCompositeType(getNamedType(field.type)),
    );
    if (fields.length === 0) return '__typename';
    const field = this.#among(fields);
    // One alias a field: what is merged has to be the same.
    const alias = ['', `a_${type.name}_${field.name}: `, `constructor_${type.name}_${field.name}: `];
    const start = `${this.#among(alias)}${field.name}${argumentsOf(field)}${this.#directives()}`;
    return `${start} ${this.#set(getNamedType(field.type), depth - 1)}`;
  }

  /** The name of a fragment, of those there are or a new one. */
  #fragment(type: GraphQLNamedType, depth: number): string {
    const on = this.#conditions(type);
    const known = this.#fragments.get(on.name) ?? [];
    const choice = this.#below(known.length + 2);
    const again = known[choice];
    if (again !== undefined) return again;
    const set = this.#set(on, depth);
    const name = `F${this.#definitions.length}`;
    this.#definitions.push(`fragment ${name} on ${on.name} ${set}`);
    this.#fragments.set(on.name, [...(this.#fragments.get(on.name) ?? []), name]);
    return name;
  }

  #directives(): string {
    const kind = this.#below(6);
    if (kind === 1 || kind === 2) return ` @include(if: ${this.#condition()})`;
    if (kind === 3) return ` @skip(if: ${this.#condition()})`;
    if (kind === 4) return ` @skip(if: ${this.#condition()}) @include(if: ${this.#condition()})`;
    return '';
  }

  #condition(): string {
    const choice = this.#below(VARIABLES.length + 2);
    const name = VARIABLES[choice];
    if (name === undefined) return String(choice % 2 === 0);
    if (!this.#used.has(name)) {
      const value = this.#below(3);
      this.#used.set(name, value === 2 && WITH_DEFAULT.has(name) ? undefined : value === 1);
    }
    return `$${name}`;
  }
}

function argumentsOf(field: GraphQLField<unknown, unknown>): string {
  const texts = field.args
    .filter(isRequiredArgument)
    .map(({ name }) => `${name}: ${ROOT_ARGUMENTS[name] ?? assert.fail(`no value is known for ${name}`)}`);
  return texts.length === 0 ? '' : `(${texts.join(', ')})`;
}

/**
 * What a subscription says of each value, beside what graphql-js says of the same selection on the same value.
 *
 * @returns whether it was written, and not left to graphql-js
 */
export function assertSameAsQuery({ text, variables }: Generated): boolean {
  const document = parse(text);
  assert.deepEqual(validate(schema, document), [], text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const args = {
    schema,
    document,
    operationName: undefined,
    variableValues: variables,
    contextValue: { services, grant: 'balances:read' },
  };
  const { variableValues, errors } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    variables,
  );
  assert.ok(variableValues, String(errors));
  // Twice: the second is written by what the first one left in the cache.
  const executor = new Executor(schema);
  const first = executor.prepare(args, variableValues, result => JSON.stringify(result));
  const second = executor.prepare(args, variableValues, result => JSON.stringify(result));
  for (const value of VALUES[rootFieldOf(document)] ?? assert.fail('there are values for each field')) {
    const expected = JSON.stringify(execute({ ...args, rootValue: value }));
    assert.equal(first(value), expected, text);
    assert.equal(second(value), expected, text);
  }
  return createWriter(schema, document, undefined, variableValues) !== undefined;
}

function rootFieldOf(document: ReturnType<typeof parse>): string {
  const root = schema.getSubscriptionType()?.getFields() ?? {};
  for (const definition of document.definitions) {
    if (!('selectionSet' in definition)) continue;
    const pending = [...definition.selectionSet.selections];
    for (const one of pending) {
      if (one.kind === Kind.FIELD && Object.hasOwn(root, one.name.value)) return one.name.value;
      if (one.kind === Kind.INLINE_FRAGMENT) pending.push(...one.selectionSet.selections);
    }
  }
  return assert.fail('it begins with a field');
}

/** Compares generated selections; what differs comes back with the smallest selection that does. */
export async function compareSelections(options: {
  readonly selections: number;
  readonly seed: number;
}): Promise<SelectionsReport> {
  let written = 0;
  const outcome = fc.check(
    fc.property(anySubscription(), generated => {
      if (assertSameAsQuery(generated)) written += 1;
    }),
    { numRuns: options.selections, seed: options.seed },
  );
  const [smallest] = outcome.counterexample ?? [];
  const problems = outcome.failed
    ? [`seed ${outcome.seed}, ${JSON.stringify(smallest)}: ${String(outcome.errorInstance)}`]
    : [];
  return { selections: outcome.numRuns, written, problems };
}
