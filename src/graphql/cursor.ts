import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { TradeUpdate } from '../market/trade-update.ts';

/** A place on a tape: behind this trade. */
export interface TradeCursor {
  readonly symbol: PairSymbol;
  readonly tradeId: number;
  /** Of the trade: where REST has to look when memory does not reach back. */
  readonly timestamp: string;
}

const FORM = /^1\|([^|]+)\|(\d{1,15})\|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{1,9}Z)$/;

/** Opaque to clients: they hand back what they got. */
export function cursorOf({ symbol, tradeId, timestamp }: TradeUpdate): string {
  return Buffer.from(`1|${symbol}|${tradeId}|${timestamp}`).toString('base64url');
}

/** @throws {CodedError} `CURSOR_INVALID` */
export function readCursor(text: string): TradeCursor {
  const [, symbol, tradeId, timestamp] = FORM.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (symbol === undefined || timestamp === undefined || Number.isNaN(Date.parse(timestamp))) {
    throw new CodedError('CURSOR_INVALID', 'This is no cursor of trades', { cursor: text.slice(0, 100) });
  }
  return { symbol: symbol as PairSymbol, tradeId: Number(tradeId), timestamp };
}

export function expired({ symbol, tradeId }: TradeCursor): CodedError {
  const message = `The trades of ${symbol} after ${tradeId} can not be had any more: begin without a cursor`;
  return new CodedError('CURSOR_EXPIRED', message, { symbol });
}
