import { span } from '../lib/format.ts';
import type { Trust } from '../model/freshness.ts';

/** Whether what stands beside it is live; if not, why, and how old it is. */
export function Badge({ trust }: { readonly trust: Trust }) {
  const { live, label, ageMs } = trust;
  return (
    <span class={live ? 'badge live' : 'badge'}>
      <span class="dot" aria-hidden="true" />
      {label}
      {!live && ageMs !== undefined && ageMs >= 1_000 && <span class="age"> · {span(ageMs)} old</span>}
    </span>
  );
}
