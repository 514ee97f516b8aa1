import { readdirSync, readFileSync } from 'node:fs';
import type { ConnectionLimits } from './connection-caps.ts';

/** File descriptors of this process: how many it may have, and how many it has. */
export interface Descriptors {
  readonly limit: number;
  readonly open: number;
}

/** Places in reserve, where there are descriptors enough. */
const RESERVE = 32;
/** Descriptors for what the process opens besides connections of clients: to the exchange, name lookups, files. */
const OWN = 16;

/** undefined where the system does not tell. */
export function descriptors(): Descriptors | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined
      ? undefined
      : { limit: Number(limit), open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}

/** As many connections as are wanted and as there are descriptors for, so that the rest can be refused in words. */
export function fitted(
  wanted: number,
  has: Descriptors | undefined,
): Pick<ConnectionLimits, 'connections' | 'reserve'> & { readonly isCut: boolean } {
  const room = has === undefined ? Number.POSITIVE_INFINITY : has.limit - has.open - OWN;
  if (wanted + RESERVE <= room) return { connections: wanted, reserve: RESERVE, isCut: false };
  const reserve = Math.max(1, Math.min(RESERVE, Math.floor(room / 4)));
  const connections = Math.max(1, Math.min(wanted, room - reserve));
  return { connections, reserve, isCut: connections < wanted };
}
