/** What a Relay connection is asked for, cursors already read. */
export interface PageRange {
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Whether an edge before the range is known: the one that `after` names. */
  readonly hasEarlier: boolean;
  /** Whether an edge behind the range is known: the one that `before` names. */
  readonly hasLater: boolean;
}

export interface Page<Edge> {
  readonly edges: readonly Edge[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/**
 * A page of the edges between two cursors.
 *
 * @see https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm
 */
export function pageOf<Edge>(
  edges: readonly Edge[],
  { first, last, hasEarlier, hasLater }: PageRange,
): Page<Edge> {
  const head = edges.slice(0, first);
  return {
    edges: head.slice(Math.max(0, head.length - (last ?? head.length))),
    hasNextPage: first === undefined ? hasLater : edges.length > first,
    hasPreviousPage: last === undefined ? hasEarlier : edges.length > last,
  };
}
