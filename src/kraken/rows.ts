/** Rows of the data channels: what each has to say, and within which bounds. */
import type { LosslessObject } from '../lib/lossless-json.ts';
import {
  amount,
  asset,
  decimal,
  InvalidMember,
  integer,
  oneOf,
  optionalAmount,
  optionalBoolean,
  optionalInteger,
  optionalTimestamp,
  optionalWord,
  pairSymbol,
  parts,
  timestamp,
  word,
} from './members.ts';
import {
  type AssetRow,
  type BalanceRow,
  type BookRow,
  CANDLE_MINUTES,
  type CandleMinutes,
  type LedgerRow,
  type LevelRow,
  type OhlcRow,
  type PairRow,
  type TickerRow,
  type TradeRow,
  type WalletRow,
} from './messages.ts';

/** Digits after the point that a price or a quantity may have. */
const MOST_PRECISION = 30;
export const MOST_CHECKSUM = 0xff_ff_ff_ff;

export function assetRow(row: LosslessObject): AssetRow {
  return {
    id: asset(row, 'id'),
    status: optionalWord(row, 'status'),
    precision: optionalInteger(row, 'precision', 0, MOST_PRECISION),
    precision_display: optionalInteger(row, 'precision_display', 0, MOST_PRECISION),
    class: optionalWord(row, 'class'),
    borrowable: optionalBoolean(row, 'borrowable'),
    collateral_value: optionalAmount(row, 'collateral_value'),
    margin_rate: optionalAmount(row, 'margin_rate'),
  };
}

export function pairRow(row: LosslessObject): PairRow {
  return {
    symbol: pairSymbol(row, 'symbol'),
    base: asset(row, 'base'),
    quote: asset(row, 'quote'),
    status: word(row, 'status'),
    qty_precision: integer(row, 'qty_precision', 0, MOST_PRECISION),
    qty_increment: amount(row, 'qty_increment'),
    qty_min: amount(row, 'qty_min'),
    price_precision: integer(row, 'price_precision', 0, MOST_PRECISION),
    price_increment: amount(row, 'price_increment'),
    cost_precision: optionalInteger(row, 'cost_precision', 0, MOST_PRECISION),
    cost_min: optionalAmount(row, 'cost_min'),
    marginable: row['marginable'] === true,
    margin_initial: optionalAmount(row, 'margin_initial'),
  };
}

export function tickerRow(row: LosslessObject): TickerRow {
  return {
    symbol: pairSymbol(row, 'symbol'),
    bid: amount(row, 'bid'),
    bid_qty: amount(row, 'bid_qty'),
    ask: amount(row, 'ask'),
    ask_qty: amount(row, 'ask_qty'),
    last: optionalAmount(row, 'last'),
    volume: amount(row, 'volume'),
    volume_usd: optionalAmount(row, 'volume_usd'),
    vwap: amount(row, 'vwap'),
    low: amount(row, 'low'),
    high: amount(row, 'high'),
    change: decimal(row, 'change'),
    change_pct: decimal(row, 'change_pct'),
    trades: optionalInteger(row, 'trades'),
    timestamp: optionalTimestamp(row, 'timestamp'),
  };
}

export function bookRow(row: LosslessObject): BookRow {
  return {
    symbol: pairSymbol(row, 'symbol'),
    bids: parts(row, 'bids', levelRow),
    asks: parts(row, 'asks', levelRow),
    checksum: integer(row, 'checksum', 0, MOST_CHECKSUM),
    timestamp: optionalTimestamp(row, 'timestamp'),
  };
}

function levelRow(row: LosslessObject): LevelRow {
  return { price: amount(row, 'price'), qty: amount(row, 'qty') };
}

export function tradeRow(row: LosslessObject): TradeRow {
  return {
    symbol: pairSymbol(row, 'symbol'),
    side: oneOf(row, 'side', ['buy', 'sell']),
    price: amount(row, 'price'),
    qty: amount(row, 'qty'),
    ord_type: oneOf(row, 'ord_type', ['limit', 'market']),
    trade_id: integer(row, 'trade_id', 1),
    timestamp: timestamp(row, 'timestamp'),
  };
}

export function ohlcRow(row: LosslessObject): OhlcRow {
  const minutes = integer(row, 'interval');
  const interval = CANDLE_MINUTES.find(one => one === minutes);
  if (interval === undefined) throw new InvalidMember(`interval ${minutes} is not known`);
  const interval_begin = timestamp(row, 'interval_begin');
  if (!beginsCandle(interval_begin, interval)) {
    throw new InvalidMember(`interval_begin is not the beginning of ${minutes} minutes`);
  }
  return {
    symbol: pairSymbol(row, 'symbol'),
    open: amount(row, 'open'),
    high: amount(row, 'high'),
    low: amount(row, 'low'),
    close: amount(row, 'close'),
    vwap: amount(row, 'vwap'),
    volume: amount(row, 'volume'),
    trades: integer(row, 'trades'),
    interval_begin,
    interval,
  };
}

const DAY_MINUTES = 1_440;

/** Candles of a day and less begin at multiples of their length. No recording shows where longer ones begin. */
export function beginsCandle(begin: string, interval: CandleMinutes): boolean {
  return (
    interval > DAY_MINUTES || (/:00(\.0+)?Z$/.test(begin) && Date.parse(begin) % (interval * 60_000) === 0)
  );
}

export function balanceRow(row: LosslessObject): BalanceRow {
  return {
    asset: asset(row, 'asset'),
    asset_class: optionalWord(row, 'asset_class'),
    // A margin account can owe.
    balance: decimal(row, 'balance'),
    wallets: parts(row, 'wallets', walletRow),
  };
}

function walletRow(row: LosslessObject): WalletRow {
  return { type: word(row, 'type'), id: word(row, 'id'), balance: decimal(row, 'balance') };
}

export function ledgerRow(row: LosslessObject): LedgerRow {
  return {
    ledger_id: word(row, 'ledger_id'),
    asset: asset(row, 'asset'),
    asset_class: optionalWord(row, 'asset_class'),
    type: word(row, 'type'),
    wallet_type: word(row, 'wallet_type'),
    wallet_id: word(row, 'wallet_id'),
    amount: decimal(row, 'amount'),
    fee: decimal(row, 'fee'),
    balance: decimal(row, 'balance'),
    timestamp: optionalTimestamp(row, 'timestamp'),
  };
}
