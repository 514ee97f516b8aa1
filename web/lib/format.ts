const COUNT = new Intl.NumberFormat('en');
const RATE = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A count of things: `1,234,567`. Never a price or a quantity, whose digits are the exchange's. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** Things a second: `0.3`, `12.4`, `1,530`. */
export function perSecond(value: number): string {
  return `${value >= 100 ? COUNT.format(Math.round(value)) : RATE.format(Math.round(value * 10) / 10)}/s`;
}

/** Milliseconds: `0.4 ms`, `12 ms`, `1.2 s`. */
export function milliseconds(value: number): string {
  if (value >= 1_000) return `${RATE.format(Math.round(value / 100) / 10)} s`;
  return value < 10 ? `${RATE.format(Math.round(value * 10) / 10)} ms` : `${Math.round(value)} ms`;
}

const SPANS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A span of time in its two largest units: `42 s`, `3 min 5 s`, `2 d 4 h`. */
export function span(ms: number): string {
  let left = Math.max(0, Math.floor(ms / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of SPANS) {
    const whole = Math.floor(left / seconds);
    left -= whole * seconds;
    if (whole > 0 || (parts.length > 0 && parts.length < 2)) parts.push(`${whole} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.filter(part => !part.startsWith('0 ')).join(' ') || '0 s';
}

/** The same in its largest unit alone, which does not change all the time: `42 s`, `3 min`, `2 d`. */
export function roughSpan(ms: number): string {
  return /^\d+ \w+/.exec(span(ms))?.[0] ?? '';
}

/** Of an RFC 3339 timestamp the time of day, in UTC, to the second. */
export function timeOfDay(timestamp: string): string {
  return timestamp.slice(11, 19);
}
