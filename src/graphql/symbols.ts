/** Arguments that name pairs, as every field takes them. */
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';

export const SYMBOL_ARGUMENT = {
  type: 'Symbol',
  required: true,
  description: 'The pair, in any spelling.',
} as const;

export const SYMBOLS_ARGUMENT = {
  type: ['Symbol'],
  required: true,
  description: 'The pairs, in any spelling, at least one.',
} as const satisfies { type: ['Symbol']; required: true; description: string };

/** What a field costs for each pair that it names. */
export const SYMBOLS = { of: ['symbols'], otherwise: 1 } as const;

export const MAX_RATE_ARGUMENT = {
  description: 'At most this many values a second for each pair; no limit if null.',
} as const;

export const DEPTH_ARGUMENT = {
  required: true,
  defaultValue: 10,
  description: 'Levels a side, 1 to 1000.',
} as const;

/** Each pair once, in the order named. */
export function distinct(symbols: readonly PairSymbol[]): readonly PairSymbol[] {
  if (symbols.length === 0) throw new CodedError('BAD_USER_INPUT', 'symbols names at least one pair');
  return [...new Set(symbols)];
}
