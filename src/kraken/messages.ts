/**
 * Kraken's WebSocket V2 protocol as types: what may be sent, and what arrives. Members keep Kraken's names;
 * `kind` is ours and tells the messages apart. Numbers with a decimal point are {@link DecimalText}.
 *
 * @see https://docs.kraken.com/api/docs/guides/spot-ws-intro
 */
import type { DecimalText } from '../lib/decimal-text.ts';
import type { Asset, PairSymbol } from './symbols.ts';

// ── Sent ───────────────────────────────────────────────────────────────────────────────────────────────

/** What one subscription is about: the identity under which Kraken keeps it on a connection. */
export type SubscriptionTopic =
  | { readonly channel: 'instrument' }
  | { readonly channel: 'ticker'; readonly symbol: PairSymbol; readonly event_trigger: EventTrigger }
  | { readonly channel: 'book'; readonly symbol: PairSymbol; readonly depth: BookDepth }
  | { readonly channel: 'trade'; readonly symbol: PairSymbol }
  | { readonly channel: 'ohlc'; readonly symbol: PairSymbol; readonly interval: CandleMinutes }
  | { readonly channel: 'balances' }
  | { readonly channel: 'executions' };

/** What makes Kraken send a ticker: a trade; or a change of the best bid or ask too. The larger one last. */
export const EVENT_TRIGGERS = ['trades', 'bbo'] as const;
export type EventTrigger = (typeof EVENT_TRIGGERS)[number];

/** Levels a side that a book can be subscribed with. */
export const BOOK_DEPTHS = [10, 25, 100, 500, 1000] as const;
export type BookDepth = (typeof BOOK_DEPTHS)[number];

/** Lengths of candles, in minutes. */
export const CANDLE_MINUTES = [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600] as const;
export type CandleMinutes = (typeof CANDLE_MINUTES)[number];

/** Names of the channels that can be subscribed to. */
export type ChannelName = SubscriptionTopic['channel'];

export interface SubscribeRequest {
  readonly method: 'subscribe' | 'unsubscribe';
  readonly params: {
    readonly channel: ChannelName;
    /** Absent on channels that have no symbols. */
    readonly symbol?: readonly PairSymbol[];
    /** Of a ticker; repeated on unsubscribe, where Kraken takes its absence for `trades`. */
    readonly event_trigger?: EventTrigger;
    /** Of a book; repeated on unsubscribe. */
    readonly depth?: BookDepth;
    /** Of candles, in minutes; repeated on unsubscribe. */
    readonly interval?: CandleMinutes;
    /** Whether the current state is wanted first. Absent on unsubscribe. */
    readonly snapshot?: boolean;
    /** Of the list of pairs: shares as well (`AAPLx/USD`). Absent on unsubscribe. */
    readonly include_tokenized_assets?: boolean;
    /** Of executions, in place of `snapshot`: open orders, and the last fills. */
    readonly snap_orders?: boolean;
    readonly snap_trades?: boolean;
    /** On private channels, on unsubscribe too. */
    readonly token?: string;
  };
  readonly req_id: number;
}

interface PingRequest {
  readonly method: 'ping';
  readonly req_id: number;
}

export type KrakenRequest = SubscribeRequest | PingRequest;

// ── Received: the session ──────────────────────────────────────────────────────────────────────────────

/**
 * State of the trading engine; the first frame on every connection.
 * @see https://docs.kraken.com/api/docs/websocket-v2/status
 */
export interface StatusMessage {
  readonly kind: 'status';
  /** `online`, `maintenance`, `cancel_only`, `post_only`, `limit_only`; other values may come. */
  readonly system: string;
  readonly version?: string;
  /** Larger than 2^53, so it stays text. */
  readonly connection_id?: string;
  /** Undefined where the deployment says nothing about it. */
  readonly maintenance?: readonly MaintenanceRow[];
  readonly emergencies?: readonly EmergencyRow[];
  readonly skipped: readonly SkippedRow[];
}

/** Maintenance that Kraken has announced. Only its id is certain: the rest is for people, and is left out if it is odd. */
export interface MaintenanceRow {
  readonly event_id: string;
  readonly title: string;
  /** `announced`, `reminder_24h`, `approaching_30m`, `imminent_5m`, `final_warning_30s`, `unspecified`. */
  readonly phase: string;
  readonly expected_start_utc: string | undefined;
  readonly expected_end_utc: string | undefined;
  /** `spot_ws`, `spot_trading`, `all`, ... */
  readonly affected_services: readonly string[];
  /** `continue`, `reduce_activity`, `cancel_open_orders`, `stop_new_orders`, `disconnect_and_wait`, `unspecified`. */
  readonly recommended_action: string | undefined;
}

/** An incident that Kraken has not resolved yet. */
export interface EmergencyRow {
  readonly event_id: string;
  readonly title: string;
  /** `investigating`, `identified`, `monitoring`, ... */
  readonly incident_status: string;
  readonly impact: string | undefined;
  readonly started_at_utc: string | undefined;
  readonly affected_services: readonly string[];
}

/** Once a second on a connection that has a subscription. Proves that the socket lives, and no more. */
interface HeartbeatMessage {
  readonly kind: 'heartbeat';
}

export interface PongMessage {
  readonly kind: 'pong';
  readonly req_id: number | undefined;
  /** When the exchange received the ping, and when it answered, by its own clock. */
  readonly time_in: string | undefined;
  readonly time_out: string | undefined;
}

/** A request that succeeded. Subscribing to several symbols is answered once for each. */
export interface AcknowledgedMessage {
  readonly kind: 'acknowledged';
  readonly method: string;
  readonly req_id: number | undefined;
  /** Absent where the answer carries no result (orders), or no symbol (instrument, balances, executions). */
  readonly channel: string | undefined;
  readonly symbol: PairSymbol | undefined;
  readonly warnings: readonly string[];
}

/** A request that failed, in Kraken's words. Without `symbol` it concerns every symbol of the request. */
export interface RefusedMessage {
  readonly kind: 'refused';
  readonly method: string;
  readonly req_id: number | undefined;
  readonly error: string;
  readonly symbol: PairSymbol | undefined;
}

/** `{"Error":"Exceeded msg rate"}`: the only answer without an envelope. Says nothing of which request. */
interface RateLimitedMessage {
  readonly kind: 'rateLimited';
  readonly error: string;
}

// ── Received: rows ─────────────────────────────────────────────────────────────────────────────────────

/** A row that made no sense and was left out: it costs itself, and the others of its frame count. */
export interface SkippedRow {
  /** The pair or asset that it is about, if it names one. */
  readonly name: string | undefined;
  /** What was wrong. */
  readonly problem: string;
}

/** Shared by all frames in which every row is right. */
export const NOTHING_SKIPPED: readonly SkippedRow[] = Object.freeze([]);

// ── Received: market data ──────────────────────────────────────────────────────────────────────────────

/** @see https://docs.kraken.com/api/docs/websocket-v2/instrument */
export interface InstrumentMessage {
  readonly kind: 'instrument';
  /** An update carries only what changed. */
  readonly type: 'snapshot' | 'update';
  readonly assets: readonly AssetRow[];
  readonly pairs: readonly PairRow[];
  readonly skipped: readonly SkippedRow[];
}

export interface AssetRow {
  readonly id: Asset;
  readonly status: string | undefined;
  /** Digits after the point that amounts of this asset carry. */
  readonly precision: number | undefined;
  /** The same, of amounts that are shown to people. */
  readonly precision_display: number | undefined;
  /** `currency`, `tokenized_asset`. */
  readonly class: string | undefined;
  readonly borrowable: boolean | undefined;
  /** Fraction of its value that counts as collateral. */
  readonly collateral_value: DecimalText | undefined;
  /** Rate at which it is borrowed; absent where it cannot be. */
  readonly margin_rate: DecimalText | undefined;
}

export interface PairRow {
  readonly symbol: PairSymbol;
  readonly base: Asset;
  readonly quote: Asset;
  /** `online`, `cancel_only`, `post_only`, `limit_only`, `reduce_only`, `maintenance`, `delisted`, ... */
  readonly status: string;
  readonly qty_precision: number;
  readonly qty_increment: DecimalText;
  readonly qty_min: DecimalText;
  readonly price_precision: number;
  readonly price_increment: DecimalText;
  readonly cost_precision: number | undefined;
  readonly cost_min: DecimalText | undefined;
  readonly marginable: boolean;
  /** Fraction of the cost that a margin order needs; absent where the pair is not marginable. */
  readonly margin_initial: DecimalText | undefined;
}

/** @see https://docs.kraken.com/api/docs/websocket-v2/ticker */
export interface TickerMessage {
  readonly kind: 'ticker';
  readonly type: 'snapshot' | 'update';
  readonly data: readonly TickerRow[];
  readonly skipped: readonly SkippedRow[];
}

/** Prices in the quote asset, quantities in the base asset, all figures over a rolling 24 h. */
export interface TickerRow {
  readonly symbol: PairSymbol;
  /** 0 while the side is empty. */
  readonly bid: DecimalText;
  readonly bid_qty: DecimalText;
  readonly ask: DecimalText;
  readonly ask_qty: DecimalText;
  /** Absent when the pair did not trade for 24 h. */
  readonly last: DecimalText | undefined;
  readonly volume: DecimalText;
  readonly volume_usd: DecimalText | undefined;
  readonly vwap: DecimalText;
  readonly low: DecimalText;
  readonly high: DecimalText;
  readonly change: DecimalText;
  readonly change_pct: DecimalText;
  /** Number of trades. */
  readonly trades: number | undefined;
  readonly timestamp: string | undefined;
}

/** @see https://docs.kraken.com/api/docs/websocket-v2/book */
export interface BookMessage {
  readonly kind: 'book';
  /** A snapshot replaces the whole book. */
  readonly type: 'snapshot' | 'update';
  readonly data: readonly BookRow[];
  readonly skipped: readonly SkippedRow[];
}

export interface BookRow {
  readonly symbol: PairSymbol;
  /** In no particular order; one price may stand in it more than once. */
  readonly bids: readonly LevelRow[];
  readonly asks: readonly LevelRow[];
  /** CRC32 of the book after this message. */
  readonly checksum: number;
  /** Of the last change, also on a snapshot. */
  readonly timestamp: string | undefined;
}

export interface LevelRow {
  /** Quote asset. */
  readonly price: DecimalText;
  /** Base asset; replaces what was there, and 0 removes the price. */
  readonly qty: DecimalText;
}

/** @see https://docs.kraken.com/api/docs/websocket-v2/trade */
export interface TradeMessage {
  readonly kind: 'trade';
  /** A snapshot is the last fifty trades, oldest first. */
  readonly type: 'snapshot' | 'update';
  readonly data: readonly TradeRow[];
  readonly skipped: readonly SkippedRow[];
}

export interface TradeRow {
  readonly symbol: PairSymbol;
  /** Of the taker. */
  readonly side: 'buy' | 'sell';
  /** Quote asset. */
  readonly price: DecimalText;
  /** Base asset. */
  readonly qty: DecimalText;
  /** Of the taker. */
  readonly ord_type: 'limit' | 'market';
  /** Rises by one with each trade of the pair. */
  readonly trade_id: number;
  /** Microseconds. */
  readonly timestamp: string;
}

/** @see https://docs.kraken.com/api/docs/websocket-v2/ohlc */
export interface OhlcMessage {
  readonly kind: 'ohlc';
  /** A snapshot is the recent candles, oldest first; the last may still be forming. */
  readonly type: 'snapshot' | 'update';
  readonly data: readonly OhlcRow[];
  readonly skipped: readonly SkippedRow[];
}

/** Prices in the quote asset. Sent at each trade; an interval without trades has no candle. */
export interface OhlcRow {
  readonly symbol: PairSymbol;
  readonly open: DecimalText;
  readonly high: DecimalText;
  readonly low: DecimalText;
  readonly close: DecimalText;
  readonly vwap: DecimalText;
  /** Base asset. */
  readonly volume: DecimalText;
  /** Number of trades. */
  readonly trades: number;
  /** When the candle begins, nanoseconds: its key, with symbol and interval. */
  readonly interval_begin: string;
  readonly interval: CandleMinutes;
}

// ── Received: the account ──────────────────────────────────────────────────────────────────────────────

/** @see https://docs.kraken.com/api/docs/websocket-v2/balances */
export type BalancesMessage =
  | {
      readonly kind: 'balances';
      readonly type: 'snapshot';
      readonly data: readonly BalanceRow[];
      readonly skipped: readonly SkippedRow[];
      readonly sequence: number;
    }
  | {
      readonly kind: 'balances';
      readonly type: 'update';
      readonly data: readonly LedgerRow[];
      readonly skipped: readonly SkippedRow[];
      /** Rises by one with each message of the subscription. */
      readonly sequence: number;
    };

/** An asset with any balance. */
export interface BalanceRow {
  readonly asset: Asset;
  readonly asset_class: string | undefined;
  /** Over all wallets. */
  readonly balance: DecimalText;
  /** May be empty: then only the total is known. */
  readonly wallets: readonly WalletRow[];
}

export interface WalletRow {
  /** `spot`, `earn`. */
  readonly type: string;
  /** `main`, `flex`, `bonded`, ... */
  readonly id: string;
  readonly balance: DecimalText;
}

/** One entry of the ledger. */
export interface LedgerRow {
  readonly ledger_id: string;
  readonly asset: Asset;
  readonly asset_class: string | undefined;
  /** `deposit`, `withdrawal`, `trade`, `transfer`, ... */
  readonly type: string;
  readonly wallet_type: string;
  readonly wallet_id: string;
  /** Signed, without the fee. */
  readonly amount: DecimalText;
  readonly fee: DecimalText;
  /** Of that wallet, after the entry: to be set, not added. */
  readonly balance: DecimalText;
  readonly timestamp: string | undefined;
}

/** Orders and fills. Here they only tell that what is held for orders may have changed. */
export interface ExecutionsMessage {
  readonly kind: 'executions';
  readonly type: 'snapshot' | 'update';
  /** How many orders and fills it speaks of. */
  readonly rows: number;
  readonly skipped: readonly SkippedRow[];
  /** Rises by one with each message of the subscription. */
  readonly sequence: number;
}

type SessionMessage =
  | StatusMessage
  | HeartbeatMessage
  | PongMessage
  | AcknowledgedMessage
  | RefusedMessage
  | RateLimitedMessage;
type MarketMessage = InstrumentMessage | TickerMessage | BookMessage | TradeMessage | OhlcMessage;
type AccountMessage = BalancesMessage | ExecutionsMessage;
/** Messages made of rows. */
export type DataMessage = MarketMessage | AccountMessage;
export type KrakenMessage = SessionMessage | DataMessage;
