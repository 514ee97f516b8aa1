import { milliseconds } from '../lib/format.ts';

interface Lag {
  readonly text: string;
  readonly details: string | undefined;
  /** Whether somebody should look why. */
  readonly alarm: boolean;
}

/** From here on a lag is an alarm, */
const LATE_MS = 2_000;
/** and from here on, when it hardly varies, or in any case, the clocks are more likely to be wrong. */
const STEADY_MS = 5_000;
const ABSURD_MS = 600_000;
/** A difference of two clocks that is worth a word. */
const SKEW_MS = 1_000;
/** A round trip that takes no less than this says something of how long one way takes at least. */
const TELLING_RTT_MS = 20;

/**
 * How late values leave, from the exchange's clock to the server's. Where it can only be the difference of the two clocks,
 * that is said: no value arrives before it was sent, or much faster than a ping.
 *
 * @param rttMs round trip to the exchange
 * @param skewMs by how much the server's clock is ahead of the exchange's, where that is known: the lag is corrected by it
 */
export function lagOf(
  lag: { readonly medianMs: number; readonly p99Ms: number } | null,
  rttMs: number | null,
  skewMs?: number | null,
): Lag {
  if (lag === null) return { text: '–', details: undefined, alarm: false };
  const { medianMs, p99Ms } = lag;
  if (skewMs != null && Math.abs(skewMs) >= SKEW_MS) {
    const side = skewMs > 0 ? 'ahead' : 'behind';
    const details = `the server's clock is ${milliseconds(Math.abs(skewMs))} ${side}; corrected`;
    return { text: milliseconds(medianMs), details, alarm: true };
  }
  const fastest = rttMs !== null && rttMs >= TELLING_RTT_MS ? rttMs / 4 : 0;
  if (medianMs < fastest || medianMs < 0) return differ('the exchange is ahead');
  if (medianMs >= ABSURD_MS) return differ('the exchange is behind');
  const isSteady = medianMs >= STEADY_MS && p99Ms - medianMs < medianMs / 4;
  return {
    text: milliseconds(medianMs),
    details: isSteady ? 'late, or the clocks differ' : `p99 ${milliseconds(p99Ms)}`,
    alarm: p99Ms >= LATE_MS,
  };
}

function differ(details: string): Lag {
  return { text: 'Clocks differ', details, alarm: true };
}
