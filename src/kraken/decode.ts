import {
  isObject,
  JsonSyntaxError,
  type LosslessJson,
  type LosslessObject,
  parseLossless,
} from '../lib/lossless-json.ts';
import { advisoriesOf, emergencyRow, maintenanceRow } from './advisories.ts';
import {
  InvalidMember,
  integer,
  list,
  optionalInteger,
  optionalList,
  optionalString,
  optionalWord,
  readRows,
  word,
} from './members.ts';
import type { KrakenMessage, SkippedRow } from './messages.ts';
import { assetRow, balanceRow, bookRow, ledgerRow, ohlcRow, pairRow, tickerRow, tradeRow } from './rows.ts';
import type { PairSymbol } from './symbols.ts';
import { readUsual } from './usual-frame.ts';

/** A frame that could not be understood. Counted and logged; never ends a connection. */
export interface ProtocolError {
  readonly kind: 'protocolError';
  readonly code: 'NOT_JSON' | 'UNKNOWN_MESSAGE' | 'UNKNOWN_CHANNEL' | 'INVALID_MEMBER';
  /** The channel that the frame names, where it names one. */
  readonly channel: string | undefined;
  readonly detail: string;
}

/**
 * Turns the text of one frame into a typed message. Numbers keep their digits, unknown members are ignored, a row that
 * makes no sense is left out and named, and nothing is thrown whatever the text.
 */
export function decode(text: string): KrakenMessage | ProtocolError {
  return readUsual(text) ?? decodeAny(text);
}

/** The same, of whatever form. */
export function decodeAny(text: string): KrakenMessage | ProtocolError {
  let channel: string | undefined;
  try {
    const frame = parseLossless(text);
    if (!isObject(frame)) return problem('UNKNOWN_MESSAGE', undefined, 'the frame is not an object');
    channel = channelOf(frame);
    if (typeof frame['method'] === 'string') return decodeResponse(frame, frame['method']);
    if (channel !== undefined) return decodeChannel(frame, channel);
    const error = frame['Error'] ?? frame['error'];
    if (typeof error === 'string') return { kind: 'rateLimited', error: error.slice(0, LONGEST_ERROR) };
    return problem('UNKNOWN_MESSAGE', undefined, 'neither channel nor method');
  } catch (error) {
    if (error instanceof InvalidMember) return problem('INVALID_MEMBER', channel, error.message);
    if (error instanceof JsonSyntaxError) return problem('NOT_JSON', undefined, error.message);
    throw error;
  }
}

/** Longer names of channels, and stranger ones, are not counted by name. */
const CHANNEL = /^[a-z0-9_]{1,32}$/;

function channelOf(frame: LosslessObject): string | undefined {
  const channel = optionalString(frame, 'channel');
  if (channel === undefined || CHANNEL.test(channel)) return channel;
  throw new InvalidMember('channel is not a name');
}

/** Kraken's words are a line; a page would fill the log. */
const LONGEST_ERROR = 500;

function problem(code: ProtocolError['code'], channel: string | undefined, detail: string): ProtocolError {
  return { kind: 'protocolError', code, channel, detail };
}

function decodeChannel(frame: LosslessObject, channel: string): KrakenMessage | ProtocolError {
  switch (channel) {
    case 'ticker':
      return { kind: 'ticker', type: updateType(frame), ...dataOf(frame, tickerRow) };
    case 'book':
      return { kind: 'book', type: updateType(frame), ...dataOf(frame, bookRow) };
    case 'trade':
      return { kind: 'trade', type: updateType(frame), ...dataOf(frame, tradeRow) };
    case 'ohlc':
      return { kind: 'ohlc', type: updateType(frame), ...dataOf(frame, ohlcRow) };
    case 'balances':
      return balancesMessage(frame);
    case 'executions': {
      const sequence = integer(frame, 'sequence');
      // What the rows say is not needed: that there are some is.
      const { data, skipped } = dataOf(frame, row => row);
      return { kind: 'executions', type: updateType(frame), rows: data.length, sequence, skipped };
    }
    case 'heartbeat':
      return { kind: 'heartbeat' };
    case 'status':
      return statusMessage(frame);
    case 'instrument':
      return instrumentMessage(frame);
    default:
      return problem('UNKNOWN_CHANNEL', channel, 'no such channel is known here');
  }
}

function dataOf<Row>(
  frame: LosslessObject,
  read: (row: LosslessObject) => Row,
): { readonly data: readonly Row[]; readonly skipped: readonly SkippedRow[] } {
  const skipped: SkippedRow[] = [];
  return { data: readRows(list(frame, 'data'), read, skipped), skipped };
}

function decodeResponse(frame: LosslessObject, method: string): KrakenMessage {
  const req_id = optionalInteger(frame, 'req_id');
  if (method === 'pong') {
    const time_in = optionalString(frame, 'time_in');
    return { kind: 'pong', req_id, time_in, time_out: optionalString(frame, 'time_out') };
  }
  if (frame['success'] !== true) {
    const error = optionalString(frame, 'error')?.slice(0, LONGEST_ERROR) ?? 'no reason given';
    return { kind: 'refused', method, req_id, error, symbol: optionalString(frame, 'symbol') as PairSymbol };
  }
  const result = isObject(frame['result']) ? frame['result'] : {};
  const warnings = Array.isArray(result['warnings']) ? result['warnings'].filter(isString) : [];
  return {
    kind: 'acknowledged',
    method,
    req_id,
    channel: optionalString(result, 'channel'),
    symbol: optionalString(result, 'symbol') as PairSymbol | undefined,
    warnings,
  };
}

function statusMessage(frame: LosslessObject): KrakenMessage {
  const [row] = list(frame, 'data');
  if (!isObject(row)) throw new InvalidMember('data holds no object');
  const version = optionalWord(row, 'version');
  const connection_id = optionalWord(row, 'connection_id');
  const skipped: SkippedRow[] = [];
  const maintenance = advisoriesOf(row['upcoming_maintenance'], maintenanceRow, skipped);
  const emergencies = advisoriesOf(row['emergency'], emergencyRow, skipped);
  return {
    kind: 'status',
    system: word(row, 'system'),
    ...(maintenance !== undefined && { maintenance }),
    ...(emergencies !== undefined && { emergencies }),
    skipped,
    ...(version !== undefined && { version }),
    ...(connection_id !== undefined && { connection_id }),
  };
}

function instrumentMessage(frame: LosslessObject): KrakenMessage {
  const { data } = frame;
  if (!isObject(data)) throw new InvalidMember('data is not an object');
  const type = updateType(frame);
  const skipped: SkippedRow[] = [];
  const assets = readRows(optionalList(data, 'assets'), assetRow, skipped);
  const pairs = readRows(optionalList(data, 'pairs'), pairRow, skipped);
  // A list of nothing would make every pair unknown.
  if (type === 'snapshot' && pairs.length === 0) throw new InvalidMember('pairs is empty');
  return { kind: 'instrument', type, assets, pairs, skipped };
}

function balancesMessage(frame: LosslessObject): KrakenMessage {
  const sequence = integer(frame, 'sequence');
  const type = updateType(frame);
  return type === 'snapshot'
    ? { kind: 'balances', type, ...dataOf(frame, balanceRow), sequence }
    : { kind: 'balances', type, ...dataOf(frame, ledgerRow), sequence };
}

function isString(value: LosslessJson): value is string {
  return typeof value === 'string';
}

function updateType(frame: LosslessObject): 'snapshot' | 'update' {
  const { type } = frame;
  if (type === 'snapshot' || type === 'update') return type;
  throw new InvalidMember('type is neither snapshot nor update');
}
