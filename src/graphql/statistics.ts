import type { BalanceStreamingStatus } from '../client/account.ts';
import type { ClientStatistics } from '../hub/hub.ts';
import type { LagView } from '../hub/lag.ts';
import type { ChannelStatistics, MessageStatistics } from '../kraken/statistics.ts';
import type { BookStatistics } from '../market/books.ts';
import type { TradeStatistics } from '../market/trades.ts';
import type { Builder } from './builder.ts';
import { costs } from './cost.ts';

/** What is counted of the feed, of what is known by it, and of the clients. */
export function addStatistics(builder: Builder) {
  const ChannelStatisticsType = builder.objectRef<ChannelStatistics>('ChannelStatistics').implement({
    description: 'What came in on one channel; answers to requests count as the channel method.',
    fields: t => ({
      channel: t.exposeString('channel', { description: "Kraken's name of it." }),
      total: t.expose('total', { type: 'SafeInt', description: 'Messages since the start.' }),
      errors: t.expose('errors', {
        type: 'SafeInt',
        description: 'Of these, frames that were not understood and requests that were refused.',
      }),
      ratePerSecond: t.exposeFloat('ratePerSecond', { description: 'Over the last ten seconds.' }),
      lastMessageAt: t.expose('lastMessageAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the last one arrived.',
      }),
    }),
  });

  const MessageStatisticsType = builder.objectRef<MessageStatistics>('MessageStatistics').implement({
    description: 'What came in from Kraken.',
    fields: t => ({
      total: t.expose('total', { type: 'SafeInt', description: 'Messages since the start.' }),
      errors: t.expose('errors', {
        type: 'SafeInt',
        description: 'Of these, frames that were not understood and requests that were refused.',
      }),
      ratePerSecond: t.exposeFloat('ratePerSecond', { description: 'Over the last ten seconds.' }),
      channels: t.expose('channels', {
        type: [ChannelStatisticsType],
        ...costs({ items: 32 }),
        description: 'The same by channel.',
      }),
    }),
  });

  const LagType = builder.objectRef<LagView>('Lag').implement({
    description:
      "How late values reach subscribers: from the exchange's timestamp to the write to their sockets, over the last ten seconds. As right as the clocks of both.",
    fields: t => ({
      medianMs: t.exposeFloat('medianMs', { description: 'Half of them were no later than this.' }),
      p99Ms: t.exposeFloat('p99Ms', { description: '99 of 100 were no later than this.' }),
    }),
  });

  const ClientStatisticsType = builder.objectRef<ClientStatistics>('ClientStatistics').implement({
    description: 'The clients of this server.',
    fields: t => ({
      connections: t.exposeInt('connections', { description: 'Open WebSockets and event streams.' }),
      refused: t.expose('refused', {
        type: 'SafeInt',
        description: 'TCP connections for which there was no room.',
      }),
      subscriptions: t.exposeInt('subscriptions', { description: 'GraphQL subscriptions under way.' }),
      broadcasts: t.exposeInt('broadcasts', {
        description: 'Distinct subscriptions that are executed; every subscriber of one shares its result.',
      }),
      delivered: t.expose('delivered', { type: 'SafeInt', description: 'Values handed to subscribers.' }),
      conflated: t.expose('conflated', {
        type: 'SafeInt',
        description: 'Values that a later one replaced before they were delivered.',
      }),
      slowConsumers: t.expose('slowConsumers', {
        type: 'SafeInt',
        description: 'Times that a reader fell behind.',
      }),
    }),
  });

  const BookStatisticsType = builder.objectRef<BookStatistics>('BookStatistics').implement({
    description: 'How the checksums of order books do.',
    fields: t => ({
      verified: t.expose('verified', {
        type: 'SafeInt',
        description: 'Messages after which the checksum was right.',
      }),
      checksumFailures: t.expose('checksumFailures', {
        type: 'SafeInt',
        description: 'Messages after which it was wrong; none of them was published.',
      }),
      resyncs: t.expose('resyncs', {
        type: 'SafeInt',
        description: 'Books that verified again after a failure.',
      }),
    }),
  });

  const TradeStatisticsType = builder.objectRef<TradeStatistics>('TradeStatistics').implement({
    description: 'How complete the trades are.',
    fields: t => ({
      duplicatesDropped: t.expose('duplicatesDropped', {
        type: 'SafeInt',
        description: 'Trades that came again, in a snapshot or twice.',
      }),
      gapsDetected: t.expose('gapsDetected', {
        type: 'SafeInt',
        description: 'Times that trades were found missing.',
      }),
      gapsRepaired: t.expose('gapsRepaired', {
        type: 'SafeInt',
        description: 'Of these, those that were filled.',
      }),
      tradesRecovered: t.expose('tradesRecovered', {
        type: 'SafeInt',
        description: 'Trades that filled them.',
      }),
      tradesLost: t.expose('tradesLost', {
        type: 'SafeInt',
        description: 'Trades that could not be recovered, each named in the gap of a TradeBatch.',
      }),
    }),
  });

  const BalanceStreamingStatusType = builder
    .objectRef<BalanceStreamingStatus>('BalanceStreamingStatus')
    .implement({
      description: "How the account's balances are kept up to date; no balance is in it.",
      fields: t => ({
        enabled: t.exposeBoolean('enabled', { description: 'Whether an API key is configured.' }),
        healthy: t.exposeBoolean('healthy', { description: 'Whether balances stream, unbroken.' }),
        tokenAvailable: t.exposeBoolean('tokenAvailable', {
          description: 'Whether a WebSocket token is at hand.',
        }),
        tokenAgeSeconds: t.exposeFloat('tokenAgeSeconds', {
          nullable: true,
          description: 'Seconds since it was obtained.',
        }),
        lastUpdateAt: t.expose('lastUpdateAt', {
          type: 'DateTime',
          nullable: true,
          description: 'When balances last changed.',
        }),
        sequence: t.expose('sequence', {
          type: 'SafeInt',
          nullable: true,
          description: 'Of the last message; null while a snapshot is awaited.',
        }),
        sequenceGaps: t.expose('sequenceGaps', {
          type: 'SafeInt',
          description: 'Times that a message did not follow the one before it.',
        }),
        denied: t.exposeString('denied', {
          nullable: true,
          description: 'Why there is nothing to expect: a permission that the key lacks, as a rule.',
        }),
        holdsDenied: t.exposeString('holdsDenied', {
          nullable: true,
          description: 'Why what orders hold is not known, while balances stream.',
        }),
      }),
    });

  return {
    MessageStatisticsType,
    LagType,
    ClientStatisticsType,
    BookStatisticsType,
    TradeStatisticsType,
    BalanceStreamingStatusType,
  };
}
