/**
 * Members of a frame, checked: whatever later relies on a value relies on what is said here. A member that is missing
 * and one that is null are the same: absent.
 */
import { type DecimalText, toDecimalText } from '../lib/decimal-text.ts';
import { isObject, type LosslessJson, type LosslessObject } from '../lib/lossless-json.ts';
import type { SkippedRow } from './messages.ts';
import { type Asset, isAssetName, isPairName, type PairSymbol } from './symbols.ts';
import { isTimestamp } from './timestamp.ts';

/** A member is missing, of the wrong type, or out of range. Never leaves the decoder. */
export class InvalidMember extends Error {}

/** Longer words are not Kraken's. */
const LONGEST_WORD = 64;
const WORD = /^[\x20-\x7e]*$/;
const INTEGER = /^(0|[1-9]\d{0,15})$/;

/** The rows that are understood. A row that is not costs itself, and is named in `skipped`. */
export function readRows<Row>(
  values: readonly LosslessJson[],
  read: (row: LosslessObject) => Row,
  skipped: SkippedRow[],
): Row[] {
  const rows: Row[] = [];
  for (const value of values) {
    try {
      if (!isObject(value)) throw new InvalidMember('a row is not an object');
      rows.push(read(value));
    } catch (error) {
      if (!(error instanceof InvalidMember)) throw error;
      skipped.push({ name: nameOf(value), problem: error.message });
    }
  }
  return rows;
}

/** What a row is about, if it says so. */
function nameOf(value: LosslessJson): string | undefined {
  if (!isObject(value)) return undefined;
  const name = value['symbol'] ?? value['asset'] ?? value['id'];
  return typeof name === 'string' && (isPairName(name) || isAssetName(name)) ? name : undefined;
}

export function list(object: LosslessObject, member: string): readonly LosslessJson[] {
  const value = object[member];
  if (Array.isArray(value)) return value;
  throw new InvalidMember(`${member} is not an array`);
}

export function optionalList(object: LosslessObject, member: string): readonly LosslessJson[] {
  const value = object[member];
  return value === undefined || value === null ? [] : list(object, member);
}

/** Parts of a row: one that is wrong makes the row wrong. */
export function parts<Part>(
  object: LosslessObject,
  member: string,
  read: (part: LosslessObject) => Part,
): readonly Part[] {
  return optionalList(object, member).map(value => {
    if (isObject(value)) return read(value);
    throw new InvalidMember(`${member} holds more than objects`);
  });
}

function string(object: LosslessObject, member: string): string {
  const value = object[member];
  if (typeof value === 'string') return value;
  throw new InvalidMember(`${member} is not a string`);
}

export function optionalString(object: LosslessObject, member: string): string | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : string(object, member);
}

/** A name or a state: short, and without anything that could not be printed. */
export function word(object: LosslessObject, member: string): string {
  const value = string(object, member);
  if (value.length <= LONGEST_WORD && WORD.test(value)) return value;
  throw new InvalidMember(`${member} is not a word`);
}

export function optionalWord(object: LosslessObject, member: string): string | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : word(object, member);
}

export function pairSymbol(object: LosslessObject, member: string): PairSymbol {
  const value = string(object, member);
  if (isPairName(value)) return value;
  throw new InvalidMember(`${member} is not the name of a pair`);
}

export function asset(object: LosslessObject, member: string): Asset {
  const value = string(object, member);
  if (isAssetName(value)) return value;
  throw new InvalidMember(`${member} is not the name of an asset`);
}

export function oneOf<Word extends string>(
  object: LosslessObject,
  member: string,
  words: readonly Word[],
): Word {
  const found = words.find(one => one === object[member]);
  if (found !== undefined) return found;
  throw new InvalidMember(`${member} is none of ${words.join(', ')}`);
}

/** Of either sign. */
export function decimal(object: LosslessObject, member: string): DecimalText {
  const value = object[member];
  const text = typeof value === 'string' ? toDecimalText(value) : undefined;
  if (text !== undefined) return text;
  throw new InvalidMember(`${member} is not a decimal number of a sane length`);
}

/** A price or a quantity. */
export function amount(object: LosslessObject, member: string): DecimalText {
  const text = decimal(object, member);
  if (!text.startsWith('-')) return text;
  throw new InvalidMember(`${member} is negative`);
}

export function optionalAmount(object: LosslessObject, member: string): DecimalText | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : amount(object, member);
}

export function optionalBoolean(object: LosslessObject, member: string): boolean | undefined {
  const value = object[member];
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  throw new InvalidMember(`${member} is neither true nor false`);
}

/** Plain digits, from `least` to `most`. */
export function integer(
  object: LosslessObject,
  member: string,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = object[member];
  const number = typeof value === 'string' && INTEGER.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new InvalidMember(`${member} is not an integer from ${least} to ${most}`);
}

export function optionalInteger(
  object: LosslessObject,
  member: string,
  least?: number,
  most?: number,
): number | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : integer(object, member, least, most);
}

export function timestamp(object: LosslessObject, member: string): string {
  const value = object[member];
  if (typeof value === 'string' && isTimestamp(value)) return value;
  throw new InvalidMember(`${member} is not a time in UTC from 2009 to 2100`);
}

export function optionalTimestamp(object: LosslessObject, member: string): string | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : timestamp(object, member);
}
