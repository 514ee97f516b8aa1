import { span } from '../lib/format.ts';
import type { Trust } from '../model/trust.ts';

interface BadgeProps {
  readonly trust: Trust;
  /** Whether those who do not see it are told when it changes. */
  readonly announced?: boolean;
}

/** Whether what stands beside it is live; if not, why, and how old it is. */
export function Badge({ trust, announced = false }: BadgeProps) {
  const { cause, live, label, ageMs } = trust;
  return (
    <span class={live && cause !== 'HALTED' ? 'badge live' : 'badge'}>
      <span class="dot" aria-hidden="true" />
      <span role={announced ? 'status' : undefined}>{label}</span>
      {!live && ageMs !== undefined && ageMs >= 1_000 && <span class="age"> · {span(ageMs)} old</span>}
    </span>
  );
}
