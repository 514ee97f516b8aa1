import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  GraphQLError,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
} from 'graphql';
import type { BroadcastPlan } from '../hub/broadcast.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { BroadcastContext, Context, Services } from './context.ts';
import { maskError } from './errors.ts';
import type { Executable, Executor, OperationArguments } from './execution.ts';
import type { Feed } from './feed.ts';

/** A valid subscription, or why there is none. */
export type Planned =
  | { readonly plan: BroadcastPlan; readonly errors?: never }
  | { readonly plan?: never; readonly errors: readonly GraphQLError[] };

/**
 * Turns a validated subscription operation into what the hub needs: the key that equal operations share, the
 * topics that it reads, and how to execute and serialise one value.
 */
export function planSubscription(
  executor: Executor,
  args: OperationArguments & { contextValue: Context },
): Planned {
  const { schema, document, contextValue } = args;
  const { reportUnexpected } = contextValue.services;
  const operation = getOperationAST(document, args.operationName);
  const field = operation && rootField(document, operation.selectionSet);
  const definition = field && schema.getSubscriptionType()?.getFields()[field.name.value];
  if (!operation || !field || !definition?.subscribe) {
    return { errors: [new GraphQLError('The operation is no subscription to a known field')] };
  }
  const { variableValues, errors } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    args.variableValues ?? {},
  );
  if (errors) return { errors: errors.map(error => maskError(error, reportUnexpected)) };

  try {
    const fieldArguments = getArgumentValues(definition, field, variableValues);
    // `subscribe` needs nothing of the resolve info: it names what to read, and reads nothing yet.
    const feed = definition.subscribe(
      undefined,
      fieldArguments,
      contextValue,
      undefined as never,
    ) as Feed<unknown>;
    const context: BroadcastContext = { services: contextValue.services };
    const execute = executor.prepare({ ...args, contextValue: context });
    const key = keyOf(document, operation, variableValues.coerced);
    return { plan: createPlan(key, feed, execute, contextValue.services) };
  } catch (error) {
    const located = locatedError(error, field, [responseName(field)]);
    return { errors: [maskError(located, reportUnexpected)] };
  }
}

function createPlan(
  key: string,
  feed: Feed<unknown>,
  execute: Executable,
  { reportUnexpected }: Services,
): BroadcastPlan {
  const mask = (error: unknown): GraphQLError => maskError(error, reportUnexpected);
  const render = (value: unknown): string => serialise(execute(value), mask);
  return {
    key,
    topics: feed.topics,
    delivery: feed.delivery,
    minIntervalMs: feed.minIntervalMs,
    byTheClock: feed.byTheClock,
    render: topic => {
      const value = feed.read(topic);
      return value === undefined ? undefined : render(value);
    },
    renderEvent: render,
    current: () => [...feed.current()].map(render),
    renderSlowConsumer: () =>
      serialise(
        {
          errors: [
            mask(
              new CodedError(
                'SLOW_CONSUMER',
                'The subscription ended: its reader was too slow for every event',
              ),
            ),
          ],
        },
        mask,
      ),
  };
}

function keyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): string {
  return `${normalised(document)}\n${operation.name?.value ?? ''}\n${stableJson(variables)}`;
}

function serialise(result: ExecutionResult, mask: (error: unknown) => GraphQLError): string {
  if (result.errors === undefined) return JSON.stringify(result);
  return JSON.stringify({ ...result, errors: result.errors.map(mask) });
}

/** The first field of the operation; validation has made sure that it is the only one. */
function rootField(document: DocumentNode, selections: SelectionSetNode): FieldNode | undefined {
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) return selection;
    const inner =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection.selectionSet
        : document.definitions.find(
            definition =>
              definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
          );
    const set = inner && 'selectionSet' in inner ? inner.selectionSet : inner;
    const field = set && 'selections' in set ? rootField(document, set) : undefined;
    if (field !== undefined) return field;
  }
  return undefined;
}

function responseName(field: FieldNode): string {
  return field.alias?.value ?? field.name.value;
}

const normalisedTexts = new WeakMap<DocumentNode, string>();

/** The document without comments and spacing. Parsed documents are cached, so each is printed once. */
function normalised(document: DocumentNode): string {
  const known = normalisedTexts.get(document);
  if (known !== undefined) return known;
  const text = print(document);
  normalisedTexts.set(document, text);
  return text;
}

/** JSON with the members of objects in alphabetical order: equal variables give equal text. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
