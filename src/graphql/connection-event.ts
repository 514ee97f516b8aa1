import type { ConnectionEvent } from '../client/callbacks.ts';
import type { Topic } from '../hub/topics.ts';
import type { Builder } from './builder.ts';
import { asSource, eventFeed, unwrap } from './feed.ts';

const TYPES = {
  CONNECTED: { description: 'Kraken greeted us.' },
  DISCONNECTED: { description: 'The connection was lost or closed.' },
  AUTHENTICATED: { description: 'Kraken accepted our token.' },
  ERROR: { description: 'An attempt to connect failed.' },
} satisfies Record<ConnectionEvent['type'], object>;

const PUBLIC: Topic = { kind: 'connection' };
const PRIVATE: Topic = { kind: 'privateConnection' };

export function addConnectionEvent(builder: Builder): void {
  const ConnectionEventTypeEnum = builder.enumType('ConnectionEventType', {
    description: 'What happened to a connection.',
    values: TYPES,
  });
  const ConnectionEventType = builder.objectRef<ConnectionEvent>('ConnectionEvent').implement({
    description: 'Something that happened to an upstream connection.',
    fields: t => ({
      type: t.expose('type', { type: ConnectionEventTypeEnum, description: 'What happened.' }),
      connection: t.exposeString('connection', { description: 'public or private' }),
      at: t.expose('at', { type: 'DateTime', description: 'When.' }),
      message: t.exposeString('message', { nullable: true, description: 'Why, where that is known.' }),
    }),
  });

  builder.subscriptionField('connectionEvents', t =>
    t.field({
      type: ConnectionEventType,
      description:
        'Lifecycle of the upstream connections. The latest event of each comes at once. Events of the private connection come with the access token only.',
      subscribe: (_root, _args, { services: { hub }, grant }) => {
        const topics: readonly Topic[] = grant.has('status:read') ? [PUBLIC, PRIVATE] : [PUBLIC];
        return asSource(
          eventFeed(topics, {
            current: topic => {
              const event = hub.lastConnectionEvent(topic === PRIVATE ? 'private' : 'public');
              return event === undefined ? [] : [event];
            },
          }),
        );
      },
      resolve: unwrap<ConnectionEvent>,
    }),
  );
}
