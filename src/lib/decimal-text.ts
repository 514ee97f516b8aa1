import { Decimal as BaseDecimal } from 'decimal.js';

/**
 * An exact decimal in plain notation, as text: `-0.51`, `3156.84782110`. Carries the digits that were sent,
 * trailing zeros included, and is never in exponent form. Made only by {@link toDecimalText}.
 */
export type DecimalText = string & { readonly __decimalText: never };

/** Longest plain notation that is accepted: no market speaks in more digits, and `1e999999` must not become text. */
const MAX_LENGTH = 128;

/** decimal.js with enough digits that sums, differences and halves of wire values are exact. */
export const Decimal = BaseDecimal.clone({ precision: 2 * MAX_LENGTH });
export type Decimal = BaseDecimal;

const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const EXPONENT_FORM = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/;

/**
 * Takes a number as written (a JSON number token, or a string that holds one) and returns it in plain
 * notation. Text that is plain already is returned as it is, digit for digit.
 *
 * @returns undefined when the text is no decimal number, or is longer than 128 characters in plain notation
 */
export function toDecimalText(text: string): DecimalText | undefined {
  if (isPlain(text)) return text.length <= MAX_LENGTH ? (text as DecimalText) : undefined;
  const match = EXPONENT_FORM.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_LENGTH) return undefined;
  const plain = sign + shiftPoint(whole, fraction, exponent);
  return plain.length <= MAX_LENGTH ? (plain as DecimalText) : undefined;
}

/**
 * The same number with this many digits after the point: zeros are added, or left out at the end. A digit that is
 * not zero is never left out.
 */
export function withDigits(text: DecimalText, digits: number): DecimalText {
  const [whole = '', fraction = ''] = text.split('.');
  const kept = fraction.slice(digits).replace(/0+$/, '');
  const wanted =
    kept === '' ? fraction.slice(0, digits).padEnd(digits, '0') : fraction.slice(0, digits) + kept;
  return (wanted === '' ? whole : `${whole}.${wanted}`) as DecimalText;
}

/** Whether the number is zero, whatever its sign and number of digits. */
export function isZero(text: DecimalText): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > ZERO && code <= NINE) return false;
  }
  return true;
}

/** Below 0 when `a` is less than `b`, 0 when they are the same number, however many digits each has. */
export function compareDecimals(a: DecimalText, b: DecimalText): number {
  return new Decimal(a).comparedTo(b);
}

/** The number with the other sign. */
export function negated(text: DecimalText): DecimalText {
  return (text.startsWith('-') ? text.slice(1) : `-${text}`) as DecimalText;
}

/** An exact sum with as many digits after the point as the longest of its parts: one part keeps its own. */
export function sum(parts: readonly DecimalText[]): DecimalText {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const digits = Math.max(0, ...parts.map(part => part.split('.')[1]?.length ?? 0));
  return parts.reduce((total, part) => total.plus(part), new Decimal(0)).toFixed(digits) as DecimalText;
}

/** A computed decimal as text, in plain notation whatever its size. */
export function decimalToText(value: Decimal): DecimalText {
  return value.toFixed() as DecimalText;
}

function isPlain(text: string): boolean {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let digits = 0;
  let point = -1;
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ZERO && code <= NINE) digits += 1;
    else if (code === DOT && point < 0 && index > start) point = index;
    else return false;
  }
  return digits > 0 && point !== text.length - 1;
}

function shiftPoint(whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return digits.replace(/^0+(?=\d)/, '') + '0'.repeat(point - digits.length);
  return `${digits.slice(0, point).replace(/^0+(?=\d)/, '')}.${digits.slice(point)}`;
}
