/**
 * Reads frames of the busy channels in the very form in which Kraken writes them: these members, in this order, without
 * spaces. That takes a third of what the general way takes, which makes an object of names for every row first. At the
 * first character that is otherwise it gives up, and `decode.ts` reads the frame in the general way.
 */
import type { DecimalText } from '../lib/decimal-text.ts';
import {
  type BookMessage,
  type BookRow,
  type LevelRow,
  NOTHING_SKIPPED,
  type TickerMessage,
  type TickerRow,
  type TradeMessage,
  type TradeRow,
} from './messages.ts';
import { MOST_CHECKSUM } from './rows.ts';
import { endOfPairName, type PairSymbol } from './symbols.ts';
import { endOfTimestamp } from './timestamp.ts';

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const CLOSE_BRACKET = 93;

/** Longer numbers are rare enough for the general way. */
const LONGEST_NUMBER = 32;
/** Integers of so many digits are exact. */
const MOST_DIGITS = 15;

// As in lossless-json.ts: one scan at a time, and module variables are what V8 keeps in registers best. What fails sets
// `usual`, and everything that is read after that does not matter.
let source = '';
let position = 0;
let usual = true;

/** Returns undefined for every frame that is not of these channels, or not in the usual form, or not right. */
export function readUsual(text: string): BookMessage | TradeMessage | TickerMessage | undefined {
  source = text;
  position = 0;
  usual = true;
  const message = readMessage();
  return usual && position === text.length ? message : undefined;
}

function readMessage(): BookMessage | TradeMessage | TickerMessage | undefined {
  if (skip('{"channel":"book","type":"')) {
    return { kind: 'book', type: readType(), data: readRows(bookRow), skipped: NOTHING_SKIPPED };
  }
  if (skip('{"channel":"trade","type":"')) {
    return { kind: 'trade', type: readType(), data: readRows(tradeRow), skipped: NOTHING_SKIPPED };
  }
  if (skip('{"channel":"ticker","type":"')) {
    return { kind: 'ticker', type: readType(), data: readRows(tickerRow), skipped: NOTHING_SKIPPED };
  }
  return undefined;
}

function readType(): 'snapshot' | 'update' {
  if (skip('update","data":[{')) return 'update';
  expect('snapshot","data":[{');
  return 'snapshot';
}

/** From behind the first row's brace to the end of the frame. */
function readRows<Row>(read: () => Row): readonly Row[] {
  const rows = [read()];
  while (usual && skip('},{')) rows.push(read());
  expect('}]}');
  return rows;
}

function bookRow(): BookRow {
  expect('"symbol":"');
  const symbol = readPair();
  expect(',"bids":[');
  const bids = readLevels();
  expect(',"asks":[');
  const asks = readLevels();
  expect(',"checksum":');
  const checksum = readInteger();
  usual &&= checksum <= MOST_CHECKSUM;
  return { symbol, bids, asks, checksum, timestamp: readTimestamp() };
}

function readLevels(): readonly LevelRow[] {
  const levels: LevelRow[] = [];
  if (source.charCodeAt(position) === CLOSE_BRACKET) {
    position += 1;
    return levels;
  }
  do {
    expect('{"price":');
    const price = readAmount();
    expect(',"qty":');
    levels.push({ price, qty: readAmount() });
    expect('}');
  } while (usual && source.charCodeAt(position++) === COMMA);
  usual &&= source.charCodeAt(position - 1) === CLOSE_BRACKET;
  return levels;
}

function tradeRow(): TradeRow {
  expect('"symbol":"');
  const symbol = readPair();
  const side = skip(',"side":"buy","price":') ? 'buy' : 'sell';
  if (side === 'sell') expect(',"side":"sell","price":');
  const price = readAmount();
  expect(',"qty":');
  const qty = readAmount();
  const ord_type = skip(',"ord_type":"limit","trade_id":') ? 'limit' : 'market';
  if (ord_type === 'market') expect(',"ord_type":"market","trade_id":');
  const trade_id = readInteger();
  usual &&= trade_id > 0;
  expect(',"timestamp":"');
  return { symbol, side, price, qty, ord_type, trade_id, timestamp: readTime() };
}

function tickerRow(): TickerRow {
  expect('"symbol":"');
  const symbol = readPair();
  expect(',"bid":');
  const bid = readAmount();
  expect(',"bid_qty":');
  const bid_qty = readAmount();
  expect(',"ask":');
  const ask = readAmount();
  expect(',"ask_qty":');
  const ask_qty = readAmount();
  expect(',"last":');
  const last = readAmount();
  expect(',"volume":');
  const volume = readAmount();
  expect(',"vwap":');
  const vwap = readAmount();
  expect(',"low":');
  const low = readAmount();
  expect(',"high":');
  const high = readAmount();
  expect(',"change":');
  const change = readDecimal();
  expect(',"change_pct":');
  const change_pct = readDecimal();
  const volume_usd = skip(',"volume_usd":') ? readAmount() : undefined;
  const trades = skip(',"trades":') ? readInteger() : undefined;
  return {
    symbol,
    bid,
    bid_qty,
    ask,
    ask_qty,
    last,
    volume,
    volume_usd,
    vwap,
    low,
    high,
    change,
    change_pct,
    trades,
    timestamp: readTimestamp(),
  };
}

function readTimestamp(): string | undefined {
  return skip(',"timestamp":"') ? readTime() : undefined;
}

/** The pair of the last row: most rows are of the same one as the row before. */
let lastPair = '' as PairSymbol;

/** From behind its first quote to behind its last. */
function readPair(): PairSymbol {
  const end = position + lastPair.length;
  if (lastPair !== '' && source.charCodeAt(end) === QUOTE && source.startsWith(lastPair, position)) {
    position = end + 1;
    return lastPair;
  }
  const pair = readQuoted(endOfPairName(source, position)) as PairSymbol;
  if (usual) lastPair = pair;
  return pair;
}

function readTime(): string {
  return readQuoted(endOfTimestamp(source, position));
}

/** @param end where the closing quote has to be; -1 when what is quoted is not right */
function readQuoted(end: number): string {
  usual &&= end >= 0 && source.charCodeAt(end) === QUOTE;
  const start = position;
  position = end + 1;
  return source.slice(start, end);
}

/** A number of either sign in plain notation: what `toDecimalText` leaves as it is. */
function readDecimal(): DecimalText {
  const start = position;
  if (source.charCodeAt(start) === MINUS) position += 1;
  readAmount();
  usual &&= position - start <= LONGEST_NUMBER;
  return source.slice(start, position) as DecimalText;
}

/** One that is not negative. */
function readAmount(): DecimalText {
  const start = position;
  let index = start;
  let code = source.charCodeAt(index);
  while (code >= ZERO && code <= NINE) code = source.charCodeAt(++index);
  usual &&= index > start && (index === start + 1 || source.charCodeAt(start) !== ZERO);
  if (code === DOT) {
    const fraction = index + 1;
    do code = source.charCodeAt(++index);
    while (code >= ZERO && code <= NINE);
    usual &&= index > fraction;
  }
  usual &&= index - start <= LONGEST_NUMBER;
  position = index;
  return source.slice(start, index) as DecimalText;
}

function readInteger(): number {
  const start = position;
  let value = 0;
  let code = source.charCodeAt(position);
  while (code >= ZERO && code <= NINE) {
    value = value * 10 + code - ZERO;
    position += 1;
    code = source.charCodeAt(position);
  }
  const digits = position - start;
  usual &&= digits > 0 && digits <= MOST_DIGITS && (digits === 1 || source.charCodeAt(start) !== ZERO);
  return value;
}

function skip(literal: string): boolean {
  if (!source.startsWith(literal, position)) return false;
  position += literal.length;
  return true;
}

function expect(literal: string): void {
  if (!skip(literal)) usual = false;
}
