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

/** Digits after the point. */
export function placesOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
