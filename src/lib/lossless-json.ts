/**
 * JSON in which a number is the text of its token, so that `3156.84782110` keeps its last zero and a 20-digit
 * id keeps its last digit. A string and a number are both strings afterwards: a reader asks for the digits of
 * a member and does not care how they were quoted.
 */
export type LosslessJson = string | boolean | null | LosslessJson[] | LosslessObject;
export interface LosslessObject {
  readonly [member: string]: LosslessJson | undefined;
}

export function isObject(value: LosslessJson | undefined): value is LosslessObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text is not JSON; `at` is the index of the character where that became clear. */
export class JsonSyntaxError extends Error {
  readonly at: number;

  constructor(what: string, at: number) {
    super(`${what} at ${at}`);
    this.name = 'JsonSyntaxError';
    this.at = at;
  }
}

/** Deeper nesting than any feed uses; bounds the recursion. */
const MAX_DEPTH = 32;

const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const UPPER_E = 69;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const UNDERSCORE = 95;
const LOWER_E = 101;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

// One scan at a time: parsing is synchronous and never re-entered, and module variables are what V8 keeps in
// registers best (measured against a scanner object, see docs/adr/0001-number-decoding.md).
let source = '';
let position = 0;

/**
 * Parses one JSON document.
 *
 * @throws {JsonSyntaxError} when the text is not JSON or nests deeper than 32 levels
 */
export function parseLossless(text: string): LosslessJson {
  source = text;
  position = 0;
  const value = readValue(0);
  skipSpace();
  if (position < source.length) throw new JsonSyntaxError('text after the document', position);
  return value;
}

function readValue(depth: number): LosslessJson {
  const code = skipSpace();
  switch (code) {
    case QUOTE:
      return readString();
    case OPEN_BRACE:
      return readObject(depth + 1);
    case OPEN_BRACKET:
      return readArray(depth + 1);
    default:
      if (code === MINUS || (code >= ZERO && code <= NINE)) return readNumber();
      return readWord();
  }
}

function readObject(depth: number): LosslessObject {
  if (depth > MAX_DEPTH) throw new JsonSyntaxError('nesting too deep', position);
  const object: Record<string, LosslessJson> = {};
  position += 1;
  if (skipSpace() === CLOSE_BRACE) {
    position += 1;
    return object;
  }
  for (;;) {
    if (skipSpace() !== QUOTE) throw new JsonSyntaxError('member name expected', position);
    const name = readString();
    if (skipSpace() !== COLON) throw new JsonSyntaxError('colon expected', position);
    position += 1;
    const value = readValue(depth);
    // Assigning `__proto__` would set the prototype instead of a member.
    if (name.charCodeAt(0) === UNDERSCORE && name === '__proto__') {
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
    } else {
      object[name] = value;
    }
    const next = skipSpace();
    position += 1;
    if (next === CLOSE_BRACE) return object;
    if (next !== COMMA) throw new JsonSyntaxError('comma or closing brace expected', position - 1);
  }
}

function readArray(depth: number): LosslessJson[] {
  if (depth > MAX_DEPTH) throw new JsonSyntaxError('nesting too deep', position);
  const array: LosslessJson[] = [];
  position += 1;
  if (skipSpace() === CLOSE_BRACKET) {
    position += 1;
    return array;
  }
  for (;;) {
    array.push(readValue(depth));
    const next = skipSpace();
    position += 1;
    if (next === CLOSE_BRACKET) return array;
    if (next !== COMMA) throw new JsonSyntaxError('comma or closing bracket expected', position - 1);
  }
}

function readString(): string {
  const start = position + 1;
  for (let index = start; index < source.length; index += 1) {
    const code = source.charCodeAt(index);
    if (code === QUOTE) {
      position = index + 1;
      return source.slice(start, index);
    }
    if (code === BACKSLASH) return readEscapedString(start, index);
    if (code < 32) throw new JsonSyntaxError('control character in a string', index);
  }
  throw new JsonSyntaxError('unterminated string', source.length);
}

/** The rare string with an escape: find its end, and let the built-in parser resolve the escapes. */
function readEscapedString(start: number, firstEscape: number): string {
  let index = firstEscape;
  while (index < source.length && source.charCodeAt(index) !== QUOTE) {
    index += source.charCodeAt(index) === BACKSLASH ? 2 : 1;
  }
  position = index + 1;
  try {
    return JSON.parse(source.slice(start - 1, position)) as string;
  } catch {
    throw new JsonSyntaxError('malformed string', firstEscape);
  }
}

function readNumber(): string {
  const start = position;
  let index = position;
  if (source.charCodeAt(index) === MINUS) index += 1;
  const whole = index;
  index = skipDigits(index);
  // JSON writes no leading zeros: 0, 0.5 and -0 are numbers, 00 and 01 are not.
  if (index - whole > 1 && source.charCodeAt(whole) === ZERO)
    throw new JsonSyntaxError('leading zero', whole);
  if (source.charCodeAt(index) === DOT) index = skipDigits(index + 1);
  const exponent = source.charCodeAt(index);
  if (exponent === LOWER_E || exponent === UPPER_E) {
    const sign = source.charCodeAt(index + 1);
    index = skipDigits(sign === PLUS || sign === MINUS ? index + 2 : index + 1);
  }
  position = index;
  return source.slice(start, index);
}

function skipDigits(from: number): number {
  let index = from;
  for (;;) {
    const code = source.charCodeAt(index);
    if (!(code >= ZERO && code <= NINE)) break;
    index += 1;
  }
  if (index === from) throw new JsonSyntaxError('digit expected', from);
  return index;
}

function readWord(): boolean | null {
  if (source.startsWith('true', position)) {
    position += 4;
    return true;
  }
  if (source.startsWith('false', position)) {
    position += 5;
    return false;
  }
  if (source.startsWith('null', position)) {
    position += 4;
    return null;
  }
  throw new JsonSyntaxError('value expected', position);
}

/** Moves to the next character that is not white space and returns its code; NaN at the end. */
function skipSpace(): number {
  let code = source.charCodeAt(position);
  while (code === 32 || code === 10 || code === 13 || code === 9) {
    position += 1;
    code = source.charCodeAt(position);
  }
  return code;
}
