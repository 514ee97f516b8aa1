const DASH = 45;
const DOT = 46;
const ZERO = 48;
const FIVE = 53;
const NINE = 57;
const COLON = 58;
const UPPER_T = 84;
const UPPER_Z = 90;

/** No exchange of coins is older, and no clock is so wrong. */
const FIRST_YEAR = 2009;
const LAST_YEAR = 2100;
/** Nanoseconds. */
const MOST_FRACTION = 9;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The last minute that was found right, `2026-09-25T17:48:`: nearly every timestamp is of the same one. */
let minute = 'none';

/**
 * Reads `2026-09-25T17:48:26.844359Z`: RFC 3339 in UTC, a date that exists, of a plausible year. By position, because it
 * is done for each frame.
 *
 * @returns the index behind the timestamp that begins at `start`; -1 when there is none
 */
export function endOfTimestamp(text: string, start: number): number {
  let index = start + minute.length;
  if (!text.startsWith(minute, start)) {
    if (!isMinute(text, start)) return -1;
    index = start + 17;
    minute = text.slice(start, index);
  }
  const tens = text.charCodeAt(index);
  const ones = text.charCodeAt(index + 1);
  if (!(tens >= ZERO && tens <= FIVE && ones >= ZERO && ones <= NINE)) return -1;
  index += 2;
  let code = text.charCodeAt(index);
  if (code === DOT) {
    const fraction = index + 1;
    do code = text.charCodeAt(++index);
    while (code >= ZERO && code <= NINE);
    if (index === fraction || index - fraction > MOST_FRACTION) return -1;
  }
  return code === UPPER_Z ? index + 1 : -1;
}

/** Whether `2026-09-25T17:48:` begins here. */
function isMinute(text: string, start: number): boolean {
  const year = twoDigits(text, start) * 100 + twoDigits(text, start + 2);
  const month = twoDigits(text, start + 5);
  const day = twoDigits(text, start + 8);
  // What is no digit makes NaN, and every comparison with that is false.
  return (
    year >= FIRST_YEAR &&
    year <= LAST_YEAR &&
    text.charCodeAt(start + 4) === DASH &&
    month >= 1 &&
    month <= 12 &&
    text.charCodeAt(start + 7) === DASH &&
    day >= 1 &&
    day <= (DAYS[month - 1] ?? 0) &&
    (day < 29 || month !== 2 || isLeap(year)) &&
    text.charCodeAt(start + 10) === UPPER_T &&
    twoDigits(text, start + 11) < 24 &&
    text.charCodeAt(start + 13) === COLON &&
    twoDigits(text, start + 14) < 60 &&
    text.charCodeAt(start + 16) === COLON
  );
}

export function isTimestamp(text: string): boolean {
  return text !== '' && endOfTimestamp(text, 0) === text.length;
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
