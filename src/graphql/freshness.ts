import type { FeedState, Freshness } from '../market/freshness.ts';
import type { Builder } from './builder.ts';

export type FreshnessTypes = ReturnType<typeof addFreshness>;

const STATES = {
  LIVE: { description: 'Streaming.' },
  PENDING: { description: 'Subscribed, and nothing received yet.' },
  DISCONNECTED: { description: 'The upstream connection is down: the value is the last one known.' },
  RESYNCING: {
    description: 'The book failed its checksum, or a sequence was broken, and a new snapshot is on its way.',
  },
  SILENT: { description: 'The connection lives, and this channel has been silent past its limit.' },
  REJECTED: { description: 'Kraken refused the subscription, or delisted the pair.' },
} satisfies Record<FeedState, object>;

export function addFreshness(builder: Builder) {
  const FeedStateEnum = builder.enumType('FeedState', {
    description: 'Where a value stands between the exchange and here.',
    values: STATES,
  });
  const FreshnessType = builder.objectRef<Freshness>('Freshness').implement({
    description: 'How far a value can be trusted right now.',
    fields: t => ({
      receivedAt: t.expose('receivedAt', {
        type: 'DateTime',
        description: 'When this server received the value.',
      }),
      ageMs: t.exposeFloat('ageMs', { description: 'Milliseconds since then.' }),
      stale: t.exposeBoolean('stale', {
        description: "Whether the value may differ from the exchange's: true in every state but LIVE.",
      }),
      state: t.expose('state', { type: FeedStateEnum, description: 'State of the feed it comes from.' }),
      reason: t.string({
        nullable: true,
        description: 'What is wrong, for people; null while it is LIVE.',
        resolve: ({ state, reason }) => (state === 'LIVE' ? null : (reason() ?? null)),
      }),
    }),
  });
  return { FeedStateEnum, FreshnessType };
}
