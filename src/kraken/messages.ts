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
  | { readonly channel: 'ticker'; readonly symbol: PairSymbol }
  | { readonly channel: 'book'; readonly symbol: PairSymbol; readonly depth: BookDepth };

/** Levels a side that a book can be subscribed with. */
export const BOOK_DEPTHS = [10, 25, 100, 500, 1000] as const;
export type BookDepth = (typeof BOOK_DEPTHS)[number];

/** Names of the channels that can be subscribed to. */
export type ChannelName = SubscriptionTopic['channel'];

export interface SubscribeRequest {
  readonly method: 'subscribe' | 'unsubscribe';
  readonly params: {
    readonly channel: ChannelName;
    /** Absent on channels that have no symbols. */
    readonly symbol?: readonly PairSymbol[];
    /** Of a book; repeated on unsubscribe. */
    readonly depth?: BookDepth;
    /** Whether the current state is wanted first. Absent on unsubscribe. */
    readonly snapshot?: boolean;
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
interface StatusMessage {
  readonly kind: 'status';
  /** `online`, `maintenance`, `cancel_only`, `post_only`, `limit_only`; other values may come. */
  readonly system: string;
  readonly version?: string;
  /** Larger than 2^53, so it stays text. */
  readonly connection_id?: string;
}

/** Once a second on a connection that has a subscription. Proves that the socket lives, and no more. */
interface HeartbeatMessage {
  readonly kind: 'heartbeat';
}

interface PongMessage {
  readonly kind: 'pong';
  readonly req_id: number | undefined;
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

// ── Received: market data ──────────────────────────────────────────────────────────────────────────────

/** @see https://docs.kraken.com/api/docs/websocket-v2/instrument */
export interface InstrumentMessage {
  readonly kind: 'instrument';
  /** An update carries only what changed. */
  readonly type: 'snapshot' | 'update';
  readonly assets: readonly AssetRow[];
  readonly pairs: readonly PairRow[];
  /** What was wrong with rows that were left out: one odd pair is no reason to know none. */
  readonly skipped: readonly string[];
}

export interface AssetRow {
  readonly id: Asset;
  readonly status: string | undefined;
  /** Digits after the point that amounts of this asset carry. */
  readonly precision: number | undefined;
  readonly class: string | undefined;
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
  readonly cost_min: DecimalText | undefined;
  readonly marginable: boolean;
}

/** @see https://docs.kraken.com/api/docs/websocket-v2/ticker */
export interface TickerMessage {
  readonly kind: 'ticker';
  readonly type: 'snapshot' | 'update';
  readonly data: readonly TickerRow[];
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

type SessionMessage =
  | StatusMessage
  | HeartbeatMessage
  | PongMessage
  | AcknowledgedMessage
  | RefusedMessage
  | RateLimitedMessage;
type MarketMessage = InstrumentMessage | TickerMessage | BookMessage;
export type KrakenMessage = SessionMessage | MarketMessage;
