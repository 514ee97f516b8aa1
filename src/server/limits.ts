import {
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { type ArgumentSize, costOf, type FieldCost } from '../graphql/cost.ts';
import { toGraphQLError } from '../graphql/errors.ts';
import { limitExceeded } from '../lib/coded-error.ts';

/** What one operation may ask for. Checked before execution, on every transport alike. */
export interface OperationLimits {
  /** Fields within fields. */
  readonly depth: number;
  readonly aliases: number;
  /** Characters of an alias: a response name is repeated for every item of a list. */
  readonly aliasLength: number;
  readonly directives: number;
  /** Pairs named, over all arguments. */
  readonly symbols: number;
  /** Units: a unit is a computed field, or ten that are read from memory. */
  readonly cost: number;
  /** Bytes of the result, estimated. */
  readonly bytes: number;
}

/** @param bytes of a result */
export function operationLimits(bytes: number): OperationLimits {
  return { depth: 8, aliases: 100, aliasLength: 100, directives: 10, symbols: 1_000, cost: 10_000, bytes };
}

/** What a document may be. Checked before it is parsed, or while it is. */
export const DOCUMENT_LIMITS = {
  /** Characters, comments and white space included. */
  length: 32_768,
  tokens: 2_000,
  /** Comparisons that validation makes, estimated: fields and fragments that are repeated cost their square. */
  overlaps: 5_000,
} as const;

/** What one client's connection may do. */
export const CONNECTION_LIMITS = {
  /** Subscriptions under way on one WebSocket. */
  subscriptions: 100,
  /** Messages a second on one WebSocket, on average and at once; above that the server reads more slowly. */
  messagesPerSecond: 50,
  messagesAtOnce: 200,
  /** Bytes of a request's body, and of a WebSocket message. */
  bytes: 64 * 1024,
} as const;

/** What an operation asks for. */
export interface Demand {
  readonly depth: number;
  readonly aliases: number;
  /** Characters of the longest. */
  readonly aliasLength: number;
  readonly directives: number;
  readonly symbols: number;
  readonly cost: number;
  readonly bytes: number;
}

const NOTHING: Demand = {
  depth: 0,
  aliases: 0,
  aliasLength: 0,
  directives: 0,
  symbols: 0,
  cost: 0,
  bytes: 0,
};

/** In the order in which they are told when several are exceeded. */
const LIMITS = ['depth', 'aliases', 'aliasLength', 'directives', 'symbols', 'cost', 'bytes'] as const;

/** The limit that a demand exceeds; undefined if it exceeds none. */
export function exceededLimit(
  demand: Demand,
  limits: OperationLimits,
  operation: OperationDefinitionNode,
): GraphQLError | undefined {
  const name = LIMITS.find(one => demand[one] > limits[one]);
  return name && exceeded(name, Math.ceil(demand[name]), limits[name], operation);
}

const UNITS: Readonly<Record<(typeof LIMITS)[number] | 'overlaps', string>> = {
  depth: 'levels of fields',
  aliases: 'aliases',
  aliasLength: 'characters in an alias',
  directives: 'directives',
  symbols: 'symbols',
  cost: 'units of cost',
  bytes: 'bytes of result',
  overlaps: 'comparisons of repeated fields',
};

export function exceeded(name: string, asked: number, allowed: number, node?: ASTNode): GraphQLError {
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name as keyof typeof UNITS] : name;
  const fact = `The operation asks for ${asked} ${unit}`;
  return toGraphQLError(limitExceeded(fact, { limit: name, asked, allowed }), node);
}

/**
 * Adds up what an operation asks for, by the costs that its fields declare. Each fragment is counted once for each size of
 * page, however often it is spread, so that the counting itself cannot be made expensive.
 *
 * @param variables of the request: a list in a variable counts as one in the document
 */
export function demandOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Demand {
  return new Counter(schema, document, valuesOf(operation, variables)).count(operation);
}

/** The variables that an operation gets: the request's, and the document's where the request has none. */
function valuesOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { variable, defaultValue } of variableDefinitions) {
    if (defaultValue !== undefined) values.set(variable.name.value, literalOf(defaultValue));
  }
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) values.set(name, value);
  return values;
}

class Counter {
  readonly #schema: GraphQLSchema;
  readonly #variables: ReadonlyMap<string, unknown>;
  readonly #definitions = new Map<string, FragmentDefinitionNode>();
  /** By fragment and page; undefined while it is being counted: a circle, which another rule reports. */
  readonly #fragments = new Map<string, Demand | undefined>();

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: ReadonlyMap<string, unknown>) {
    this.#schema = schema;
    this.#variables = variables;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#definitions.set(definition.name.value, definition);
      }
    }
  }

  count({ operation, selectionSet, directives }: OperationDefinitionNode): Demand {
    const root = this.#schema.getRootType(operation) ?? undefined;
    return added(this.#selections(root, selectionSet, 1), {
      ...NOTHING,
      directives: directives?.length ?? 0,
    });
  }

  /** @param page items of the lists below that have as many as was asked for */
  #selections(
    type: GraphQLNamedOutputType | undefined,
    { selections }: SelectionSetNode,
    page: number,
  ): Demand {
    let total = NOTHING;
    for (const selection of selections) {
      const directives = selection.directives?.length ?? 0;
      if (directives > 0) total = added(total, { ...NOTHING, directives });
      switch (selection.kind) {
        case Kind.FIELD:
          total = added(total, this.#field(type, selection, page));
          break;
        case Kind.INLINE_FRAGMENT:
          total = added(
            total,
            this.#selections(
              this.#narrowed(type, selection.typeCondition?.name.value),
              selection.selectionSet,
              page,
            ),
          );
          break;
        case Kind.FRAGMENT_SPREAD:
          total = added(total, this.#fragment(selection.name.value, page));
          break;
      }
    }
    return total;
  }

  #field(type: GraphQLNamedOutputType | undefined, node: FieldNode, page: number): Demand {
    const name = node.name.value;
    const definition =
      type !== undefined && isCompositeType(type) ? this.#schema.getField(type, name) : undefined;
    const cost = definition === undefined ? {} : declared(type, definition);
    const given = new Map((node.arguments ?? []).map(argument => [argument.name.value, argument.value]));
    const sizeOf = ({ of, otherwise }: ArgumentSize): number => {
      const sizes = of.flatMap(one => this.#sizeOf(given.get(one)) ?? []);
      return sizes.length === 0 ? otherwise : Math.max(...sizes);
    };

    const innerPage = cost.page === undefined ? page : sizeOf(cost.page);
    const result = definition && getNamedType(definition.type);
    const inner =
      node.selectionSet === undefined ? NOTHING : this.#selections(result, node.selectionSet, innerPage);
    const items = itemsOf(definition, cost, page, sizeOf);
    const units = items === undefined ? 1 : Math.max(1, items * (cost.weight ?? MEMORY));
    const each = cost.each === undefined ? 1 : Math.max(1, sizeOf(cost.each));
    const extra = cost.extra !== undefined && given.has(cost.extra.argument) ? cost.extra.units : 0;
    const label = (node.alias ?? node.name).value.length + AROUND_NAME;
    const value =
      result !== undefined && isLeafType(result) ? bytesOf(result.name) : inner.bytes + AROUND_OBJECT;
    return {
      depth: name.startsWith('__') || type?.name.startsWith('__') ? 0 : inner.depth + 1,
      aliases: inner.aliases + (node.alias === undefined ? 0 : 1),
      aliasLength: Math.max(inner.aliasLength, node.alias?.value.length ?? 0),
      directives: inner.directives,
      symbols: inner.symbols + this.#symbolsOf(definition, given),
      cost: bounded(each * units * (inner.cost + 1) + extra),
      bytes: bounded(label + (items ?? 1) * value),
    };
  }

  #fragment(name: string, page: number): Demand {
    const key = `${page} ${name}`;
    if (this.#fragments.has(key)) return this.#fragments.get(key) ?? NOTHING;
    this.#fragments.set(key, undefined);
    const definition = this.#definitions.get(name);
    const demand =
      definition === undefined
        ? NOTHING
        : this.#selections(
            this.#narrowed(undefined, definition.typeCondition.name.value),
            definition.selectionSet,
            page,
          );
    this.#fragments.set(key, demand);
    return demand;
  }

  #narrowed(
    type: GraphQLNamedOutputType | undefined,
    condition: string | undefined,
  ): GraphQLNamedOutputType | undefined {
    if (condition === undefined) return type;
    const named = this.#schema.getType(condition);
    return isObjectType(named) || isInterfaceType(named) ? named : undefined;
  }

  /** Pairs that a field names. */
  #symbolsOf(
    definition: GraphQLField<unknown, unknown> | undefined,
    given: ReadonlyMap<string, ValueNode>,
  ): number {
    let symbols = 0;
    for (const { name, type } of definition?.args ?? []) {
      const isNamed = getNamedType(type).name === 'Symbol' && given.has(name);
      if (isNamed) symbols += this.#sizeOf(given.get(name)) ?? 1;
    }
    return symbols;
  }

  /** The length of a list, or the value of an integer; undefined of anything else. */
  #sizeOf(node: ValueNode | undefined): number | undefined {
    const value =
      node?.kind === Kind.VARIABLE ? this.#variables.get(node.name.value) : node && literalOf(node);
    if (Array.isArray(value)) return value.length;
    return typeof value === 'number' ? Math.max(0, value) : undefined;
  }
}

/** What introspection returns on average: its fields are not declared here. */
const INTROSPECTION: ReadonlyMap<string, number> = new Map([
  ['__Schema.types', 110],
  ['__Schema.directives', 6],
  ['__Directive.locations', 4],
  ['__Directive.args', 2],
  ['__Type.ofType', 0.4],
  ['__Type.fields', 8],
  ['__Type.interfaces', 1],
  ['__Type.possibleTypes', 3],
  ['__Type.enumValues', 4],
  ['__Type.inputFields', 2],
  ['__Field.args', 2],
]);

function declared(
  type: GraphQLNamedOutputType | undefined,
  definition: GraphQLField<unknown, unknown>,
): FieldCost {
  const items = INTROSPECTION.get(`${type?.name}.${definition.name}`);
  return items === undefined ? costOf(definition) : { items };
}

/** Items of a field's list; undefined of a field without a list that declares nothing. */
function itemsOf(
  definition: GraphQLField<unknown, unknown> | undefined,
  { items }: FieldCost,
  page: number,
  sizeOf: (size: ArgumentSize) => number,
): number | undefined {
  if (typeof items === 'number') return items;
  const type = definition?.type;
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (!isListType(nullable)) return undefined;
  if (items === undefined) return UNDECLARED_ITEMS;
  return items === 'page' ? page : sizeOf(items);
}

/** A list that someone forgot to declare is taken for a long one. */
const UNDECLARED_ITEMS = 1_000;
/** Units of a row that is read from memory. */
const MEMORY = 0.1;
/** Quotes, colon and comma. */
const AROUND_NAME = 4;
/** Braces, or brackets, and a comma. */
const AROUND_OBJECT = 3;

/** Bytes of a value as JSON, on the large side of what occurs. */
const BYTES: ReadonlyMap<string, number> = new Map([
  ['Decimal', 24],
  ['DateTime', 34],
  ['SafeInt', 16],
  ['Int', 11],
  ['Float', 22],
  ['Boolean', 5],
  ['Symbol', 22],
  ['ID', 64],
  ['String', 64],
]);
/** An enumeration, or a scalar that is not listed. */
const OTHER_BYTES = 40;

function bytesOf(type: string): number {
  return BYTES.get(type) ?? OTHER_BYTES;
}

function literalOf(value: ValueNode): unknown {
  if (value.kind === Kind.LIST) return value.values;
  if (value.kind === Kind.INT) return Number(value.value);
  return undefined;
}

function bounded(value: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, value);
}

function added(a: Demand, b: Demand): Demand {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    aliasLength: Math.max(a.aliasLength, b.aliasLength),
    directives: a.directives + b.directives,
    symbols: a.symbols + b.symbols,
    cost: bounded(a.cost + b.cost),
    bytes: bounded(a.bytes + b.bytes),
  };
}
