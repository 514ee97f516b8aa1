import { type DocumentNode, type GraphQLError, type GraphQLSchema, Kind, validate } from 'graphql';
import {
  type Demand,
  DOCUMENT_LIMITS,
  demandOf,
  exceeded,
  exceededLimit,
  type OperationLimits,
} from './limits.ts';
import { overlapsOf } from './overlaps.ts';

type Validate = typeof validate;

/** What of a request its validation depends on. */
export interface RequestParameters {
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

/** What is wrong with a document, as long as the names of pairs mean what they meant. */
interface Known {
  readonly generation: number;
  readonly errors: readonly GraphQLError[];
}

/** Errors that one document is told: to find the likely meaning of a wrong name takes time. */
const MAX_ERRORS = 10;

/**
 * GraphQL's validation, done once for each parsed document, which the parser keeps: ten thousand clients that connect
 * again ask for the same few. Whether a literal name of a pair is valid changes with the list of pairs. The limits come
 * first: how much an operation asks for depends on its variables, and what exceeds them is looked at no further.
 */
export class Validation {
  readonly #limits: OperationLimits;
  readonly #generation: () => number;
  readonly #known = new WeakMap<DocumentNode, Known>();
  /** Of each request that is within the limits. */
  readonly #demands = new WeakMap<RequestParameters, Demand>();

  /** @param generation of the list of pairs */
  constructor(limits: OperationLimits, generation: () => number) {
    this.#limits = limits;
    this.#generation = generation;
  }

  /** Units that a validated request costs. */
  costOf(request: RequestParameters): number {
    return this.#demands.get(request)?.cost ?? 0;
  }

  for(request: RequestParameters): Validate {
    return (schema: GraphQLSchema, document, rules) => {
      const beyond = this.#checkLimits(request, schema, document);
      if (beyond !== undefined) return [beyond];
      const generation = this.#generation();
      const last = this.#known.get(document);
      if (last?.generation === generation) return last.errors;
      const overlaps = overlapsOf(document, DOCUMENT_LIMITS.overlaps);
      const errors =
        overlaps > DOCUMENT_LIMITS.overlaps
          ? [exceeded('overlaps', Math.ceil(overlaps), DOCUMENT_LIMITS.overlaps)]
          : validate(schema, document, rules, { maxErrors: MAX_ERRORS });
      this.#known.set(document, { generation, errors });
      return errors;
    };
  }

  /** Every operation of a document is held to the limits; the one that is asked for is the request's demand. */
  #checkLimits(
    request: RequestParameters,
    schema: GraphQLSchema,
    document: DocumentNode,
  ): GraphQLError | undefined {
    for (const operation of document.definitions) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      const demand = demandOf(schema, document, operation, request.variables ?? {});
      const beyond = exceededLimit(demand, this.#limits, operation);
      if (beyond !== undefined) return beyond;
      if (!request.operationName || request.operationName === operation.name?.value) {
        this.#demands.set(request, demand);
      }
    }
    return undefined;
  }
}
