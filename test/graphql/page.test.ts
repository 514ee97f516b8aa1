import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageOf } from '../../src/graphql/page.ts';

interface Arguments {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly after: number | undefined;
  readonly before: number | undefined;
}

/** https://relay.dev/graphql/connections.htm, section 4.4, step by step; an edge is its cursor. */
const relay = {
  applyCursorsToEdges(allEdges: readonly number[], { before, after }: Arguments): number[] {
    let edges = [...allEdges];
    if (after !== undefined && edges.includes(after)) edges = edges.slice(edges.indexOf(after) + 1);
    if (before !== undefined && edges.includes(before)) edges = edges.slice(0, edges.indexOf(before));
    return edges;
  },
  edgesToReturn(allEdges: readonly number[], given: Arguments): number[] {
    let edges = relay.applyCursorsToEdges(allEdges, given);
    if (given.first !== undefined && edges.length > given.first) edges = edges.slice(0, given.first);
    if (given.last !== undefined && edges.length > given.last) edges = edges.slice(edges.length - given.last);
    return edges;
  },
  hasPreviousPage(allEdges: readonly number[], given: Arguments): boolean {
    if (given.last !== undefined) return relay.applyCursorsToEdges(allEdges, given).length > given.last;
    // "If the server can efficiently determine that elements exist prior to after": the edge that it names.
    return given.after !== undefined;
  },
  hasNextPage(allEdges: readonly number[], given: Arguments): boolean {
    if (given.first !== undefined) return relay.applyCursorsToEdges(allEdges, given).length > given.first;
    return given.before !== undefined;
  },
};

test('pages are those of the Relay specification, for every mix of first, after, last and before', () => {
  const count = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      count,
      count,
      fc.nat(),
      fc.nat(),
      (size, first, last, a, b) => {
        const edges = Array.from({ length: size }, (_, index) => index);
        // Of each cursor also: none. `after` comes before `before`, as in a connection that is read in one direction.
        const after = a % (size + 1) === size ? undefined : a % (size + 1);
        const rest = edges.filter(edge => after === undefined || edge > after);
        const before = b % (rest.length + 1) === rest.length ? undefined : rest[b % (rest.length + 1)];
        const given = { first, last, after, before };
        const range = edges.filter(edge => edge > (after ?? -1) && edge < (before ?? size));
        const page = pageOf(range, {
          first,
          last,
          hasEarlier: after !== undefined,
          hasLater: before !== undefined,
        });
        assert.deepEqual(page, {
          edges: relay.edgesToReturn(edges, given),
          hasPreviousPage: relay.hasPreviousPage(edges, given),
          hasNextPage: relay.hasNextPage(edges, given),
        });
      },
    ),
    { numRuns: 5_000 },
  );
});
