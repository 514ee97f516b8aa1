import { type Health, healthOf } from '../hub/health.ts';
import { symbolOf } from '../kraken/subscription.ts';
import type { Builder } from './builder.ts';
import { costs } from './cost.ts';
import type { ExchangeStatusTypes } from './exchange-status.ts';
import { asSource, clockFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';
import { addStatistics } from './statistics.ts';
import { StatusView } from './status-view.ts';
import { addUpstream, countsOf, stateOf } from './upstream.ts';

const HEALTH = {
  HEALTHY: { description: 'Connected, and everything that the operator wants streams.' },
  DEGRADED: {
    description:
      'Connected, and the exchange is not online, something that the operator wants does not stream, or what anyone reads is being repaired.',
  },
  DOWN: { description: 'Not connected: values are the last ones known.' },
} satisfies Record<Health, object>;

/** How many times a second a status may be read by the clock. */
const HIGHEST_STATUS_RATE = 10;

/** What anonymous visitors are not told: it would tell when the account trades. */
const UNTOLD = ' What tells how the account moves is null, 0 or false without the access token.';

export function addStatus(
  builder: Builder,
  freshnessTypes: FreshnessTypes,
  { ExchangeStatusType }: ExchangeStatusTypes,
): void {
  const { UpstreamConnection, UpstreamSubscription, SubscriptionCountType } = addUpstream(
    builder,
    freshnessTypes,
  );
  const statistics = addStatistics(builder);
  const HealthEnum = builder.enumType('Health', { description: 'How the feed does.', values: HEALTH });

  const StatusType = builder.objectRef<StatusView>('Status').implement({
    description: 'How this server and its feed do.',
    fields: t => ({
      health: t.field({
        type: HealthEnum,
        description: 'In one word.',
        resolve: ({ services }) => healthOf(services.client),
      }),
      version: t.string({ description: 'Of this server.', resolve: ({ services }) => services.version }),
      startedAt: t.field({
        type: 'DateTime',
        description: 'When it started.',
        resolve: ({ services }) => services.startedAt,
      }),
      uptimeSeconds: t.float({
        description: 'Seconds since then.',
        resolve: ({ services: { clock, startedMs } }) => (clock.monotonicMs() - startedMs) / 1_000,
      }),
      clockSkewMs: t.float({
        nullable: true,
        description:
          "How far this machine's clock is ahead of the exchange's, in milliseconds; null before the first round trip. Times and ages are corrected by it.",
        resolve: ({ services: { client } }) => client.clockSkewMs,
      }),
      exchange: t.string({
        nullable: true,
        description:
          "Kraken's own system state: online, maintenance, cancel_only, post_only, limit_only; null before it was heard.",
        resolve: ({ services }) => services.client.exchangeStatus,
      }),
      exchangeStatus: t.field({
        type: ExchangeStatusType,
        nullable: true,
        description:
          'The same with announced maintenance and emergencies; null before the exchange was heard.',
        resolve: ({ services }) => services.client.getExchangeStatus(),
      }),
      public: t.expose('public', { type: UpstreamConnection, description: 'Market data.' }),
      private: t.expose('private', {
        type: UpstreamConnection,
        description: `Balances.${UNTOLD}`,
      }),
      messages: t.expose('messages', {
        type: statistics.MessageStatisticsType,
        description: 'What came in, of the account only with the access token.',
      }),
      lag: t.field({
        type: statistics.LagType,
        nullable: true,
        description: 'How late values reach subscribers; null when none was sent of late.',
        resolve: ({ services: { hub, clock } }) => hub.lag.view(clock.now()),
      }),
      subscriptions: t.field({
        type: [UpstreamSubscription],
        ...costs({ items: { of: ['first'], otherwise: 2_000 } }),
        description: 'What is subscribed at Kraken, of the account only with the access token.',
        args: {
          symbol: t.arg({ type: 'Symbol', description: 'Of this pair alone; of all, and of none, if null.' }),
          live: t.arg.boolean({ description: 'Those that are LIVE, or those that are not; all if null.' }),
          first: t.arg.int({ description: 'So many at the most; all if null.' }),
        },
        resolve: ({ services, subscriptions }, { symbol, live, first }) => {
          const found = subscriptions.filter(
            subscription =>
              (symbol == null || symbolOf(subscription.topic) === symbol) &&
              (live == null || live === (stateOf(services.client, subscription) === 'LIVE')),
          );
          return first == null ? found : found.slice(0, Math.max(0, first));
        },
      }),
      subscriptionStates: t.field({
        type: [SubscriptionCountType],
        ...costs({ items: 6 }),
        description: 'How many of them are in which state; states that none is in are left out.',
        resolve: ({ services, subscriptions }) => countsOf(services.client, subscriptions),
      }),
      books: t.field({
        type: statistics.BookStatisticsType,
        description: 'How the order books do.',
        resolve: ({ services }) => services.client.market.bookStatistics,
      }),
      trades: t.field({
        type: statistics.TradeStatisticsType,
        description: 'How complete the trades are.',
        resolve: ({ services }) => services.client.market.tradeStatistics,
      }),
      balanceStreaming: t.expose('balanceStreaming', {
        type: statistics.BalanceStreamingStatusType,
        description: `How the balances do.${UNTOLD}`,
      }),
      clients: t.expose('clients', {
        type: statistics.ClientStatisticsType,
        description: 'What goes out, of balances only with the access token.',
      }),
    }),
  });

  builder.queryField('status', t =>
    t.field({
      type: StatusType,
      description: 'Health and statistics of this server and its feed. Works without any upstream.',
      resolve: (_root, _args, { services, grant }) => new StatusView(services, grant),
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
      subscribe: (_root, { maxRate }, { services, grant }) => {
        const view = new StatusView(services, grant);
        return asSource(clockFeed({ kind: 'status' }, Math.min(maxRate, HIGHEST_STATUS_RATE), () => view));
      },
      resolve: unwrap<StatusView>,
    }),
  );
}
