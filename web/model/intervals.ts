import type { CandleInterval } from '../generated/operations.ts';

/** The intervals as a URL and a button name them. */
export const INTERVALS = {
  '1m': 'ONE_MINUTE',
  '5m': 'FIVE_MINUTES',
  '15m': 'FIFTEEN_MINUTES',
  '30m': 'THIRTY_MINUTES',
  '1h': 'ONE_HOUR',
  '4h': 'FOUR_HOURS',
  '1d': 'ONE_DAY',
  '1w': 'ONE_WEEK',
  '15d': 'FIFTEEN_DAYS',
} as const satisfies Record<string, CandleInterval>;

export type IntervalName = keyof typeof INTERVALS;

export function isInterval(name: string | null): name is IntervalName {
  return name !== null && Object.hasOwn(INTERVALS, name);
}
