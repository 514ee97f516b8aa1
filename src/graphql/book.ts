import type { Topic } from '../hub/topics.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import { type BookEvent, BookMirror, type LevelChange, type SnapshotReason } from '../market/book-mirror.ts';
import { freshness } from '../market/freshness.ts';
import type { OrderBookUpdate } from '../market/order-book-update.ts';
import { readBook } from './book-reading.ts';
import type { Builder } from './builder.ts';
import type { Services } from './context.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, mirrorFeed, refusals, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';
import {
  DEPTH_ARGUMENT,
  distinct,
  MAX_RATE_ARGUMENT,
  SYMBOL_ARGUMENT,
  SYMBOLS,
  SYMBOLS_ARGUMENT,
} from './symbols.ts';

const REASONS = {
  SUBSCRIBED: { description: 'The first of this reader, or of this book.' },
  RESYNCED: { description: 'After an interruption.' },
  SLOW_CONSUMER: { description: 'This reader was too slow for every delta.' },
} satisfies Record<SnapshotReason, object>;

const DEEPEST = 1_000;

const DEPTH = { of: ['depth'], otherwise: 10 } as const;
const LEVELS = costs({ items: 'page' });

type EventOf<Kind extends BookEvent['kind']> = Extract<BookEvent, { kind: Kind }>;

export function addBook(builder: Builder, { FeedStateEnum, FreshnessType }: FreshnessTypes): void {
  const BookLevelType = builder.objectRef<LevelChange>('BookLevel').implement({
    description: 'A price of an order book, and how much there is at it.',
    fields: t => ({
      price: t.expose('price', { type: 'Decimal', description: 'Quote asset for one of the base asset.' }),
      qty: t.expose('qty', { type: 'Decimal', description: 'Base asset.' }),
    }),
  });

  const BookType = builder.objectRef<OrderBookUpdate>('Book').implement({
    description: 'An order book whose checksum has been verified, best levels first.',
    fields: t => ({
      symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
      depth: t.exposeInt('depth', { description: 'Levels a side that were asked for; there may be fewer.' }),
      bids: t.expose('bids', { type: [BookLevelType], ...LEVELS, description: 'Highest price first.' }),
      asks: t.expose('asks', { type: [BookLevelType], ...LEVELS, description: 'Lowest price first.' }),
      bestBid: t.expose('bestBid', {
        type: BookLevelType,
        nullable: true,
        description: 'Highest price that a buyer offers; null while nobody does.',
      }),
      bestAsk: t.expose('bestAsk', {
        type: BookLevelType,
        nullable: true,
        description: 'Lowest price that a seller asks; null while nobody does.',
      }),
      spread: t.expose('spread', {
        type: 'Decimal',
        nullable: true,
        description: 'Best ask - best bid, quote asset; null while a side is empty.',
      }),
      midPrice: t.expose('midPrice', {
        type: 'Decimal',
        nullable: true,
        description: '(best bid + best ask) / 2, quote asset; null while a side is empty.',
      }),
      checksum: t.expose('checksum', {
        type: 'SafeInt',
        description: "Kraken's CRC32 over the top ten levels a side.",
      }),
      verified: t.boolean({
        description:
          "The CRC32 computed here over this very state equals Kraken's. A state that fails is never published.",
        resolve: () => true,
      }),
      sequence: t.expose('sequence', {
        type: 'SafeInt',
        description: 'Rises with each state of this book on this server.',
      }),
      timestamp: t.expose('timestamp', {
        type: 'DateTime',
        nullable: true,
        description: "The exchange's time of the last change; null where Kraken sent none.",
      }),
      freshness: t.field({
        type: FreshnessType,
        description: 'How far it can be trusted right now.',
        resolve: (book, _args, { services: { client, clock } }) =>
          freshness(book.receivedAt, client.feedState('book', book.symbol), clock.now(), () =>
            client.feedReason('book', book.symbol),
          ),
      }),
    }),
  });

  const SnapshotReasonEnum = builder.enumType('SnapshotReason', {
    description: 'Why a mirrored book begins anew.',
    values: REASONS,
  });

  const BookSnapshotType = builder.objectRef<EventOf<'snapshot'>>('BookSnapshot').implement({
    description: 'Replace the mirrored book by this one.',
    fields: t => ({
      book: t.expose('book', { type: BookType, description: 'The whole of it, to the depth asked for.' }),
      reason: t.expose('reason', { type: SnapshotReasonEnum, description: 'Why.' }),
    }),
  });

  const BookDeltaType = builder.objectRef<EventOf<'delta'>>('BookDelta').implement({
    description:
      "Levels that changed: qty replaces, and 0 removes; keep the best `depth` levels. After it the mirrored book equals the server's. Changes of one event-loop turn may come as one delta; previousSequence is always the sequence of the event that this reader got before it. The checksum covers the top ten levels, so a reader of fewer cannot verify it.",
    fields: t => ({
      symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
      bids: t.expose('bids', {
        type: [BookLevelType],
        ...LEVELS,
        description: 'Levels of the bids that changed.',
      }),
      asks: t.expose('asks', {
        type: [BookLevelType],
        ...LEVELS,
        description: 'Levels of the asks that changed.',
      }),
      checksum: t.expose('checksum', {
        type: 'SafeInt',
        description: "Kraken's CRC32 over the top ten levels a side, after the change.",
      }),
      sequence: t.expose('sequence', { type: 'SafeInt', description: 'Of the state after it.' }),
      previousSequence: t.expose('previousSequence', {
        type: 'SafeInt',
        description: 'Of the state to which it has to be applied.',
      }),
      timestamp: t.expose('timestamp', {
        type: 'DateTime',
        nullable: true,
        description: "The exchange's time of the last change; null where Kraken sent none.",
      }),
    }),
  });

  const BookInterruptionType = builder.objectRef<EventOf<'interruption'>>('BookInterruption').implement({
    description: 'The mirrored book is stale until the next snapshot.',
    fields: t => ({
      symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
      state: t.expose('state', { type: FeedStateEnum, description: 'Why.' }),
      at: t.expose('at', { type: 'DateTime', description: 'Since when.' }),
    }),
  });

  const BookEventUnion = builder.unionType('BookEvent', {
    description: 'One step of a mirrored book.',
    types: [BookSnapshotType, BookDeltaType, BookInterruptionType],
    resolveType: event => TYPE_NAMES[(event as BookEvent).kind],
  });

  builder.queryField('book', t =>
    t.field({
      type: BookType,
      nullable: true,
      ...costs({ page: DEPTH }),
      description: 'Checksum-verified order book, best levels first. depth is 1 to 1000.',
      args: { symbol: t.arg(SYMBOL_ARGUMENT), depth: t.arg.int(DEPTH_ARGUMENT) },
      resolve: (_root, { symbol, depth }, { loaders }) =>
        loaders.book.load({ symbol, depth: checkedDepth(depth) }),
    }),
  );

  builder.subscriptionField('book', t =>
    t.field({
      type: BookType,
      ...costs({ page: DEPTH, each: SYMBOLS }),
      description: 'The whole book to `depth` at each change.',
      args: {
        symbols: t.arg(SYMBOLS_ARGUMENT),
        depth: t.arg.int(DEPTH_ARGUMENT),
        maxRate: t.arg.float(MAX_RATE_ARGUMENT),
      },
      subscribe: (_root, { symbols, depth, maxRate }, { services }) => {
        const topics = bookTopics('book', symbols, depth);
        return asSource(latestFeed(topics, maxRate, topic => readNow(services, topic, depth)));
      },
      resolve: unwrap<OrderBookUpdate>,
    }),
  );

  builder.subscriptionField('bookUpdates', t =>
    t.field({
      type: BookEventUnion,
      ...costs({ page: DEPTH, each: SYMBOLS }),
      description: 'A snapshot, then only the levels that changed: the cheap way to mirror a book.',
      args: { symbols: t.arg(SYMBOLS_ARGUMENT), depth: t.arg.int(DEPTH_ARGUMENT) },
      subscribe: (_root, { symbols, depth }, { services }) =>
        asSource(bookMirrors(services, bookTopics('bookUpdates', symbols, depth), depth)),
      resolve: unwrap<BookEvent>,
    }),
  );
}

const TYPE_NAMES = {
  snapshot: 'BookSnapshot',
  delta: 'BookDelta',
  interruption: 'BookInterruption',
} as const satisfies Record<BookEvent['kind'], string>;

/** A mirror for each pair, whose steps all readers of a broadcast share. */
function bookMirrors(services: Services, topics: readonly Topic[], depth: number) {
  const { client, clock, hub } = services;
  const mirrors = new Map<string, BookMirror>();
  const mirrorOf = (symbol: PairSymbol): BookMirror => {
    let mirror = mirrors.get(symbol);
    if (mirror === undefined) {
      mirror = new BookMirror(symbol);
      mirrors.set(symbol, mirror);
    }
    return mirror;
  };
  const refused = refusals(topic => hub.rejectionOf(topic));
  const step = (topic: Topic): readonly (BookEvent | Error)[] => {
    if (topic.kind !== 'bookUpdates') return [];
    const refusal = refused(topic);
    if (refusal.length > 0) return refusal;
    const state = client.feedState('book', topic.symbol) ?? 'DISCONNECTED';
    return mirrorOf(topic.symbol).step(readBook(client, topic.symbol, depth), state, clock.now());
  };
  return mirrorFeed<BookEvent>(topics, {
    step,
    current: (topic, reason) => {
      if (topic.kind !== 'bookUpdates') return [];
      const rejection = hub.rejectionOf(topic);
      return rejection === undefined ? mirrorOf(topic.symbol).current(reason, clock.now()) : [rejection];
    },
  });
}

function readNow(
  { client, hub }: Services,
  topic: Topic,
  depth: number,
): readonly (OrderBookUpdate | Error)[] {
  if (topic.kind !== 'book') return [];
  const value = readBook(client, topic.symbol, depth) ?? hub.rejectionOf(topic);
  return value === undefined ? [] : [value];
}

function bookTopics(
  kind: 'book' | 'bookUpdates',
  symbols: readonly PairSymbol[],
  depth: number,
): readonly Topic[] {
  return distinct(symbols).map(symbol => ({ kind, symbol, depth: checkedDepth(depth) }));
}

function checkedDepth(depth: number): number {
  if (depth >= 1 && depth <= DEEPEST) return depth;
  throw new CodedError('BAD_USER_INPUT', `depth is 1 to ${DEEPEST}, not ${depth}`);
}
