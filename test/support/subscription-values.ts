import assert from 'node:assert/strict';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import { CursorSigner } from '../../src/graphql/cursor.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createReplayLine } from '../../src/graphql/trade-replay.ts';
import { Hub } from '../../src/hub/hub.ts';
import { decode } from '../../src/kraken/decode.ts';
import type { BookRow, InstrumentMessage, OhlcRow, TradeRow } from '../../src/kraken/messages.ts';
import type { Asset, PairSymbol } from '../../src/kraken/symbols.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { CodedError } from '../../src/lib/coded-error.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { BalanceUpdate } from '../../src/market/balance-update.ts';
import { OrderBook } from '../../src/market/book.ts';
import { nextExchangeStatus } from '../../src/market/exchange-status.ts';
import { Instruments } from '../../src/market/instruments.ts';
import { OHLCUpdate } from '../../src/market/ohlc-update.ts';
import { TickerUpdate } from '../../src/market/ticker.ts';
import { TradeUpdate } from '../../src/market/trade-update.ts';
import { frames } from './fixtures.ts';

export const schema = createSchema(text => text as PairSymbol);
// A key makes it one with an account; it never connects.
const client = new KrakenWebSocketV2('key', 'c2VjcmV0');
export const services = {
  client,
  hub: new Hub(client, systemClock, { broadcasts: 100, upstreamSubscriptions: 100, lingerMs: 0 }),
  clock: { ...systemClock, now: () => 1_790_000_000_000 },
  version: '0.0.0',
  startedAt: 1_780_000_000_000,
  startedMs: 0,
  cursors: new CursorSigner(Buffer.alloc(32)),
  replays: createReplayLine(),
  maxResultBytes: 1e9,
  reportUnexpected: () => 'an id',
};
export const tickers = frames('ticker.jsonl').map(frame => {
  const message = decode(frame);
  const row = message.kind === 'ticker' ? message.data[0] : undefined;
  return new TickerUpdate(row ?? assert.fail('the frame is a ticker'), 1_789_999_999_000);
});
function rowsOf(file: string): unknown[] {
  return frames(file).flatMap(frame => {
    const message = decode(frame);
    return 'data' in message ? [...message.data] : [];
  });
}
const trades = rowsOf('trade.jsonl').map(row => new TradeUpdate(row as TradeRow, 0));
const candles = rowsOf('ohlc.jsonl').map((row, index) => new OHLCUpdate(row as OhlcRow, index % 2 === 0, 0));
const orderBook = new OrderBook('BTC/USD' as PairSymbol);
orderBook.applySnapshot((rowsOf('book.jsonl') as BookRow[])[0] ?? assert.fail(), 10, 0);
const book = orderBook.view(10) ?? assert.fail('it verifies');
const balance = new BalanceUpdate({
  asset: 'BTC' as Asset,
  assetClass: 'currency',
  balance: '1.50' as DecimalText,
  holdTrade: '0.25' as DecimalText,
  credit: undefined,
  wallets: [{ type: 'spot', id: 'main', balance: '1.50' as DecimalText }],
  timestamp: undefined,
  receivedAt: 0,
});
const events = [
  { type: 'CONNECTED', connection: 'public', at: 1_790_000_000_000, message: undefined },
  { type: 'ERROR', connection: 'private', at: 1_790_000_000_000, message: 'refused "politely"' },
];
const instruments = new Instruments();
for (const frame of frames('instrument.jsonl')) instruments.apply(decode(frame) as InstrumentMessage);
const statuses = frames('status-heartbeat.jsonl').flatMap(frame => {
  const message = decode(frame);
  return message.kind === 'status' ? [nextExchangeStatus(undefined, message, 'public', 0)] : [];
});
/** What each subscription field may be given. */
export const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  ticker: [...tickers, new CodedError('UPSTREAM_REJECTED', 'Kraken refused', { reason: 'no' })],
  connectionEvents: events,
  status: [services],
  book: [book],
  bookUpdates: [
    { kind: 'snapshot', book, reason: 'SUBSCRIBED' },
    {
      kind: 'delta',
      symbol: book.symbol,
      bids: book.bids,
      asks: [],
      checksum: 7,
      sequence: 3,
      previousSequence: 2,
      timestamp: undefined,
    },
    { kind: 'interruption', symbol: book.symbol, state: 'RESYNCING', at: 0 },
  ],
  trades: [
    { trades: trades.slice(0, 2), gap: undefined, first: false },
    { trades, gap: { fromTradeId: 1, toTradeId: 5 } },
  ],
  ohlc: candles,
  balances: [balance],
  instruments: [...instruments.pairs()],
  exchangeStatus: statuses,
};
