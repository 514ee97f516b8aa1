import SchemaBuilder from '@pothos/core';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { Decimal, DecimalText } from '../lib/decimal-text.ts';
import type { Context } from './context.ts';

/** What the schema's types are in TypeScript. */
export interface SchemaTypes {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    Decimal: { Input: DecimalText; Output: DecimalText | Decimal };
    /** Text as the exchange sent it, or wall-clock milliseconds of our own. */
    DateTime: { Input: string; Output: string | number };
    SafeInt: { Input: number; Output: number };
    Symbol: { Input: PairSymbol; Output: PairSymbol };
  };
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({ defaultFieldNullability: false });
  builder.queryType({});
  builder.subscriptionType({
    description:
      'Every subscription answers at once with what is cached, then with each change. maxRate bounds how many values a second each symbol may deliver: the latest value wins in between.',
  });
  return builder;
}
