import {
  type DocumentNode,
  type ExecutionResult,
  executeSubscriptionEvent,
  type GraphQLSchema,
  getOperationAST,
  validateSubscriptionArgs,
  valueFromASTUntyped,
} from 'graphql';
import { compileQuery } from 'graphql-jit';
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

type Compiled = ReturnType<typeof compileQuery<Record<string, unknown>, Record<string, unknown>>>;

/** What of an operation was made for all who ask for it. */
interface Prepared {
  /** undefined for selections that `selection.ts` does not write. */
  readonly write: Writer | undefined;
  /** Made when it is first needed. */
  compiled?: Compiled;
}

/**
 * Makes subscriptions executable: written by `selection.ts` while all goes well; compiled by graphql-jit for what is not
 * written there and for values that go wrong, or by graphql-js where that can not compile. See
 * docs/adr/0003-executor.md.
 */
export class Executor {
  readonly #schema: GraphQLSchema;
  /** By document and operation name. Gone with the document, which the parser keeps for as long as it is asked for. */
  readonly #prepared = new WeakMap<DocumentNode, Map<string, Prepared>>();

  /**
   * @param schema the public schema, but with a `Symbol` that takes names as they are: variables are coerced for
   * each value, and whether a pair exists was decided when the subscription began
   */
  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * Works for operations that were parsed and validated, and whose variables coerce.
   *
   * @param stringify what becomes of a result that is more than data
   */
  prepare(operation: OperationArguments, stringify: (result: ExecutionResult) => string): Renderer {
    const { write } = this.#preparedFor(operation);
    let execute: Executable | undefined;
    return value => {
      const text = write?.(value, operation.contextValue);
      if (text !== undefined) return text;
      execute ??= this.compile(operation);
      return stringify(execute(value));
    };
  }

  /** The general way: for every operation and every value. */
  compile(operation: OperationArguments): Executable {
    const { contextValue } = operation;
    const variableValues = withDefaults(operation);
    const compiled = this.#compile(operation);
    if ('query' in compiled) {
      return value => synchronous(compiled.query(value, contextValue, variableValues));
    }
    return interpreted({ ...operation, schema: this.#schema });
  }

  #preparedFor({ document, operationName }: OperationArguments): Prepared {
    const name = operationName ?? '';
    let byName = this.#prepared.get(document);
    if (byName === undefined) {
      byName = new Map();
      this.#prepared.set(document, byName);
    }
    let prepared = byName.get(name);
    if (prepared === undefined) {
      prepared = { write: createWriter(this.#schema, document, operationName) };
      byName.set(name, prepared);
    }
    return prepared;
  }

  #compile(operation: OperationArguments): Compiled {
    const prepared = this.#preparedFor(operation);
    prepared.compiled ??= compileQuery<Record<string, unknown>, Record<string, unknown>>(
      this.#schema,
      operation.document,
      operation.operationName ?? '',
    );
    return prepared.compiled;
  }
}

/** The variables as sent, and the defaults of those that were not: graphql-jit has none for types that are not null. */
function withDefaults({
  document,
  operationName,
  variableValues,
}: OperationArguments): Record<string, unknown> {
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
  const values: Record<string, unknown> = { ...variableValues };
  for (const { variable, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    if (values[name] === undefined && defaultValue !== undefined)
      values[name] = valueFromASTUntyped(defaultValue);
  }
  return values;
}

/** The same by graphql-js: arguments and variables are coerced once, the selection is walked for each value. */
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
