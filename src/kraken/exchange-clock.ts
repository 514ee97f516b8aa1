import type { Cancel, Clock } from '../lib/clock.ts';
import { Ring } from '../lib/ring.ts';

/** One round trip to the exchange. */
interface Sample {
  /** The exchange's wall clock minus this machine's monotonic clock, milliseconds. */
  readonly offsetMs: number;
  /** Time on the way, both directions: the offset is wrong by half of it at most. */
  readonly roundTripMs: number;
  readonly atMs: number;
}

/** Samples that are compared: the one with the shortest way counts, as in NTP. */
const SAMPLES = 8;
/** Older ones no longer count: clocks drift. */
const SAMPLE_LIFE_MS = 600_000;

/**
 * This machine's clock, set to the exchange's. Candles close, ages count and lag is measured by the time at the exchange,
 * however wrong the clock of this machine is, and whether or not someone changes it while the server runs: between two round
 * trips only the monotonic clock is read.
 *
 * Before the first round trip it tells what this machine's clock says.
 */
export class ExchangeClock implements Clock {
  readonly #clock: Clock;
  readonly #samples = new Ring<Sample>(SAMPLES);
  #offsetMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wall-clock time at the exchange, milliseconds since the Unix epoch. */
  now(): number {
    if (this.#offsetMs === undefined) return this.#clock.now();
    return Math.round(this.#clock.monotonicMs() + this.#offsetMs);
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  random(): number {
    return this.#clock.random();
  }

  after(delayMs: number, callback: () => void): Cancel {
    return this.#clock.after(delayMs, callback);
  }

  endOfTurn(callback: () => void): void {
    this.#clock.endOfTurn(callback);
  }

  /** How far this machine's clock is ahead of the exchange's, milliseconds; undefined before the first round trip. */
  get skewMs(): number | undefined {
    return this.#offsetMs === undefined ? undefined : this.#clock.now() - this.now();
  }

  /**
   * A request was answered.
   *
   * @param sentMs monotonic
   * @param receivedMs monotonic
   * @param timeIn when the exchange received it, by its own clock, RFC 3339
   * @param timeOut when it answered
   */
  roundTrip(
    sentMs: number,
    receivedMs: number,
    timeIn: string | undefined,
    timeOut: string | undefined,
  ): void {
    const inMs = Date.parse(timeIn ?? '');
    const outMs = Date.parse(timeOut ?? '');
    const roundTripMs = receivedMs - sentMs - (outMs - inMs);
    if (!(roundTripMs >= 0)) return;
    const offsetMs = (inMs + outMs - sentMs - receivedMs) / 2;
    this.#samples.push({ offsetMs, roundTripMs, atMs: receivedMs });
    const recent = this.#samples.last(SAMPLES).filter(({ atMs }) => receivedMs - atMs <= SAMPLE_LIFE_MS);
    const best = recent.reduce((a, b) => (b.roundTripMs <= a.roundTripMs ? b : a));
    this.#offsetMs = best.offsetMs;
  }
}
