import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLResolveInfo,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { BroadcastPlan } from '../hub/broadcast.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { BroadcastContext, Context } from './context.ts';
import { maskError, resultTooLarge } from './errors.ts';
import type { Executor, OperationArguments, Renderer } from './execution.ts';
import type { Feed } from './feed.ts';

/** A valid subscription, or why there is none. */
export type Planned =
  | {
      readonly plan: BroadcastPlan;
      /** Fetches what has to be there before the plan is joined; undefined if nothing has. Rejects with what failed. */
      readonly prepare: (gone: AbortSignal) => Promise<void> | undefined;
      readonly errors?: never;
    }
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
  const { services, grant } = contextValue;
  const { reportUnexpected } = services;
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

  const masked = (error: unknown): GraphQLError =>
    maskError(locatedError(error, field, [responseName(field)]), reportUnexpected);
  try {
    const fieldArguments = getArgumentValues(definition, field, variableValues);
    // `subscribe` names what to read, and reads nothing yet. Of the resolve info it needs its place: whether it may is
    // remembered by it.
    const path = { key: responseName(field), prev: undefined, typename: 'Subscription' };
    const info = { path, fieldName: field.name.value, schema } as unknown as GraphQLResolveInfo;
    const feed = definition.subscribe(undefined, fieldArguments, contextValue, info) as Feed<unknown>;
    const context: BroadcastContext = { services, grant };
    const mask = (error: unknown): GraphQLError => maskError(error, reportUnexpected);
    const maskFailure = (error: unknown): GraphQLError =>
      maskError(error, cause => reportUnexpected(cause, 'broadcast'));
    const render = boundedRenderer(
      executor.prepare({ ...args, contextValue: context }, variableValues, result => serialise(result, mask)),
      services.maxResultBytes,
    );
    const { coerced } = variableValues;
    const key = `${grant.key}\n${keyOf(document, operation, field, coerced, beginningsOf(definition))}`;
    const prepare = (gone: AbortSignal): Promise<void> | undefined =>
      feed.prepare(gone)?.catch((error: unknown) => Promise.reject(masked(error)));
    return { plan: createPlan(key, feed, render, mask, maskFailure), prepare };
  } catch (error) {
    return { errors: [masked(error)] };
  }
}

/** A result that is too large is thrown as an error, which ends its broadcast. */
function boundedRenderer(render: Renderer, maxBytes: number): Renderer {
  return value => {
    const text = render(value);
    if (text.length <= maxBytes) return text;
    throw resultTooLarge(text.length, maxBytes);
  };
}

function createPlan(
  key: string,
  feed: Feed<unknown>,
  render: Renderer,
  mask: (error: unknown) => GraphQLError,
  maskFailure: (error: unknown) => GraphQLError,
): BroadcastPlan {
  const tooSlow = 'The subscription ended: its reader was too slow for every event';
  return {
    key,
    topics: feed.topics,
    delivery: feed.delivery,
    minIntervalMs: feed.minIntervalMs,
    byTheClock: feed.byTheClock,
    render: topic => feed.read(topic).map(render),
    renderEvent: render,
    step: topic => feed.step(topic).map(render),
    standing: topic => feed.standing(topic),
    current: (topic, reason) => feed.current(topic, reason).map(render),
    renderFailure: error => serialise({ errors: [maskFailure(error)] }, maskFailure),
    renderSlowConsumer: events => {
      const error = new CodedError('SLOW_CONSUMER', tooSlow, feed.slowConsumer(events));
      return serialise({ errors: [mask(error)] }, mask);
    },
  };
}

/**
 * Arguments that say how one subscriber begins, and nothing of what follows: they do not tell subscriptions apart. A
 * field declares them, as `extensions: { beginnings: [...] }`.
 */
function beginningsOf({ extensions }: GraphQLField<unknown, unknown>): readonly unknown[] {
  const { beginnings } = extensions;
  return Array.isArray(beginnings) ? beginnings : [];
}

function keyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  field: FieldNode,
  variables: Readonly<Record<string, unknown>>,
  beginnings: readonly unknown[],
): string {
  const { text, dropped } = normalised(document, operation, field, beginnings);
  const kept = Object.fromEntries(Object.entries(variables).filter(([name]) => !dropped.has(name)));
  return `${text}\n${operation.name?.value ?? ''}\n${stableJson(kept)}`;
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

interface Normalised {
  readonly text: string;
  /** Variables that only say how a subscriber begins. */
  readonly dropped: ReadonlySet<string>;
}

const normalisedDocuments = new WeakMap<FieldNode, Normalised>();

/**
 * The document without comments and spacing, and without the arguments that say how a subscriber begins. Parsed
 * documents are cached, so each is printed once.
 */
function normalised(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  field: FieldNode,
  beginnings: readonly unknown[],
): Normalised {
  const known = normalisedDocuments.get(field);
  if (known !== undefined) return known;
  const kept = field.arguments?.filter(({ name }) => !beginnings.includes(name.value)) ?? [];
  const without = visit(document, {
    Field: node => (node === field ? { ...node, arguments: kept } : undefined),
  }) as DocumentNode;
  const used = new Set<string>();
  visit(without, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) });
  const dropped = new Set(
    (operation.variableDefinitions ?? [])
      .map(({ variable }) => variable.name.value)
      .filter(name => !used.has(name)),
  );
  const result = { text: print(without), dropped };
  normalisedDocuments.set(field, result);
  return result;
}

/** JSON with the members of objects in alphabetical order: equal variables give equal text. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
