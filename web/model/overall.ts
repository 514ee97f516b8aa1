import type { Status } from './feed.ts';
import type { Trust } from './trust.ts';

/** How everything does that the page shows, in a word, and why. */
interface Overall {
  readonly state: 'HEALTHY' | 'WAITING' | 'DEGRADED' | 'DOWN';
  /** undefined while there is nothing to say. */
  readonly reason: string | undefined;
}

/** No better than the worst of what the server says of itself and of the parts that are looked at. */
export function overallOf(
  { health }: Pick<Status, 'health'>,
  parts: readonly (readonly [name: string, trust: Trust])[],
): Overall {
  if (health === 'DOWN') return { state: 'DOWN', reason: undefined };
  const [worst] = parts
    .filter(([, { live }]) => !live)
    .sort(([, a], [, b]) => Number(a.cause === 'PENDING') - Number(b.cause === 'PENDING'));
  if (worst === undefined) return { state: health, reason: undefined };
  const [name, { cause, label }] = worst;
  const reason = `${name}: ${label.toLowerCase()}`;
  if (health === 'HEALTHY' && cause === 'PENDING') return { state: 'WAITING', reason };
  return { state: 'DEGRADED', reason };
}
