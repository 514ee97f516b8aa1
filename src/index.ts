/** The library: a client of Kraken's WebSocket V2 API. The GraphQL server is `kraken-graphql/server`. */
export type { BalanceStreamingStatus } from './client/account.ts';
export type { Callback, CallbackArguments, CallbackEvent, ConnectionEvent } from './client/callbacks.ts';
export type { KrakenWebSocketConfig } from './client/config.ts';
export type { ExchangeClient } from './client/exchange-client.ts';
export type { Iterables } from './client/iterables.ts';
export type { ConnectionView } from './client/upstream.ts';
export {
  KrakenWebSocketV2,
  type MessageHandlerStatistics,
  type SubscribableChannel,
  type TickerOptions,
} from './client.ts';
export type {
  AssetRow,
  BookDepth,
  CandleMinutes,
  ChannelName,
  EmergencyRow,
  EventTrigger,
  MaintenanceRow,
  OhlcRow,
  PairRow,
  SubscriptionTopic,
  TickerRow,
  TradeRow,
  WalletRow,
} from './kraken/messages.ts';
export type { Plain } from './kraken/plain.ts';
export { RestError } from './kraken/rest-error.ts';
export type { ChannelStatistics, MessageStatistics } from './kraken/statistics.ts';
export type { CandleFeed, FeedName, SubscriptionState, SubscriptionView } from './kraken/subscription.ts';
export type { Asset, PairSymbol } from './kraken/symbols.ts';
export type { Cancel, Clock } from './lib/clock.ts';
export { CodedError, type ErrorCode } from './lib/coded-error.ts';
export { Decimal, type DecimalText } from './lib/decimal-text.ts';
export type { Logger } from './lib/logger.ts';
export { type BalanceState, BalanceUpdate } from './market/balance-update.ts';
export type { BookLevel } from './market/book-side.ts';
export type { BookStatistics } from './market/books.ts';
export type { ExchangeStatus } from './market/exchange-status.ts';
export type { FeedState } from './market/freshness.ts';
export type { Instruments } from './market/instruments.ts';
export type { MarketView } from './market/market.ts';
export { OHLCUpdate } from './market/ohlc-update.ts';
export { type OrderBookState, OrderBookUpdate } from './market/order-book-update.ts';
export { TickerUpdate } from './market/ticker.ts';
export type { TradeGap } from './market/trade-tape.ts';
export { TradeUpdate } from './market/trade-update.ts';
export type { TradeStatistics } from './market/trades.ts';
