import type { Topic } from '../hub/topics.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { TradeGap, TradeTape } from '../market/trade-tape.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import type { Builder } from './builder.ts';
import type { Context } from './context.ts';
import { costs } from './cost.ts';
import type { CursorSigner, TradeCursor } from './cursor.ts';
import { asSource, eventFeed, type Feed, refusals, unwrap } from './feed.ts';
import { pageOf } from './page.ts';
import { distinct, SYMBOL_ARGUMENT, SYMBOLS, SYMBOLS_ARGUMENT } from './symbols.ts';
import { batchesOf, cursorsBySymbol, prepareAll, type TradeBatch, TradeReplay } from './trade-replay.ts';

/** A page of trades. */
interface TradeConnection {
  readonly trades: readonly TradeUpdate[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 1_000;

const PAGE = costs({ items: 'page' });
const LAST = { of: ['last'], otherwise: DEFAULT_PAGE } as const;
const FIRST_OR_LAST = { of: ['first', 'last'], otherwise: DEFAULT_PAGE } as const;
/** Trades from an old cursor may have to be fetched from Kraken, which answers once a second. */
const REPLAY = { argument: 'after', units: 2_000 } as const;

export function addTrade(builder: Builder): void {
  const SideEnum = builder.enumType('Side', {
    description: 'Which side the taker was on.',
    values: {
      BUY: { value: 'buy', description: 'The taker bought.' },
      SELL: { value: 'sell', description: 'The taker sold.' },
    } as const,
  });
  const OrderTypeEnum = builder.enumType('OrderType', {
    description: 'What order the taker had placed.',
    values: {
      LIMIT: { value: 'limit', description: 'With a price.' },
      MARKET: { value: 'market', description: 'At any price.' },
    } as const,
  });

  const TradeType = builder.objectRef<TradeUpdate>('Trade').implement({
    description: 'A public trade.',
    fields: t => ({
      symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
      tradeId: t.expose('tradeId', {
        type: 'SafeInt',
        description: 'Rises by one with each trade of the pair.',
      }),
      side: t.expose('side', { type: SideEnum, description: 'Side of the taker.' }),
      price: t.expose('price', { type: 'Decimal', description: 'Quote asset for one of the base asset.' }),
      qty: t.expose('qty', { type: 'Decimal', description: 'Base asset.' }),
      ordType: t.expose('ordType', { type: OrderTypeEnum, description: 'Order type of the taker.' }),
      timestamp: t.expose('timestamp', {
        type: 'DateTime',
        description: "The exchange's time, microseconds.",
      }),
    }),
  });

  const TradeGapType = builder.objectRef<TradeGap>('TradeGap').implement({
    description: 'Trades that are known to be missing, both ends included.',
    fields: t => ({
      fromTradeId: t.expose('fromTradeId', { type: 'SafeInt', description: 'The first of them.' }),
      toTradeId: t.expose('toTradeId', { type: 'SafeInt', description: 'The last of them.' }),
      missing: t.field({
        type: 'SafeInt',
        description: 'How many.',
        resolve: ({ fromTradeId, toTradeId }) => toTradeId - fromTradeId + 1,
      }),
    }),
  });

  const TradeBatchType = builder.objectRef<TradeBatch>('TradeBatch').implement({
    description: 'Trades of one pair, in order of tradeId; at least one.',
    fields: t => ({
      symbol: t.field({ type: 'Symbol', description: 'The pair.', resolve: batch => lastOf(batch).symbol }),
      trades: t.expose('trades', { type: [TradeType], ...PAGE, description: 'Oldest first.' }),
      cursor: t.string({
        description: 'Resume after the last of these trades.',
        resolve: (batch, _args, { services: { cursors } }) => cursors.sign(lastOf(batch)),
      }),
      gap: t.expose('gap', {
        type: TradeGapType,
        nullable: true,
        description:
          'Trades known to be missing before this batch that could not be recovered. Null in ordinary operation.',
      }),
    }),
  });

  const PageInfoType = builder.objectRef<TradeConnection>('PageInfo').implement({
    description: 'Where a page stands among all pages.',
    fields: t => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are later items.' }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
        description: 'Whether there are earlier items, as far as is kept.',
      }),
      startCursor: t.string({
        nullable: true,
        description: 'Of the first item; null of an empty page.',
        resolve: ({ trades: [first] }, _args, { services: { cursors } }) => first && cursors.sign(first),
      }),
      endCursor: t.string({
        nullable: true,
        description: 'Of the last item; null of an empty page.',
        resolve: ({ trades }, _args, { services: { cursors } }) => {
          const last = trades.at(-1);
          return last && cursors.sign(last);
        },
      }),
    }),
  });

  const TradeEdgeType = builder.objectRef<TradeUpdate>('TradeEdge').implement({
    description: 'A trade and its place.',
    fields: t => ({
      cursor: t.string({
        description: 'Behind this trade.',
        resolve: (trade, _args, { services: { cursors } }) => cursors.sign(trade),
      }),
      node: t.field({ type: TradeType, description: 'The trade.', resolve: trade => trade }),
    }),
  });

  const TradeConnectionType = builder.objectRef<TradeConnection>('TradeConnection').implement({
    description: 'A page of trades, oldest first.',
    fields: t => ({
      edges: t.field({
        type: [TradeEdgeType],
        ...PAGE,
        description: 'The trades with their cursors.',
        resolve: page => page.trades,
      }),
      nodes: t.field({
        type: [TradeType],
        ...PAGE,
        description: 'The trades without cursors.',
        resolve: page => page.trades,
      }),
      pageInfo: t.field({ type: PageInfoType, description: 'Where the page stands.', resolve: page => page }),
    }),
  });

  builder.queryField('trades', t =>
    t.field({
      type: TradeConnectionType,
      ...costs({ page: FIRST_OR_LAST, extra: REPLAY }),
      description:
        'Recent public trades as a Relay connection, oldest first; cursors are accepted by Subscription.trades(after:). The last 50 without first and last; 1,000 are kept, and what is older is fetched when `after` asks for it.',
      args: {
        symbol: t.arg(SYMBOL_ARGUMENT),
        first: t.arg.int({ description: 'At most this many, 0 to 1000, from the beginning.' }),
        after: t.arg.string({ description: 'Only trades after this cursor.' }),
        last: t.arg.int({ description: 'At most this many, 0 to 1000, from the end.' }),
        before: t.arg.string({ description: 'Only trades before this cursor.' }),
      },
      resolve: async (_root, { symbol, ...page }, context) =>
        connectionOf(context, symbol, await context.loaders.trades.load(symbol), page),
    }),
  );

  builder.subscriptionField('trades', t =>
    t.field({
      type: TradeBatchType,
      extensions: {
        ...costs({ page: LAST, each: SYMBOLS, extra: REPLAY }).extensions,
        beginnings: ['after', 'last'],
      },
      description:
        'Every trade, exactly once and in order of tradeId. `after` takes cursors (at most one a symbol) and first replays what was missed since; a symbol without a cursor starts with its last `last` cached trades.',
      args: {
        symbols: t.arg(SYMBOLS_ARGUMENT),
        after: t.arg.stringList({ description: 'Cursors of earlier batches, at most one of each pair.' }),
        last: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: 'Cached trades to begin with, 0 to 1000, of pairs without a cursor.',
        }),
      },
      subscribe: (_root, { symbols, after, last }, context) =>
        asSource(tradeFeed(context, distinct(symbols), after ?? [], last)),
      resolve: unwrap<TradeBatch>,
    }),
  );
}

function tradeFeed(
  { services, clientKey }: Context,
  symbols: readonly PairSymbol[],
  after: readonly string[],
  last: number,
): Feed<TradeBatch> {
  if (last < 0 || last > LARGEST_PAGE) {
    throw new CodedError('BAD_USER_INPUT', `last is 0 to ${LARGEST_PAGE}, not ${last}`);
  }
  const { client, hub } = services;
  const cursors = cursorsBySymbol(
    after.map(text => services.cursors.read(text)),
    symbols,
  );
  const replays = new Map(
    [...cursors].map(([symbol, cursor]) => [symbol, new TradeReplay(services, cursor, clientKey)]),
  );
  const topics: readonly Topic[] = symbols.map(symbol => ({ kind: 'trades', symbol }));
  return eventFeed<TradeBatch>(topics, {
    current: topic => {
      if (topic.kind !== 'trades') return [];
      const { symbol } = topic;
      const rejection = hub.rejectionOf(topic);
      if (rejection !== undefined) return [rejection];
      const replay = replays.get(symbol);
      if (replay === undefined) return batchesOf(client.market.trades(symbol, last) ?? []);
      // Once: what comes later comes as it happens.
      replays.delete(symbol);
      return batchesOf(replay.trades(), cursors.get(symbol)?.tradeId);
    },
    prepare: gone => {
      const late = [...replays.values()].filter(replay => !replay.isReady);
      return late.length === 0 ? undefined : prepareAll(services, late, gone);
    },
    step: refusals(topic => hub.rejectionOf(topic)),
    standing: topic => {
      const latest = topic.kind === 'trades' ? client.market.tape(topic.symbol)?.latest : undefined;
      return latest && { trades: [latest], gap: undefined };
    },
    slowConsumer: events => {
      const places = [...events].map(event => services.cursors.sign(lastOf(event as TradeBatch)));
      const [cursor] = places;
      return cursor === undefined ? {} : { cursor, cursors: places };
    },
  });
}

async function connectionOf(
  context: Context,
  symbol: PairSymbol,
  tape: TradeTape,
  { first, after, last, before }: PageArguments,
): Promise<TradeConnection> {
  for (const [name, value] of Object.entries({ first, last })) {
    if (value !== null && value !== undefined && !(value >= 0 && value <= LARGEST_PAGE)) {
      throw new CodedError('BAD_USER_INPUT', `${name} is 0 to ${LARGEST_PAGE}, not ${value}`);
    }
  }
  const { cursors } = context.services;
  const start = after === null || after === undefined ? undefined : readCursorOf(cursors, symbol, after);
  const end = before === null || before === undefined ? undefined : readCursorOf(cursors, symbol, before);
  const kept = start === undefined ? tape.last(LARGEST_PAGE) : await tradesAfter(context, start);
  const { edges, ...page } = pageOf(
    kept.filter(({ tradeId }) => end === undefined || tradeId < end.tradeId),
    {
      first: first ?? undefined,
      last: last ?? ((first ?? undefined) === undefined ? DEFAULT_PAGE : undefined),
      hasEarlier: start !== undefined,
      hasLater: end !== undefined,
    },
  );
  return { trades: edges, ...page };
}

async function tradesAfter(
  { services, clientKey }: Context,
  cursor: TradeCursor,
): Promise<readonly TradeUpdate[]> {
  const replay = new TradeReplay(services, cursor, clientKey);
  if (!replay.isReady) await replay.fetchInTime();
  return replay.trades();
}

/** @throws {CodedError} `CURSOR_INVALID` */
function readCursorOf(cursors: CursorSigner, symbol: PairSymbol, text: string): TradeCursor {
  const cursor = cursors.read(text);
  if (cursor.symbol === symbol) return cursor;
  throw new CodedError('CURSOR_INVALID', `This is a cursor of ${cursor.symbol}, not of ${symbol}`);
}

function lastOf({ trades }: TradeBatch): TradeUpdate {
  return trades.at(-1) as TradeUpdate;
}
