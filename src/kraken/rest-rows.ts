/** Rows of REST answers as the messages of the socket that tell the same, in the same digits. */
import { Decimal, type DecimalText, toDecimalText, withDigits } from '../lib/decimal-text.ts';
import { isObject, type LosslessJson, type LosslessObject } from '../lib/lossless-json.ts';
import { InvalidMember } from './members.ts';
import type { CandleMinutes, OhlcRow, PairRow, TradeRow } from './messages.ts';
import { RestError } from './rest-error.ts';
import { beginsCandle } from './rows.ts';
import { type Asset, assetOfRestName, isAssetName, type PairSymbol } from './symbols.ts';
import { isTimestamp } from './timestamp.ts';

/** Digits after the point of the socket's prices and quantities; REST has its own ways. */
export type PairDigits = Pick<PairRow, 'price_precision' | 'qty_precision'>;

/** A page of `GET Trades`. */
export interface TradesPage {
  /** Those that make sense. */
  readonly rows: readonly TradeRow[];
  /** Rows of the page, with those that make none. */
  readonly size: number;
  /** Where the next page begins. */
  readonly last: string;
}

/** `GET Trades` */
export function tradesOf(
  result: LosslessObject,
  symbol: PairSymbol,
  digits: PairDigits | undefined,
): TradesPage {
  const { last } = result;
  if (typeof last !== 'string' || !/^\d{1,20}$/.test(last)) throw malformed('Trades', 'last is missing');
  const rows = rowsOf(result, 'Trades');
  return { rows: understood(rows, row => tradeRow(row, symbol, digits)), size: rows.length, last };
}

const SIDES = new Map<unknown, TradeRow['side']>([
  ['b', 'buy'],
  ['s', 'sell'],
]);
const ORDER_TYPES = new Map<unknown, TradeRow['ord_type']>([
  ['m', 'market'],
  ['l', 'limit'],
]);

/** `["price", "volume", seconds, "b|s", "m|l", "misc", trade_id]` */
function tradeRow(
  row: readonly LosslessJson[],
  symbol: PairSymbol,
  digits: PairDigits | undefined,
): TradeRow {
  const [price, qty, seconds, side, ordType, , id] = row;
  return {
    symbol,
    side: wordOf(SIDES, side),
    price: amount(price, digits?.price_precision),
    qty: amount(qty, digits?.qty_precision),
    ord_type: wordOf(ORDER_TYPES, ordType),
    trade_id: integer(id, 1),
    timestamp: dateTime(seconds, 6),
  };
}

/**
 * `GET OHLC`: oldest first, the last one still forming. Candles without trades are left out, as the socket has none
 * of them.
 */
export function candlesOf(
  result: LosslessObject,
  symbol: PairSymbol,
  interval: CandleMinutes,
  digits: PairDigits | undefined,
): readonly OhlcRow[] {
  const rows = understood(rowsOf(result, 'OHLC'), row => ohlcRow(row, symbol, interval, digits));
  return rows.filter(row => row.trades > 0);
}

/** `[seconds, "open", "high", "low", "close", "vwap", "volume", count]` */
function ohlcRow(
  row: readonly LosslessJson[],
  symbol: PairSymbol,
  interval: CandleMinutes,
  digits: PairDigits | undefined,
): OhlcRow {
  const [seconds, open, high, low, close, vwap, volume, count] = row;
  const price = digits?.price_precision;
  const interval_begin = dateTime(seconds, 9);
  if (!beginsCandle(interval_begin, interval)) throw new InvalidMember('a candle begins at an odd time');
  return {
    symbol,
    open: amount(open, price),
    high: amount(high, price),
    low: amount(low, price),
    close: amount(close, price),
    vwap: amount(vwap, price),
    volume: amount(volume, digits?.qty_precision),
    trades: integer(count, 0),
    interval_begin,
    interval,
  };
}

/** What REST alone tells of a balance. */
export interface Hold {
  /** Held by open orders. */
  readonly held: DecimalText;
  /** Credit that may be used besides the balance; undefined for an account without credit. */
  readonly credit: DecimalText | undefined;
}

/**
 * `POST BalanceEx`: what open orders hold, by the asset's name on the socket; undefined where the entry makes no sense,
 * so that it does not pass for none.
 */
export function holdsOf(result: LosslessObject): ReadonlyMap<Asset, Hold | undefined> {
  const holds = new Map<Asset, Hold | undefined>();
  for (const [name, entry] of Object.entries(result)) {
    const asset = assetOfRestName(name);
    if (!isAssetName(asset)) continue;
    holds.set(asset, isObject(entry) ? holdOf(entry) : undefined);
  }
  return holds;
}

/** What is free is `balance + credit - credit_used - hold_trade`. The members of credit are there for accounts that have some. */
function holdOf(entry: LosslessObject): Hold | undefined {
  try {
    const held = amount(entry['hold_trade'], undefined);
    const [credit, used] = [entry['credit'], entry['credit_used']].map(value => value ?? undefined);
    if (credit === undefined && used === undefined) return { held, credit: undefined };
    const unused = new Decimal(amount(credit ?? '0', undefined)).minus(amount(used ?? '0', undefined));
    return { held, credit: unused.toFixed() as DecimalText };
  } catch (error) {
    if (error instanceof InvalidMember) return undefined;
    throw error;
  }
}

/** `POST GetWebSocketsToken` */
export function tokenOf(result: LosslessObject): string {
  const { token } = result;
  if (typeof token === 'string' && token !== '') return token;
  throw malformed('GetWebSocketsToken', 'token is missing');
}

/** The one member that is no `last`: its name is REST's own name of the pair. */
function rowsOf(result: LosslessObject, method: string): readonly LosslessJson[] {
  const rows = Object.entries(result).find(([name]) => name !== 'last')?.[1];
  if (!Array.isArray(rows)) throw malformed(method, 'rows are missing');
  return rows;
}

/** A row that makes no sense is left out: of trades it is missing then, of candles nobody can tell. */
function understood<Row>(
  rows: readonly LosslessJson[],
  read: (row: readonly LosslessJson[]) => Row,
): readonly Row[] {
  return rows.flatMap(row => {
    if (!Array.isArray(row)) return [];
    try {
      return [read(row)];
    } catch (error) {
      if (error instanceof InvalidMember) return [];
      throw error;
    }
  });
}

function amount(value: LosslessJson | undefined, digits: number | undefined): DecimalText {
  const text = typeof value === 'string' ? toDecimalText(value) : undefined;
  if (text === undefined || text.startsWith('-')) throw new InvalidMember('a number is expected');
  return digits === undefined ? text : withDigits(text, digits);
}

function integer(value: LosslessJson | undefined, least: number): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= Number.MAX_SAFE_INTEGER) return number;
  throw new InvalidMember('an integer is expected');
}

function wordOf<Word>(words: ReadonlyMap<unknown, Word>, value: LosslessJson | undefined): Word {
  const word = words.get(value);
  if (word !== undefined) return word;
  throw new InvalidMember('a letter is not known');
}

/** The end of the year 2100, within which a date can be written. */
const LAST_SECOND = 4_133_980_799;

/** Seconds with any fraction as RFC 3339 with this many digits. */
function dateTime(value: LosslessJson | undefined, digits: number): string {
  const [seconds = '', fraction = ''] = amount(value, undefined).split('.');
  if (!(Number(seconds) <= LAST_SECOND)) throw new InvalidMember('a time is beyond the year 2100');
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  const time = `${whole}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`;
  if (isTimestamp(time)) return time;
  throw new InvalidMember('a time is before the year 2009');
}

function malformed(method: string, what: string): RestError {
  return new RestError(`REST ${method}: ${what}`, true);
}
