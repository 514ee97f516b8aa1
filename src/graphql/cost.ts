/** How many items a list has: so many, as many as the field above was asked for, or what an argument says. */
export type Items = number | 'page' | ArgumentSize;

/** The value of an integer argument, or the length of a list: the largest of those given, or `otherwise`. */
export interface ArgumentSize {
  readonly of: readonly string[];
  readonly otherwise: number;
}

/**
 * What a field costs, declared where the field is. `server/limits.ts` adds it up before an operation is executed; a field
 * that declares nothing costs one unit and returns one value.
 */
export interface FieldCost {
  /** Items of its list. Every field with a list declares it: a test sees to that. */
  readonly items?: Items;
  /** Items of the lists below it that say `page`. */
  readonly page?: ArgumentSize;
  /** Units that an item takes, times the fields that are selected of it. Default 0.1: rows that are read from memory. */
  readonly weight?: number;
  /** Values that a subscription delivers one by one: they cost alike, and each is a result of its own. */
  readonly each?: ArgumentSize;
  /** Units that it costs besides, when this argument is given. */
  readonly extra?: { readonly argument: string; readonly units: number };
}

const KEY = 'cost';

/** Spread into the options of a field: `t.field({ ...costs({ items: 32 }), ... })`. */
export function costs(cost: FieldCost): { readonly extensions: Readonly<Record<string, unknown>> } {
  return { extensions: { [KEY]: cost } };
}

const UNIT: FieldCost = {};

/** What was declared of a field. */
export function costOf(field: { readonly extensions: Readonly<Record<string, unknown>> }): FieldCost {
  return (field.extensions[KEY] as FieldCost | undefined) ?? UNIT;
}
