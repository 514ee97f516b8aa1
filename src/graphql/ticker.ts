import type { Topic } from '../hub/topics.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { freshness } from '../market/freshness.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { Builder } from './builder.ts';
import type { Services } from './context.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';
import type { InstrumentTypes } from './instrument.ts';
import { distinct, MAX_RATE_ARGUMENT, SYMBOL_ARGUMENT, SYMBOLS, SYMBOLS_ARGUMENT } from './symbols.ts';

/** Of an item of `tickers`: it may have to be subscribed first. */
const TICKER_WEIGHT = 0.25;

export function addTicker(
  builder: Builder,
  { FreshnessType }: FreshnessTypes,
  { InstrumentType }: InstrumentTypes,
): void {
  const TickerType = builder.objectRef<TickerUpdate>('Ticker').implement({
    description: 'Best bid and ask, last trade and 24-hour figures of a pair, as Kraken sent them.',
    fields: t => {
      const decimal = (
        field:
          | 'bid'
          | 'bidQty'
          | 'ask'
          | 'askQty'
          | 'volume'
          | 'vwap'
          | 'low'
          | 'high'
          | 'change'
          | 'changePct',
        description: string,
      ) => t.expose(field, { type: 'Decimal', description });
      return {
        symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
        instrument: t.field({
          type: InstrumentType,
          nullable: true,
          description:
            'The pair as listed, or delisted when the list has lost it; null before the list has arrived.',
          resolve: (ticker, _args, { services }) =>
            services.client.market.instruments.lastKnown(ticker.symbol),
        }),
        bid: decimal('bid', 'Best price that a buyer offers, quote asset; 0 while nobody does.'),
        bidQty: decimal('bidQty', 'Quantity at the best bid, base asset.'),
        ask: decimal('ask', 'Best price that a seller asks, quote asset; 0 while nobody does.'),
        askQty: decimal('askQty', 'Quantity at the best ask, base asset.'),
        last: t.expose('last', {
          type: 'Decimal',
          nullable: true,
          description: 'Price of the last trade, quote asset; null when there was none in 24 h.',
        }),
        volume: decimal('volume', 'Rolling 24 h, base currency.'),
        volumeUsd: t.expose('volumeUsd', {
          type: 'Decimal',
          nullable: true,
          description: 'Rolling 24 h, US dollars; null while Kraken does not send it.',
        }),
        vwap: decimal('vwap', 'Volume-weighted average price over 24 h, quote asset.'),
        low: decimal('low', 'Lowest price in 24 h, quote asset.'),
        high: decimal('high', 'Highest price in 24 h, quote asset.'),
        change: decimal('change', 'Change of the last price over 24 h, quote asset.'),
        changePct: decimal('changePct', 'Percent.'),
        tradeCount: t.expose('tradeCount', {
          type: 'SafeInt',
          nullable: true,
          description: 'Trades in 24 h.',
        }),
        spread: t.expose('spread', {
          type: 'Decimal',
          nullable: true,
          description: 'ask - bid; null while a side is empty (Kraken sends it as 0)',
        }),
        spreadPercentage: t.expose('spreadPercentage', {
          type: 'Decimal',
          nullable: true,
          description: 'spread / midPrice * 100',
        }),
        midPrice: t.expose('midPrice', {
          type: 'Decimal',
          nullable: true,
          description: '(bid + ask) / 2; null while a side is empty',
        }),
        timestamp: t.expose('timestamp', {
          type: 'DateTime',
          nullable: true,
          description: "The exchange's time of this ticker; null where Kraken sent none.",
        }),
        freshness: t.field({
          type: FreshnessType,
          description: 'How far it can be trusted right now.',
          resolve: (ticker, _args, { services: { client, clock } }) =>
            freshness(ticker.receivedAt, client.feedState('ticker', ticker.symbol), clock.now(), () =>
              client.feedReason('ticker', ticker.symbol),
            ),
        }),
      };
    },
  });

  builder.queryField('ticker', t =>
    t.field({
      type: TickerType,
      nullable: true,
      description:
        'Latest ticker. A pair that is not streamed yet is subscribed upstream on demand and its first value awaited; many in one request share one upstream subscribe.',
      args: { symbol: t.arg(SYMBOL_ARGUMENT) },
      resolve: (_root, { symbol }, { loaders }) => loaders.ticker.load(symbol),
    }),
  );

  builder.queryField('tickers', t =>
    t.field({
      type: [TickerType],
      nullable: { list: false, items: true },
      ...costs({ items: SYMBOLS, weight: TICKER_WEIGHT }),
      description:
        'Latest tickers, in the order asked for. A pair that fails is null, with an error of its own.',
      args: { symbols: t.arg(SYMBOLS_ARGUMENT) },
      // Errors among the values are reported in the place of their item.
      resolve: (_root, { symbols }, { loaders }) =>
        loaders.ticker.loadMany(symbols) as Promise<TickerUpdate[]>,
    }),
  );

  builder.subscriptionField('ticker', t =>
    t.field({
      type: TickerType,
      ...costs({ each: SYMBOLS }),
      description: 'The ticker of each pair, now and at each change.',
      args: {
        symbols: t.arg(SYMBOLS_ARGUMENT),
        maxRate: t.arg.float(MAX_RATE_ARGUMENT),
      },
      subscribe: (_root, { symbols, maxRate }, { services }) =>
        asSource(latestFeed(tickerTopics(symbols), maxRate, topic => readTicker(services, topic))),
      resolve: unwrap<TickerUpdate>,
    }),
  );
}

function tickerTopics(symbols: readonly PairSymbol[]): readonly Topic[] {
  return distinct(symbols).map(symbol => ({ kind: 'ticker', symbol }));
}

function readTicker({ client, hub }: Services, topic: Topic): readonly (TickerUpdate | Error)[] {
  if (topic.kind !== 'ticker') return [];
  const value = client.market.ticker(topic.symbol) ?? hub.rejectionOf(topic);
  return value === undefined ? [] : [value];
}
