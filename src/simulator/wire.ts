/**
 * Writes JSON as the exchange does: decimals as bare numbers with all their fixed digits. On its own on
 * purpose: it shares nothing with the code that reads it.
 */

/** A number token that is written as it is. */
export class Raw {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

/** `units` of the last digit as a number with `digits` after the point: `fixed(-5, 2)` is `-0.05`. */
export function fixed(units: number, digits: number): Raw {
  const whole = Math.round(units);
  const text = String(Math.abs(whole)).padStart(digits + 1, '0');
  const split = text.length - digits;
  const plain = digits === 0 ? text : `${text.slice(0, split)}.${text.slice(split)}`;
  return new Raw(whole < 0 ? `-${plain}` : plain);
}

export function write(value: unknown): string {
  if (value instanceof Raw) return value.token;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Now, or a given time, as the gateway writes it: UTC with six digits. */
export function microseconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

/** The same with nine digits. */
export function nanoseconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000000Z');
}
