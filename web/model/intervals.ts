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

const SECONDS = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** Seconds that a candle takes. */
export function secondsOf(name: IntervalName): number {
  return Number.parseInt(name, 10) * SECONDS[name.at(-1) as keyof typeof SECONDS];
}

export type IntervalName = keyof typeof INTERVALS;

export function isInterval(name: string | null): name is IntervalName {
  return name !== null && Object.hasOwn(INTERVALS, name);
}
