import {
  type DocumentNode,
  type ExecutionResult,
  executeSubscriptionEvent,
  type GraphQLSchema,
  TypeInfo,
  type VariableValues,
  validateSubscriptionArgs,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { createWriter, type Writer } from './selection.ts';

/** A subscription's selection, ready to be written for one value after the other. Always synchronous. */
export type Renderer = (value: unknown) => string;

/** The same, as GraphQL's own result. */
export type Executable = (value: unknown) => ExecutionResult;

/** What of an operation is the same for every value. */
export interface OperationArguments {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variableValues: Readonly<Record<string, unknown>> | null | undefined;
  readonly contextValue: unknown;
}

/** What of a document was made for all who ask for it. */
interface Prepared {
  /** Variables that decide what is selected: the same document with other values of them is written by another writer. */
  readonly decisive: readonly string[];
  /** By the operation's name and the values of these variables; undefined for what `selection.ts` does not write. */
  readonly writers: Map<string, Writer | undefined>;
}

/** Writers kept of one document; the oldest goes. Two variables of directives have four values between them. */
const MAX_WRITERS = 16;

/**
 * Makes subscriptions executable: written by `selection.ts` while all goes well, executed by graphql-js for what is not
 * written there and for values that go wrong. See docs/adr/0003-executor.md.
 */
export class Executor {
  readonly #schema: GraphQLSchema;
  /** Gone with the document, which the parser keeps for as long as it is asked for. */
  readonly #prepared = new WeakMap<DocumentNode, Prepared>();

  /**
   * @param schema the public schema, but with a `Symbol` that takes names as they are: whether a pair exists was
   * decided when the subscription began
   */
  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * Works for operations that were parsed and validated.
   *
   * @param variables the operation's, coerced
   * @param stringify what becomes of a result that is more than data
   */
  prepare(
    operation: OperationArguments,
    variables: VariableValues,
    stringify: (result: ExecutionResult) => string,
  ): Renderer {
    const write = this.#writerOf(operation, variables);
    let execute: Executable | undefined;
    return value => {
      const text = write?.(value, operation.contextValue);
      if (text !== undefined) return text;
      execute ??= interpreted({ ...operation, schema: this.#schema });
      return stringify(execute(value));
    };
  }

  #writerOf({ document, operationName }: OperationArguments, variables: VariableValues): Writer | undefined {
    let prepared = this.#prepared.get(document);
    if (prepared === undefined) {
      prepared = { decisive: decisiveVariables(this.#schema, document), writers: new Map() };
      this.#prepared.set(document, prepared);
    }
    const { decisive, writers } = prepared;
    const { coerced } = variables;
    const values = decisive.map(name => (Object.hasOwn(coerced, name) ? [coerced[name]] : []));
    const key = `${operationName ?? ''}\n${JSON.stringify(values)}`;
    if (!writers.has(key)) {
      const [oldest] = writers.keys();
      if (writers.size >= MAX_WRITERS && oldest !== undefined) writers.delete(oldest);
      writers.set(key, createWriter(this.#schema, document, operationName, variables));
    }
    return writers.get(key);
  }
}

/** Names of variables in directives, and in the arguments of fields below the first. */
function decisiveVariables(schema: GraphQLSchema, document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  const info = new TypeInfo(schema);
  const root = schema.getSubscriptionType();
  visit(
    document,
    visitWithTypeInfo(info, {
      VariableDefinition: () => false,
      Argument: () => (!info.getDirective() && info.getParentType() === root ? false : undefined),
      Variable: ({ name }) => void names.add(name.value),
    }),
  );
  return [...names];
}

/** By graphql-js: arguments and variables are coerced once, the selection is walked for each value. */
export function interpreted(operation: OperationArguments): Executable {
  const validated = validateSubscriptionArgs(operation);
  if (!('operation' in validated)) return () => ({ errors: validated });
  return value => synchronous(executeSubscriptionEvent({ ...validated, rootValue: value }));
}

function synchronous(result: ExecutionResult | PromiseLike<ExecutionResult>): ExecutionResult {
  if ('then' in result) {
    throw new Error('a resolver under Subscription returned a promise; they read memory and answer at once');
  }
  return result;
}
