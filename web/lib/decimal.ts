/** `a - b`, exact, with the places of the finer. */
export function difference(a: string, b: string): string {
  const places = Math.max(placesOf(a), placesOf(b));
  return fromUnits(toUnits(a, places) - toUnits(b, places), places);
}

/** The sums of a list up to and with each of its members, exact, all with the places of the finest. */
export function runningSums(texts: readonly string[]): readonly string[] {
  const places = Math.max(0, ...texts.map(placesOf));
  let sum = 0n;
  return texts.map(text => {
    sum += toUnits(text, places);
    return fromUnits(sum, places);
  });
}

/** A plain decimal, as the exchange writes it, as an integer of its last place. `"1.50"` with 3 places is `1500n`. */
function toUnits(text: string, places: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
}

/** The reverse: `1500n` with 3 places is `"1.500"`. */
function fromUnits(units: bigint, places: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** With at least so many digits after the point: `5` and `5.0` are one price. None is taken away. */
export function padded(text: string, places = 0): string {
  const missing = places - placesOf(text);
  if (missing <= 0) return text;
  return text + (text.includes('.') ? '' : '.') + '0'.repeat(missing);
}

/** Rounded to so many significant digits, and never in front of the point. Zeros at the end stay. */
export function significant(text: string, digits: number): string {
  // What was rounded up to one more digit is rounded once more.
  return rounded(rounded(text, digits), digits);
}

function rounded(text: string, digits: number): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*)\.?(\d*)$/.exec(text) ?? [];
  const leading = whole !== '' ? -whole.length : /^0*/.exec(fraction)?.[0].length;
  if (leading === undefined || leading === fraction.length) return text;
  const places = Math.min(fraction.length, Math.max(0, leading + digits));
  const half = fraction.charAt(places) >= '5' ? 1n : 0n;
  return sign + fromUnits(toUnits(`${whole || '0'}.${fraction}`, places) + half, places);
}

/** Whether every digit is 0: the exchange writes so what there is not. */
export function isZero(text: string): boolean {
  return !/[1-9]/.test(text);
}

/** Cut before every third digit in front of the point: the pieces of `-1234567.89` are `-1`, `234` and `567.89`. */
export function thousands(text: string): readonly string[] {
  const [, sign = '', whole = '', rest = ''] = /^([+−-]?)(\d*)(.*)$/s.exec(text) ?? [];
  if (whole.length <= 3) return [text];
  const pieces: string[] = [];
  for (let end = whole.length; end > 0; end -= 3) pieces.unshift(whole.slice(Math.max(0, end - 3), end));
  pieces[0] = sign + pieces[0];
  pieces[pieces.length - 1] += rest;
  return pieces;
}

/** Digits after the point. */
export function placesOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
