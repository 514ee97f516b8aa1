import { type DecimalText, toDecimalText } from '../lib/decimal-text.ts';
import {
  isObject,
  JsonSyntaxError,
  type LosslessJson,
  type LosslessObject,
  parseLossless,
} from '../lib/lossless-json.ts';
import {
  type AssetRow,
  type BalanceRow,
  type BookRow,
  CANDLE_MINUTES,
  type KrakenMessage,
  type LedgerRow,
  type LevelRow,
  type OhlcRow,
  type PairRow,
  type TickerRow,
  type TradeRow,
  type WalletRow,
} from './messages.ts';
import type { Asset, PairSymbol } from './symbols.ts';
import { readUsual } from './usual-frame.ts';

/** A frame that could not be understood. Counted and logged; never ends a connection. */
export interface ProtocolError {
  readonly kind: 'protocolError';
  readonly code: 'NOT_JSON' | 'UNKNOWN_MESSAGE' | 'UNKNOWN_CHANNEL' | 'INVALID_MEMBER';
  /** The channel that the frame names, where it names one. */
  readonly channel: string | undefined;
  readonly detail: string;
}

/** Thrown inside this file only: a member is missing or of the wrong type. */
class InvalidMember extends Error {}

/**
 * Turns the text of one frame into a typed message. Numbers keep their digits, unknown members are ignored,
 * and nothing is thrown whatever the text.
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
    channel = optionalString(frame, 'channel');
    if (typeof frame['method'] === 'string') return decodeResponse(frame, frame['method']);
    if (channel !== undefined) return decodeChannel(frame, channel);
    const error = frame['Error'] ?? frame['error'];
    if (typeof error === 'string') return { kind: 'rateLimited', error };
    return problem('UNKNOWN_MESSAGE', undefined, 'neither channel nor method');
  } catch (error) {
    if (error instanceof InvalidMember) return problem('INVALID_MEMBER', channel, error.message);
    if (error instanceof JsonSyntaxError) return problem('NOT_JSON', undefined, error.message);
    throw error;
  }
}

function problem(code: ProtocolError['code'], channel: string | undefined, detail: string): ProtocolError {
  return { kind: 'protocolError', code, channel, detail };
}

function decodeChannel(frame: LosslessObject, channel: string): KrakenMessage | ProtocolError {
  switch (channel) {
    case 'ticker':
      return { kind: 'ticker', type: updateType(frame), data: rows(frame).map(tickerRow) };
    case 'book':
      return { kind: 'book', type: updateType(frame), data: rows(frame).map(bookRow) };
    case 'trade':
      return { kind: 'trade', type: updateType(frame), data: rows(frame).map(tradeRow) };
    case 'ohlc':
      return { kind: 'ohlc', type: updateType(frame), data: rows(frame).map(ohlcRow) };
    case 'balances':
      return balancesMessage(frame);
    case 'executions': {
      const sequence = integer(frame, 'sequence');
      return { kind: 'executions', type: updateType(frame), rows: rows(frame).length, sequence };
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

function decodeResponse(frame: LosslessObject, method: string): KrakenMessage {
  const req_id = optionalInteger(frame, 'req_id');
  if (method === 'pong') return { kind: 'pong', req_id };
  if (frame['success'] !== true) {
    const error = optionalString(frame, 'error') ?? 'no reason given';
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
  const [row] = rows(frame);
  if (row === undefined) throw new InvalidMember('data is empty');
  const version = optionalString(row, 'version');
  const connection_id = optionalString(row, 'connection_id');
  return {
    kind: 'status',
    system: string(row, 'system'),
    ...(version !== undefined && { version }),
    ...(connection_id !== undefined && { connection_id }),
  };
}

function instrumentMessage(frame: LosslessObject): KrakenMessage {
  const data = frame['data'];
  if (!isObject(data)) throw new InvalidMember('data is not an object');
  const skipped: string[] = [];
  const understood = <Row>(member: string, read: (row: LosslessObject) => Row): Row[] =>
    optionalRows(data, member).flatMap(row => {
      try {
        return [read(row)];
      } catch (error) {
        if (!(error instanceof InvalidMember)) throw error;
        skipped.push(`${member} ${JSON.stringify(row['symbol'] ?? row['id'])}: ${error.message}`);
        return [];
      }
    });
  const assets = understood('assets', assetRow);
  const pairs = understood('pairs', pairRow);
  return { kind: 'instrument', type: updateType(frame), assets, pairs, skipped };
}

function assetRow(row: LosslessObject): AssetRow {
  return {
    id: string(row, 'id') as Asset,
    status: optionalString(row, 'status'),
    precision: optionalInteger(row, 'precision'),
    class: optionalString(row, 'class'),
  };
}

function pairRow(row: LosslessObject): PairRow {
  return {
    symbol: string(row, 'symbol') as PairSymbol,
    base: string(row, 'base') as Asset,
    quote: string(row, 'quote') as Asset,
    status: string(row, 'status'),
    qty_precision: integer(row, 'qty_precision'),
    qty_increment: decimal(row, 'qty_increment'),
    qty_min: decimal(row, 'qty_min'),
    price_precision: integer(row, 'price_precision'),
    price_increment: decimal(row, 'price_increment'),
    cost_min: optionalDecimal(row, 'cost_min'),
    marginable: row['marginable'] === true,
  };
}

function tickerRow(row: LosslessObject): TickerRow {
  return {
    symbol: string(row, 'symbol') as PairSymbol,
    bid: decimal(row, 'bid'),
    bid_qty: decimal(row, 'bid_qty'),
    ask: decimal(row, 'ask'),
    ask_qty: decimal(row, 'ask_qty'),
    last: optionalDecimal(row, 'last'),
    volume: decimal(row, 'volume'),
    volume_usd: optionalDecimal(row, 'volume_usd'),
    vwap: decimal(row, 'vwap'),
    low: decimal(row, 'low'),
    high: decimal(row, 'high'),
    change: decimal(row, 'change'),
    change_pct: decimal(row, 'change_pct'),
    trades: optionalInteger(row, 'trades'),
    timestamp: optionalString(row, 'timestamp'),
  };
}

function bookRow(row: LosslessObject): BookRow {
  return {
    symbol: string(row, 'symbol') as PairSymbol,
    bids: optionalRows(row, 'bids').map(levelRow),
    asks: optionalRows(row, 'asks').map(levelRow),
    checksum: integer(row, 'checksum'),
    timestamp: optionalString(row, 'timestamp'),
  };
}

function levelRow(row: LosslessObject): LevelRow {
  return { price: decimal(row, 'price'), qty: decimal(row, 'qty') };
}

function tradeRow(row: LosslessObject): TradeRow {
  return {
    symbol: string(row, 'symbol') as PairSymbol,
    side: oneOf(row, 'side', ['buy', 'sell']),
    price: decimal(row, 'price'),
    qty: decimal(row, 'qty'),
    ord_type: oneOf(row, 'ord_type', ['limit', 'market']),
    trade_id: integer(row, 'trade_id'),
    timestamp: string(row, 'timestamp'),
  };
}

function ohlcRow(row: LosslessObject): OhlcRow {
  const minutes = integer(row, 'interval');
  const interval = CANDLE_MINUTES.find(one => one === minutes);
  if (interval === undefined) throw new InvalidMember(`interval ${minutes} is not known`);
  return {
    symbol: string(row, 'symbol') as PairSymbol,
    open: decimal(row, 'open'),
    high: decimal(row, 'high'),
    low: decimal(row, 'low'),
    close: decimal(row, 'close'),
    vwap: decimal(row, 'vwap'),
    volume: decimal(row, 'volume'),
    trades: integer(row, 'trades'),
    interval_begin: string(row, 'interval_begin'),
    interval,
  };
}

function balancesMessage(frame: LosslessObject): KrakenMessage {
  const sequence = integer(frame, 'sequence');
  const type = updateType(frame);
  return type === 'snapshot'
    ? { kind: 'balances', type, data: rows(frame).map(balanceRow), sequence }
    : { kind: 'balances', type, data: rows(frame).map(ledgerRow), sequence };
}

function balanceRow(row: LosslessObject): BalanceRow {
  return {
    asset: string(row, 'asset') as Asset,
    asset_class: optionalString(row, 'asset_class'),
    balance: decimal(row, 'balance'),
    wallets: optionalRows(row, 'wallets').map(walletRow),
  };
}

function walletRow(row: LosslessObject): WalletRow {
  return { type: string(row, 'type'), id: string(row, 'id'), balance: decimal(row, 'balance') };
}

function ledgerRow(row: LosslessObject): LedgerRow {
  return {
    ledger_id: string(row, 'ledger_id'),
    asset: string(row, 'asset') as Asset,
    asset_class: optionalString(row, 'asset_class'),
    type: string(row, 'type'),
    wallet_type: string(row, 'wallet_type'),
    wallet_id: string(row, 'wallet_id'),
    amount: decimal(row, 'amount'),
    fee: decimal(row, 'fee'),
    balance: decimal(row, 'balance'),
    timestamp: optionalString(row, 'timestamp'),
  };
}

// ── Members ────────────────────────────────────────────────────────────────────────────────────────────
// A member that is missing and one that is null are the same: absent.

function isString(value: LosslessJson): value is string {
  return typeof value === 'string';
}

function updateType(frame: LosslessObject): 'snapshot' | 'update' {
  const type = frame['type'];
  if (type === 'snapshot' || type === 'update') return type;
  throw new InvalidMember('type is neither snapshot nor update');
}

function rows(frame: LosslessObject): readonly LosslessObject[] {
  if (!Array.isArray(frame['data'])) throw new InvalidMember('data is not an array');
  return optionalRows(frame, 'data');
}

function optionalRows(object: LosslessObject, member: string): readonly LosslessObject[] {
  const value = object[member];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidMember(`${member} is not an array`);
  for (const row of value) if (!isObject(row)) throw new InvalidMember(`${member} holds more than objects`);
  return value as LosslessObject[];
}

function string(object: LosslessObject, member: string): string {
  const value = object[member];
  if (typeof value === 'string') return value;
  throw new InvalidMember(`${member} is not a string`);
}

function optionalString(object: LosslessObject, member: string): string | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : string(object, member);
}

function oneOf<Word extends string>(object: LosslessObject, member: string, words: readonly Word[]): Word {
  const word = words.find(one => one === object[member]);
  if (word !== undefined) return word;
  throw new InvalidMember(`${member} is none of ${words.join(', ')}`);
}

function decimal(object: LosslessObject, member: string): DecimalText {
  const value = object[member];
  const text = typeof value === 'string' ? toDecimalText(value) : undefined;
  if (text !== undefined) return text;
  throw new InvalidMember(`${member} is not a decimal number of a sane length`);
}

function optionalDecimal(object: LosslessObject, member: string): DecimalText | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : decimal(object, member);
}

function integer(object: LosslessObject, member: string): number {
  const value = object[member];
  const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new InvalidMember(`${member} is not an integer below 2^53`);
}

function optionalInteger(object: LosslessObject, member: string): number | undefined {
  const value = object[member];
  return value === undefined || value === null ? undefined : integer(object, member);
}
