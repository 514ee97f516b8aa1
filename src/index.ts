/** The library: a Kraken WebSocket V2 client, and the GraphQL server that runs on it. */
export { type App, type AppOptions, createApp } from './app.ts';
export type { Callback, CallbackArguments, CallbackEvent, ConnectionEvent } from './callbacks.ts';
export { type ConnectionView, KrakenWebSocketV2 } from './client.ts';
export type { KrakenWebSocketConfig } from './client-config.ts';
export { type Config, readConfig } from './config.ts';
export { CodedError, type ErrorCode } from './lib/coded-error.ts';
export type { DecimalText } from './lib/decimal-text.ts';
export type { Logger } from './lib/logger.ts';
export type { OrderBookUpdate } from './market/order-book-update.ts';
export type { TickerUpdate } from './market/ticker.ts';
