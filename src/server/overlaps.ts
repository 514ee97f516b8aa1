import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/**
 * How many pairs of fields and fragments GraphQL compares to find out whether fields of one name can be merged. That takes
 * time in proportion to the square of what a document repeats, so it is counted first: a field that stands a thousand times
 * in a document of 8 KB is a million comparisons.
 *
 * @param max counting stops above it
 */
export function overlapsOf(document: DocumentNode, max: number): number {
  const counter = new OverlapCounter(document, max);
  for (const definition of document.definitions) {
    if ('selectionSet' in definition) counter.merge([definition.selectionSet]);
  }
  return counter.overlaps;
}

/** Fields of one response name at one place. */
interface Merged {
  fields: number;
  readonly sets: SelectionSetNode[];
}

class OverlapCounter {
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #max: number;
  overlaps = 0;

  constructor(document: DocumentNode, max: number) {
    this.#max = max;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#fragments.set(definition.name.value, definition);
      }
    }
    this.overlaps = pairsOf(this.#fragments.size);
  }

  /** Counts what stands at one place, from all the selection sets that are merged there, and below it. */
  merge(sets: readonly SelectionSetNode[]): void {
    const byName = new Map<string, Merged>();
    const spread = new Set<string>();
    for (const set of sets) this.#collect(set, byName, spread);
    for (const { fields, sets } of byName.values()) {
      this.overlaps += pairsOf(fields);
      if (this.overlaps > this.#max) return;
      if (sets.length > 0) this.merge(sets);
    }
  }

  #collect({ selections }: SelectionSetNode, byName: Map<string, Merged>, spread: Set<string>): void {
    // Looking at a selection counts a little too: a fragment may stand at many places.
    this.overlaps += selections.length / SELECTIONS_AN_OVERLAP;
    if (this.overlaps > this.#max) return;
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.#collect(selection.selectionSet, byName, spread);
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        const fragment = this.#fragments.get(name);
        if (fragment === undefined || spread.has(name)) continue;
        spread.add(name);
        this.#collect(fragment.selectionSet, byName, spread);
      } else {
        const name = (selection.alias ?? selection.name).value;
        let merged = byName.get(name);
        if (merged === undefined) {
          merged = { fields: 0, sets: [] };
          byName.set(name, merged);
        }
        merged.fields += 1;
        if (selection.selectionSet !== undefined) merged.sets.push(selection.selectionSet);
      }
    }
  }
}

const SELECTIONS_AN_OVERLAP = 10;

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}
