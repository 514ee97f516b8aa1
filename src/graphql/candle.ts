import type { Topic } from '../hub/topics.ts';
import { CANDLE_MINUTES, type CandleMinutes } from '../kraken/messages.ts';
import { candleFeed } from '../kraken/subscription.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import { freshness } from '../market/freshness.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';
import type { Builder } from './builder.ts';
import type { Context, Services } from './context.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';
import { restFailure } from './rest-failure.ts';
import { distinct, MAX_RATE_ARGUMENT, SYMBOL_ARGUMENT, SYMBOLS, SYMBOLS_ARGUMENT } from './symbols.ts';

const NAMES = {
  ONE_MINUTE: 1,
  FIVE_MINUTES: 5,
  FIFTEEN_MINUTES: 15,
  THIRTY_MINUTES: 30,
  ONE_HOUR: 60,
  FOUR_HOURS: 240,
  ONE_DAY: 1_440,
  ONE_WEEK: 10_080,
  FIFTEEN_DAYS: 21_600,
} as const satisfies Record<string, CandleMinutes>;

/** What Kraken's REST API knows of the past. */
const MOST = 720;

export function addCandle(builder: Builder, { FreshnessType }: FreshnessTypes): void {
  const CandleIntervalEnum = builder.enumType('CandleInterval', {
    description: 'How long a candle is.',
    values: Object.fromEntries(
      Object.entries(NAMES).map(([name, minutes]) => [
        name,
        { value: minutes, description: minutes === 1 ? '1 minute.' : `${minutes} minutes.` },
      ]),
    ) as { [Name in keyof typeof NAMES]: { value: (typeof NAMES)[Name]; description: string } },
  });

  const CandleType = builder.objectRef<OHLCUpdate>('Candle').implement({
    description: 'What the trades of one interval came to. An interval without trades has no candle.',
    fields: t => {
      const price = (field: 'open' | 'high' | 'low' | 'close' | 'vwap', description: string) =>
        t.expose(field, { type: 'Decimal', description });
      return {
        symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
        interval: t.expose('interval', { type: CandleIntervalEnum, description: 'Its length.' }),
        intervalBegin: t.expose('intervalBegin', {
          type: 'DateTime',
          description: 'When it begins, nanoseconds.',
        }),
        intervalEnd: t.expose('intervalEnd', {
          type: 'DateTime',
          description: 'When the next one may begin.',
        }),
        open: price('open', 'First price, quote asset.'),
        high: price('high', 'Highest price, quote asset.'),
        low: price('low', 'Lowest price, quote asset.'),
        close: price('close', 'Last price, quote asset.'),
        vwap: price('vwap', 'Volume-weighted average price, quote asset.'),
        volume: t.expose('volume', { type: 'Decimal', description: 'Base asset.' }),
        trades: t.expose('trades', { type: 'SafeInt', description: 'Number of trades.' }),
        closed: t.exposeBoolean('closed', {
          description:
            'It is over: a later one has begun, or its end is five seconds past. Only a correction changes it after that.',
        }),
        freshness: t.field({
          type: FreshnessType,
          description: 'How far it can be trusted right now.',
          resolve: (candle, _args, { services: { client, clock } }) =>
            freshness(
              candle.receivedAt,
              client.feedState(candleFeed(candle.interval), candle.symbol),
              clock.now(),
              () => client.feedReason(candleFeed(candle.interval), candle.symbol),
            ),
        }),
      };
    },
  });

  const INTERVAL_ARGUMENT = {
    type: CandleIntervalEnum,
    required: true,
    defaultValue: CANDLE_MINUTES[0],
    description: 'Length of a candle.',
  } as const;

  builder.queryField('ohlc', t =>
    t.field({
      type: [CandleType],
      ...costs({ items: { of: ['last'], otherwise: 100 } }),
      description:
        'Candles, oldest first; the last one may still be forming. Those that the stream has not told are fetched, up to 720 in all.',
      args: {
        symbol: t.arg(SYMBOL_ARGUMENT),
        interval: t.arg(INTERVAL_ARGUMENT),
        last: t.arg.int({
          required: true,
          defaultValue: 100,
          description: `At most this many, 1 to ${MOST}.`,
        }),
      },
      resolve: (_root, { symbol, interval, last }, context) => candles(context, symbol, interval, last),
    }),
  );

  builder.subscriptionField('ohlc', t =>
    t.field({
      type: CandleType,
      ...costs({ each: SYMBOLS }),
      description:
        'The latest candle of each pair, then each candle that changes. One that ends comes once more, closed, before the next; one that Kraken corrects later comes again.',
      args: {
        symbols: t.arg(SYMBOLS_ARGUMENT),
        interval: t.arg(INTERVAL_ARGUMENT),
        maxRate: t.arg.float(MAX_RATE_ARGUMENT),
      },
      subscribe: (_root, { symbols, interval, maxRate }, { services }) =>
        asSource(candleUpdates(services, distinct(symbols), interval, maxRate)),
      resolve: unwrap<OHLCUpdate>,
    }),
  );
}

async function candles(
  context: Context,
  symbol: PairSymbol,
  interval: CandleMinutes,
  last: number,
): Promise<readonly OHLCUpdate[]> {
  if (!(last >= 1 && last <= MOST)) {
    throw new CodedError('BAD_USER_INPUT', `last is 1 to ${MOST}, not ${last}`);
  }
  const { services, share } = context;
  const release = services.hub.hold({ kind: 'ohlc', symbol, interval }, share);
  try {
    return await candlesHeld(context, symbol, interval, last);
  } finally {
    release();
  }
}

async function candlesHeld(
  { loaders, services: { client }, clientKey }: Context,
  symbol: PairSymbol,
  interval: CandleMinutes,
  last: number,
): Promise<readonly OHLCUpdate[]> {
  await loaders.candles.load({ symbol, interval });
  if (client.getOhlcData(symbol, last, interval).length < last) {
    await client.loadOhlcHistory(symbol, interval, { client: clientKey }).catch((error: Error) => {
      throw restFailure(`Candles of ${symbol}`, error);
    });
  }
  return client.getOhlcData(symbol, last, interval);
}

function candleUpdates(
  { client, hub }: Services,
  symbols: readonly PairSymbol[],
  interval: CandleMinutes,
  maxRate: number | null | undefined,
) {
  const topics: readonly Topic[] = symbols.map(symbol => ({ kind: 'ohlc', symbol, interval }));
  return latestFeed<OHLCUpdate>(topics, maxRate, topic => {
    if (topic.kind !== 'ohlc') return [];
    const candle =
      topic.begin === undefined
        ? client.market.candles(topic.symbol, interval, 1)?.[0]
        : client.market.candle(topic.symbol, interval, topic.begin);
    const value = candle ?? hub.rejectionOf(topic);
    return value === undefined ? [] : [value];
  });
}
