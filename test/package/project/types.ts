/** A user's file, compiled against the package under each way to resolve modules. */
import {
  BalanceUpdate,
  CodedError,
  Decimal,
  type FeedName,
  type FeedState,
  KrakenWebSocketV2,
  OHLCUpdate,
  OrderBookUpdate,
  TickerUpdate,
  TradeUpdate,
} from 'kraken-graphql';
import { type App, createApp, readConfig } from 'kraken-graphql/server';

const kraken = new KrakenWebSocketV2();

export function stateOf(feed: FeedName, symbol: string): FeedState | undefined {
  return kraken.feedState(feed, symbol);
}

export const states = [
  kraken.feedState('ticker', 'BTC/USD'),
  kraken.feedState('ohlc 60', 'BTC/USD'),
  kraken.getSubscription('book', 'BTC/USD')?.state,
  kraken.getTicker('BTC/USD')?.bid,
];

kraken.unsubscribe('ticker', ['BTC/USD']);
kraken.registerCallback('ticker', ticker => {
  const symbol: string = ticker.symbol;
  const spread: Decimal | undefined = ticker.spread;
  console.log(symbol, spread?.toFixed());
});

/** Model classes in a bot's own tests, from plain strings. */
export const models = {
  ticker: new TickerUpdate(
    {
      symbol: 'BTC/USD',
      bid: '100.0',
      bid_qty: '1',
      ask: '100.5',
      ask_qty: '2',
      last: '100.1',
      volume: '12.50',
      volume_usd: undefined,
      vwap: '100',
      low: '99',
      high: '101',
      change: '1',
      change_pct: '1.00',
      trades: 3,
      timestamp: undefined,
    },
    0,
  ),
  trade: new TradeUpdate(
    {
      symbol: 'BTC/USD',
      side: 'buy',
      price: '100.0',
      qty: '0.50',
      ord_type: 'limit',
      trade_id: 7,
      timestamp: '2026-01-01T00:00:00.000000Z',
    },
    0,
  ),
  candle: new OHLCUpdate(
    {
      symbol: 'BTC/USD',
      open: '1',
      high: '4',
      low: '1',
      close: '3',
      vwap: '2',
      volume: '10.0',
      trades: 4,
      interval_begin: '2026-01-01T00:00:00.000000000Z',
      interval: 60,
    },
    true,
    0,
  ),
  book: new OrderBookUpdate({
    symbol: 'BTC/USD',
    depth: 10,
    bids: [{ price: '100.0', qty: '1' }],
    asks: [{ price: '100.5', qty: '2' }],
    checksum: 0,
    timestamp: undefined,
    sequence: 1,
    receivedAt: 0,
  }),
  balance: new BalanceUpdate({
    asset: 'BTC',
    assetClass: 'currency',
    balance: '2.0',
    holdTrade: '0.5',
    credit: undefined,
    wallets: [{ type: 'spot', id: 'main', balance: '2.0' }],
    timestamp: undefined,
    receivedAt: 0,
  }),
};

export function codeOf(error: unknown): string | undefined {
  return error instanceof CodedError ? error.code : undefined;
}

export function serve(): Promise<App> {
  return createApp({ config: readConfig({ PORT: '0' }), logger: console });
}

export const total = new Decimal(models.balance.balance).plus('1');
