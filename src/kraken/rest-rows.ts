/** Rows of REST answers as the messages of the socket that tell the same, in the same digits. */
import { type DecimalText, toDecimalText, withDigits } from '../lib/decimal-text.ts';
import { isObject, type LosslessJson, type LosslessObject } from '../lib/lossless-json.ts';
import type { CandleMinutes, OhlcRow, PairRow, TradeRow } from './messages.ts';
import { RestError } from './rest-error.ts';
import { type Asset, assetOfRestName, type PairSymbol } from './symbols.ts';

/** Digits after the point of the socket's prices and quantities; REST has its own ways. */
export type PairDigits = Pick<PairRow, 'price_precision' | 'qty_precision'>;

/** `GET Trades`: rows, and where the next page begins. */
export function tradesOf(
  result: LosslessObject,
  symbol: PairSymbol,
  digits: PairDigits | undefined,
): { readonly rows: readonly TradeRow[]; readonly last: string } {
  const { last } = result;
  if (typeof last !== 'string') throw malformed('Trades', 'last is missing');
  return { rows: rowsOf(result, 'Trades').map(row => tradeRow(row, symbol, digits)), last };
}

/** `["price", "volume", seconds, "b|s", "m|l", "misc", trade_id]` */
function tradeRow(
  row: readonly LosslessJson[],
  symbol: PairSymbol,
  digits: PairDigits | undefined,
): TradeRow {
  const [price, qty, seconds, side, ordType, , id] = row;
  const trade_id = Number(id);
  if (!Number.isSafeInteger(trade_id)) throw malformed('Trades', 'a trade has no id');
  return {
    symbol,
    side: side === 'b' ? 'buy' : 'sell',
    price: decimal(price, digits?.price_precision),
    qty: decimal(qty, digits?.qty_precision),
    ord_type: ordType === 'm' ? 'market' : 'limit',
    trade_id,
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
  return rowsOf(result, 'OHLC')
    .map(row => ohlcRow(row, symbol, interval, digits))
    .filter(row => row.trades > 0);
}

/** `[seconds, "open", "high", "low", "close", "vwap", "volume", count]` */
function ohlcRow(
  row: readonly LosslessJson[],
  symbol: PairSymbol,
  interval: CandleMinutes,
  digits: PairDigits | undefined,
): OhlcRow {
  const [seconds, open, high, low, close, vwap, volume, count] = row;
  const trades = Number(count);
  if (!Number.isSafeInteger(trades)) throw malformed('OHLC', 'a candle has no count');
  const price = digits?.price_precision;
  return {
    symbol,
    open: decimal(open, price),
    high: decimal(high, price),
    low: decimal(low, price),
    close: decimal(close, price),
    vwap: decimal(vwap, price),
    volume: decimal(volume, digits?.qty_precision),
    trades,
    interval_begin: dateTime(seconds, 9),
    interval,
  };
}

/** `POST BalanceEx`: what open orders hold, by the asset's name on the socket. */
export function holdsOf(result: LosslessObject): ReadonlyMap<Asset, DecimalText> {
  return new Map(
    Object.entries(result).map(([name, entry]) => {
      const hold = isObject(entry) ? entry['hold_trade'] : undefined;
      return [assetOfRestName(name), decimal(hold, undefined)];
    }),
  );
}

/** `POST GetWebSocketsToken` */
export function tokenOf(result: LosslessObject): string {
  const { token } = result;
  if (typeof token === 'string' && token !== '') return token;
  throw malformed('GetWebSocketsToken', 'token is missing');
}

/** The one member that is no `last`: its name is REST's own name of the pair. */
function rowsOf(result: LosslessObject, method: string): readonly (readonly LosslessJson[])[] {
  const rows = Object.entries(result).find(([name]) => name !== 'last')?.[1];
  if (!Array.isArray(rows)) throw malformed(method, 'rows are missing');
  return rows.map(row => {
    if (Array.isArray(row)) return row;
    throw malformed(method, 'a row is not a list');
  });
}

function decimal(value: LosslessJson | undefined, digits: number | undefined): DecimalText {
  const text = typeof value === 'string' ? toDecimalText(value) : undefined;
  if (text === undefined) throw new RestError('REST sent something that is no number in place of one', true);
  return digits === undefined ? text : withDigits(text, digits);
}

/** Seconds with any fraction as RFC 3339 with this many digits. */
function dateTime(value: LosslessJson | undefined, digits: number): string {
  const [seconds = '', fraction = ''] = decimal(value, undefined).split('.');
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  return `${whole}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`;
}

function malformed(method: string, what: string): RestError {
  return new RestError(`REST ${method}: ${what}`, true);
}
