import type { BalanceStreamingStatus } from '../client/account.ts';
import type { ConnectionView } from '../client/upstream.ts';
import type { KrakenWebSocketV2 } from '../client.ts';
import { type Health, healthOf } from '../hub/health.ts';
import type { ClientStatistics } from '../hub/hub.ts';
import type { LagView } from '../hub/lag.ts';
import type { ChannelStatistics, MessageStatistics } from '../kraken/statistics.ts';
import { feedOf, type SubscriptionView, symbolOf } from '../kraken/subscription.ts';
import type { BookStatistics } from '../market/books.ts';
import type { FeedState } from '../market/freshness.ts';
import type { TradeStatistics } from '../market/trades.ts';
import type { Builder } from './builder.ts';
import type { Services } from './context.ts';
import { asSource, clockFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';

const HEALTH = {
  HEALTHY: { description: 'Connected, and everything that is subscribed streams.' },
  DEGRADED: { description: 'Connected, and something does not stream, or the exchange is not online.' },
  DOWN: { description: 'Not connected: values are the last ones known.' },
} satisfies Record<Health, object>;

const CONNECTION_STATES = {
  DISABLED: { description: 'Not wanted: no credentials are configured.' },
  CONNECTING: { description: 'On its way.' },
  CONNECTED: { description: 'Kraken greeted us.' },
  BACKING_OFF: { description: 'Waiting before the next attempt.' },
  CLOSED: { description: 'Closed on purpose.' },
} satisfies Record<ConnectionView['state'], object>;

/** Subscriptions at Kraken that are in one state. */
interface SubscriptionCount {
  readonly state: FeedState;
  readonly count: number;
}

/** Where a subscription stands, its data included: a book may be out of step while its subscription lives. */
function stateOf(client: KrakenWebSocketV2, { topic, state }: SubscriptionView): FeedState {
  if (topic.channel === 'balances') return client.balancesState;
  return ('symbol' in topic ? client.feedState(feedOf(topic), topic.symbol) : undefined) ?? state;
}

function countsOf(client: KrakenWebSocketV2): readonly SubscriptionCount[] {
  const counts = new Map<FeedState, number>();
  for (const subscription of client.getSubscriptions()) {
    const state = stateOf(client, subscription);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => ({ state, count }));
}

/** How many times a second a status may be read by the clock. */
const HIGHEST_STATUS_RATE = 10;

export function addStatus(builder: Builder, { FeedStateEnum }: FreshnessTypes): void {
  const HealthEnum = builder.enumType('Health', { description: 'How the feed does.', values: HEALTH });
  const ConnectionStateEnum = builder.enumType('ConnectionState', {
    description: 'State of an upstream connection.',
    values: CONNECTION_STATES,
  });

  const UpstreamConnection = builder.objectRef<ConnectionView>('UpstreamConnection').implement({
    description: 'A connection to Kraken.',
    fields: t => ({
      state: t.expose('state', { type: ConnectionStateEnum, description: 'Where it stands.' }),
      connected: t.boolean({
        description: 'Whether it is CONNECTED.',
        resolve: connection => connection.state === 'CONNECTED',
      }),
      authenticated: t.exposeBoolean('authenticated', {
        description: 'Whether Kraken accepted our token on it.',
      }),
      connectedAt: t.expose('connectedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'Since when; null while it is not connected.',
      }),
      lastMessageAt: t.expose('lastMessageAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When its last frame arrived.',
      }),
      reconnects: t.expose('reconnects', {
        type: 'SafeInt',
        description: 'Times that it was connected anew.',
      }),
      latencyMs: t.exposeFloat('latencyMs', { nullable: true, description: 'Round trip of the last ping.' }),
      lastError: t.exposeString('lastError', {
        nullable: true,
        description: 'Why it was last lost, or why the last attempt failed.',
      }),
    }),
  });

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
      channels: t.expose('channels', { type: [ChannelStatisticsType], description: 'The same by channel.' }),
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

  const UpstreamSubscription = builder.objectRef<SubscriptionView>('UpstreamSubscription').implement({
    description: 'One subscription at Kraken.',
    fields: t => ({
      channel: t.string({ description: 'What of it.', resolve: ({ topic }) => topic.channel }),
      symbol: t.string({
        nullable: true,
        description: 'The pair; null for a channel without pairs.',
        resolve: ({ topic }) => ('symbol' in topic ? topic.symbol : null),
      }),
      depth: t.int({
        nullable: true,
        description: 'Levels a side, of a book.',
        resolve: ({ topic }) => ('depth' in topic ? topic.depth : null),
      }),
      interval: t.int({
        nullable: true,
        description: 'Minutes, of candles.',
        resolve: ({ topic }) => ('interval' in topic ? topic.interval : null),
      }),
      state: t.field({
        type: FeedStateEnum,
        description: 'Where it stands.',
        resolve: (subscription, _args, { services: { client } }) => stateOf(client, subscription),
      }),
      subscribers: t.int({
        description: 'GraphQL subscriptions that need it now.',
        resolve: ({ topic }, _args, { services: { hub } }) => hub.subscribersOf(topic),
      }),
      lastMessageAt: t.expose('lastMessageAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When its last data arrived.',
      }),
      error: t.exposeString('error', { nullable: true, description: "Kraken's words, when it refused." }),
    }),
  });

  const SubscriptionCountType = builder.objectRef<SubscriptionCount>('SubscriptionCount').implement({
    description: 'How many subscriptions at Kraken are in one state.',
    fields: t => ({
      state: t.expose('state', { type: FeedStateEnum, description: 'Where they stand.' }),
      count: t.exposeInt('count', { description: 'How many of them there are.' }),
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

  const StatusType = builder.objectRef<Services>('Status').implement({
    description: 'How this server and its feed do.',
    fields: t => ({
      health: t.field({
        type: HealthEnum,
        description: 'In one word.',
        resolve: ({ client }) => healthOf(client),
      }),
      version: t.exposeString('version', { description: 'Of this server.' }),
      startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it started.' }),
      uptimeSeconds: t.float({
        description: 'Seconds since then.',
        resolve: ({ clock, startedAt }) => (clock.now() - startedAt) / 1000,
      }),
      exchange: t.string({
        nullable: true,
        description:
          "Kraken's own system state: online, maintenance, cancel_only, post_only, limit_only; null before it was heard.",
        resolve: ({ client }) => client.exchangeStatus,
      }),
      public: t.field({
        type: UpstreamConnection,
        description: 'Market data.',
        resolve: ({ client }) => client.getConnectionStatus().public,
      }),
      private: t.field({
        type: UpstreamConnection,
        description: 'Balances.',
        resolve: ({ client }) => client.getConnectionStatus().private,
      }),
      messages: t.field({
        type: MessageStatisticsType,
        description: 'What came in.',
        resolve: ({ client }) => client.getMessageStatistics(),
      }),
      lag: t.field({
        type: LagType,
        nullable: true,
        description: 'How late values reach subscribers; null when none was sent of late.',
        resolve: ({ hub, clock }) => hub.lag.view(clock.now()),
      }),
      subscriptions: t.field({
        type: [UpstreamSubscription],
        description: 'What is subscribed at Kraken.',
        args: {
          symbol: t.arg({ type: 'Symbol', description: 'Of this pair alone; of all, and of none, if null.' }),
          live: t.arg.boolean({ description: 'Those that are LIVE, or those that are not; all if null.' }),
          first: t.arg.int({ description: 'So many at the most; all if null.' }),
        },
        resolve: ({ client }, { symbol, live, first }) => {
          const found = [...client.getSubscriptions()].filter(
            subscription =>
              (symbol == null || symbolOf(subscription.topic) === symbol) &&
              (live == null || live === (stateOf(client, subscription) === 'LIVE')),
          );
          return first == null ? found : found.slice(0, Math.max(0, first));
        },
      }),
      subscriptionStates: t.field({
        type: [SubscriptionCountType],
        description: 'How many of them are in which state; states that none is in are left out.',
        resolve: ({ client }) => countsOf(client),
      }),
      books: t.field({
        type: BookStatisticsType,
        description: 'How the order books do.',
        resolve: ({ client }) => client.market.bookStatistics,
      }),
      trades: t.field({
        type: TradeStatisticsType,
        description: 'How complete the trades are.',
        resolve: ({ client }) => client.market.tradeStatistics,
      }),
      balanceStreaming: t.field({
        type: BalanceStreamingStatusType,
        description: 'How the balances do.',
        resolve: ({ client }) => client.getBalanceStreamingStatus(),
      }),
      clients: t.field({
        type: ClientStatisticsType,
        description: 'What goes out.',
        resolve: ({ hub }) => hub.statistics(),
      }),
    }),
  });

  builder.queryField('status', t =>
    t.field({
      type: StatusType,
      description: 'Health and statistics of this server and its feed. Works without any upstream.',
      resolve: (_root, _args, { services }) => services,
    }),
  );

  builder.subscriptionField('status', t =>
    t.field({
      type: StatusType,
      description: 'The status, now and then at every interval.',
      args: {
        maxRate: t.arg.float({
          required: true,
          defaultValue: 1,
          description: `How many times a second, at most ${HIGHEST_STATUS_RATE}.`,
        }),
      },
      subscribe: (_root, { maxRate }, { services }) =>
        asSource(clockFeed({ kind: 'status' }, Math.min(maxRate, HIGHEST_STATUS_RATE), () => services)),
      resolve: unwrap<Services>,
    }),
  );
}
