import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNullableType,
  getOperationAST,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';

/**
 * Writes the response to one value as text; undefined where there is more to say than data: an error, a null that must
 * not be, a promise.
 */
export type Writer = (value: unknown, context: unknown) => string | undefined;

/** Thrown inside this file only: what is asked for, or what came, is left to the executor. */
const UNABLE = new Error('left to the executor');

/** Writes a value that a resolver returned. */
type WriteValue = (value: unknown, context: unknown) => string;

interface WriteField {
  /** `"name":`, with a comma before it unless it is the first. */
  readonly label: string;
  readonly write: (parent: object, context: unknown) => string;
}

/**
 * A subscription's selection as a tree of functions that write JSON. All selections run the same few functions, so that
 * one that is executed twenty times a second is as quick as one that is executed a thousand times.
 *
 * @param variables decide, once, what `@skip` and `@include` leave and what the fields below the first are asked with
 * @returns undefined for what it does not know: other directives, and arguments that do not coerce
 */
export function createWriter(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: VariableValues,
): Writer | undefined {
  const operation = getOperationAST(document, operationName);
  const type = schema.getSubscriptionType();
  if (!operation || !type) return undefined;
  try {
    const write = new Compiler(schema, document, variables).object(type, [operation.selectionSet], true);
    return (value, context) => {
      try {
        return `{"data":${write(value, context)}}`;
      } catch {
        // Whatever it was: the executor comes across it too, and says it as GraphQL does.
        return undefined;
      }
    };
  } catch {
    // Not for here, or an argument that does not coerce: the executor says it as GraphQL does.
    return undefined;
  }
}

class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: VariableValues;

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: VariableValues) {
    this.#schema = schema;
    this.#variables = variables;
    this.#fragments = new Map(
      document.definitions.flatMap(one =>
        one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
      ),
    );
  }

  /** @param isRoot whether arguments and resolve info matter: of the first field, whose arguments were read before */
  object(type: GraphQLObjectType, selections: readonly SelectionSetNode[], isRoot = false): WriteValue {
    const nodes = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    for (const selection of selections) this.#collect(type, selection, nodes, visited);
    const fields = [...nodes].map(([name, same], index): WriteField => {
      const label = `${index === 0 ? '' : ','}${JSON.stringify(name)}:`;
      return { label, write: this.#field(type, name, same, isRoot) };
    });
    return (value, context) => {
      if (!isRoot && !isPlainObject(value)) throw UNABLE;
      let text = '{';
      for (let index = 0; index < fields.length; index += 1) {
        const { label, write } = fields[index] as WriteField;
        text += label + write(value as object, context);
      }
      return `${text}}`;
    };
  }

  /** `CollectFields` of the specification. */
  #collect(
    type: GraphQLObjectType,
    set: SelectionSetNode,
    nodes: Map<string, FieldNode[]>,
    visited: Set<string>,
  ): void {
    for (const selection of set.selections) {
      if (!this.#includes(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const same = nodes.get(name);
        if (same === undefined) nodes.set(name, [selection]);
        else same.push(selection);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        // Only what was not left out counts as visited.
        if (visited.has(selection.name.value)) continue;
        visited.add(selection.name.value);
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value);
      if (fragment === undefined) throw UNABLE;
      if (this.#applies(type, fragment.typeCondition?.name.value)) {
        this.#collect(type, fragment.selectionSet, nodes, visited);
      }
    }
  }

  #includes(selection: SelectionNode): boolean {
    const { directives = [] } = selection;
    if (directives.length === 0) return true;
    if (directives.some(({ name }) => name.value !== 'skip' && name.value !== 'include')) throw UNABLE;
    const skip = getDirectiveValues(GraphQLSkipDirective, selection, this.#variables);
    const include = getDirectiveValues(GraphQLIncludeDirective, selection, this.#variables);
    return skip?.['if'] !== true && include?.['if'] !== false;
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const wanted = this.#schema.getType(condition);
    return isAbstractType(wanted) && this.#schema.isSubType(wanted, type);
  }

  #field(
    type: GraphQLObjectType,
    key: string,
    nodes: readonly FieldNode[],
    isRoot: boolean,
  ): WriteField['write'] {
    const [node] = nodes;
    const fieldName = node?.name.value ?? '';
    if (fieldName === '__typename') return () => JSON.stringify(type.name);
    const fields = type.getFields();
    const definition = Object.hasOwn(fields, fieldName) ? fields[fieldName] : undefined;
    if (definition === undefined || node === undefined) throw UNABLE;
    const { resolve } = definition;
    const args =
      isRoot || definition.args.length === 0
        ? NO_ARGUMENTS
        : Object.freeze(getArgumentValues(definition, node, this.#variables));
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const write = this.#value(definition.type, sets);
    if (resolve === undefined) {
      return (parent, context) => {
        const value = (parent as Readonly<Record<string, unknown>>)[fieldName];
        if (typeof value === 'function') throw UNABLE;
        return write(value, context);
      };
    }
    const path = { key, prev: undefined, typename: type.name };
    const info = { path, fieldName, schema: this.#schema, parentType: type } as unknown as GraphQLResolveInfo;
    return (parent, context) => write(resolve(parent, args, context, info), context);
  }

  #value(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): WriteValue {
    const write = this.#nullable(getNullableType(type), sets);
    if (isNonNullType(type)) {
      return (value, context) => {
        if (value === null || value === undefined) throw UNABLE;
        return write(value, context);
      };
    }
    return (value, context) => (value === null || value === undefined ? 'null' : write(value, context));
  }

  #nullable(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): WriteValue {
    if (isLeafType(type)) return leaf(type);
    if (isListType(type)) return list(this.#value(type.ofType, sets));
    if (isObjectType(type) && type.isTypeOf === undefined) return this.object(type, sets);
    if (!isAbstractType(type) || !type.resolveType) throw UNABLE;
    const { resolveType } = type;
    const writers = new Map(
      this.#schema.getPossibleTypes(type).map(one => [one.name, this.object(one, sets)] as const),
    );
    const info = { schema: this.#schema } as unknown as GraphQLResolveInfo;
    return (value, context) => {
      const name = resolveType(value, context, info, type);
      const write = typeof name === 'string' ? writers.get(name) : undefined;
      if (write === undefined) throw UNABLE;
      return write(value, context);
    };
  }
}

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Error) && !(value instanceof Promise)
  );
}

const NO_ARGUMENTS = Object.freeze({});

function leaf(type: GraphQLLeafType): WriteValue {
  return value => {
    const written = type.coerceOutputValue(value);
    // A promise, an error, nothing: the executor knows what to say.
    if (written === undefined || written === null || typeof written === 'object') throw UNABLE;
    return JSON.stringify(written);
  };
}

function list(write: WriteValue): WriteValue {
  return (value, context) => {
    if (!Array.isArray(value)) throw UNABLE;
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      text += (index === 0 ? '' : ',') + write(value[index], context);
    }
    return `${text}]`;
  };
}
