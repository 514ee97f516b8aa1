import type { DecimalText } from '../lib/decimal-text.ts';
import type { Asset, PairSymbol } from './symbols.ts';

/** The same as a user may write it down: with plain strings for pairs, assets and numbers. */
export type Plain<Value> = Value extends PairSymbol | Asset | DecimalText
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: Plain<Value[Key]> }
    : Value;
