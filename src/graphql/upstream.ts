import type { ConnectionView } from '../client/upstream.ts';
import type { KrakenWebSocketV2 } from '../client.ts';
import { feedOf, type SubscriptionView } from '../kraken/subscription.ts';
import type { FeedState } from '../market/freshness.ts';
import type { Builder } from './builder.ts';
import type { FreshnessTypes } from './freshness.ts';

const CONNECTION_STATES = {
  DISABLED: { description: 'Not wanted: no credentials are configured.' },
  CONNECTING: { description: 'On its way.' },
  CONNECTED: { description: 'Kraken greeted us.' },
  BACKING_OFF: { description: 'Waiting before the next attempt.' },
  CLOSED: { description: 'Closed on purpose.' },
} satisfies Record<ConnectionView['state'], object>;

/** What there is between this server and Kraken. */
export function addUpstream(builder: Builder, { FeedStateEnum }: FreshnessTypes) {
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

  return { UpstreamConnection, UpstreamSubscription, SubscriptionCountType };
}

/** Subscriptions at Kraken that are in one state. */
interface SubscriptionCount {
  readonly state: FeedState;
  readonly count: number;
}

/** Where a subscription stands, its data included: a book may be out of step while its subscription lives. */
export function stateOf(client: KrakenWebSocketV2, { topic, state }: SubscriptionView): FeedState {
  if (topic.channel === 'balances') return client.balancesState;
  return ('symbol' in topic ? client.feedState(feedOf(topic), topic.symbol) : undefined) ?? state;
}

export function countsOf(
  client: KrakenWebSocketV2,
  subscriptions: readonly SubscriptionView[],
): readonly SubscriptionCount[] {
  const counts = new Map<FeedState, number>();
  for (const subscription of subscriptions) {
    const state = stateOf(client, subscription);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => ({ state, count }));
}
