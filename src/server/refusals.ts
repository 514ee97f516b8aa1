import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Cap } from './connection-caps.ts';

/** One line in this time of each cap says that connections are refused. */
const TOLD_EVERY_MS = 60_000;

/** What was configured for a cap, and what is allowed where that is less. */
export interface NamedCap {
  readonly variable: string;
  readonly value: number;
  readonly allowed: number;
}

/** Says in the log that connections are refused and by which variable: the first time, and while it lasts once a minute. */
export function createRefusalLog(
  caps: Readonly<Record<Cap, NamedCap>>,
  logger: Logger,
  clock: Clock,
): (cap: Cap) => void {
  const told = new Map<Cap, { readonly atMs: number; refused: number }>();
  return cap => {
    const last = told.get(cap);
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < TOLD_EVERY_MS) {
      last.refused += 1;
      return;
    }
    told.set(cap, { atMs: nowMs, refused: 0 });
    const since = last !== undefined && last.refused > 0 ? { refusedSince: last.refused } : {};
    logger.warn({ ...caps[cap], ...since }, 'no room for more connections: they are refused with 503');
  };
}
