/** The library: a Kraken WebSocket V2 client, and the GraphQL server that runs on it. */
export { type App, type AppOptions, createApp } from './app.ts';
export type { BalanceStreamingStatus } from './client/account.ts';
export type { Callback, CallbackArguments, CallbackEvent, ConnectionEvent } from './client/callbacks.ts';
export type { KrakenWebSocketConfig } from './client/config.ts';
export type { ExchangeClient } from './client/exchange-client.ts';
export type { ConnectionView } from './client/upstream.ts';
export { KrakenWebSocketV2, type MessageHandlerStatistics, type TickerOptions } from './client.ts';
export { type Config, readConfig } from './config.ts';
export { RestError } from './kraken/rest-error.ts';
export { CodedError, type ErrorCode } from './lib/coded-error.ts';
export type { DecimalText } from './lib/decimal-text.ts';
export type { Logger } from './lib/logger.ts';
export type { BalanceUpdate } from './market/balance-update.ts';
export type { OHLCUpdate } from './market/ohlc-update.ts';
export type { OrderBookUpdate } from './market/order-book-update.ts';
export type { TickerUpdate } from './market/ticker.ts';
export type { TradeGap } from './market/trade-tape.ts';
export type { TradeUpdate } from './market/trade-update.ts';
