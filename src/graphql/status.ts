import { type Health, healthOf } from '../hub/health.ts';
import { symbolOf } from '../kraken/subscription.ts';
import type { Builder } from './builder.ts';
import type { Services } from './context.ts';
import { costs } from './cost.ts';
import { asSource, clockFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';
import { addStatistics } from './statistics.ts';
import { addUpstream, countsOf, stateOf } from './upstream.ts';

const HEALTH = {
  HEALTHY: { description: 'Connected, and everything that is subscribed streams.' },
  DEGRADED: { description: 'Connected, and something does not stream, or the exchange is not online.' },
  DOWN: { description: 'Not connected: values are the last ones known.' },
} satisfies Record<Health, object>;

/** How many times a second a status may be read by the clock. */
const HIGHEST_STATUS_RATE = 10;

export function addStatus(builder: Builder, freshnessTypes: FreshnessTypes): void {
  const { UpstreamConnection, UpstreamSubscription, SubscriptionCountType } = addUpstream(
    builder,
    freshnessTypes,
  );
  const statistics = addStatistics(builder);
  const HealthEnum = builder.enumType('Health', { description: 'How the feed does.', values: HEALTH });

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
        type: statistics.MessageStatisticsType,
        description: 'What came in.',
        resolve: ({ client }) => client.getMessageStatistics(),
      }),
      lag: t.field({
        type: statistics.LagType,
        nullable: true,
        description: 'How late values reach subscribers; null when none was sent of late.',
        resolve: ({ hub, clock }) => hub.lag.view(clock.now()),
      }),
      subscriptions: t.field({
        type: [UpstreamSubscription],
        ...costs({ items: { of: ['first'], otherwise: 2_000 } }),
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
        ...costs({ items: 6 }),
        description: 'How many of them are in which state; states that none is in are left out.',
        resolve: ({ client }) => countsOf(client),
      }),
      books: t.field({
        type: statistics.BookStatisticsType,
        description: 'How the order books do.',
        resolve: ({ client }) => client.market.bookStatistics,
      }),
      trades: t.field({
        type: statistics.TradeStatisticsType,
        description: 'How complete the trades are.',
        resolve: ({ client }) => client.market.tradeStatistics,
      }),
      balanceStreaming: t.field({
        type: statistics.BalanceStreamingStatusType,
        description: 'How the balances do.',
        resolve: ({ client }) => client.getBalanceStreamingStatus(),
      }),
      clients: t.field({
        type: statistics.ClientStatisticsType,
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
