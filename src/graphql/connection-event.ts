import type { ConnectionEvent } from '../client/callbacks.ts';
import type { Builder } from './builder.ts';
import { asSource, eventFeed, unwrap } from './feed.ts';

const TYPES = {
  CONNECTED: { description: 'Kraken greeted us.' },
  DISCONNECTED: { description: 'The connection was lost or closed.' },
  AUTHENTICATED: { description: 'Kraken accepted our token.' },
  ERROR: { description: 'An attempt to connect failed.' },
} satisfies Record<ConnectionEvent['type'], object>;

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
      description: 'Lifecycle of the upstream connections. The latest event of each comes at once.',
      subscribe: (_root, _args, { services: { hub } }) =>
        asSource(eventFeed([{ kind: 'connection' }], { current: () => [...hub.lastConnectionEvents()] })),
      resolve: unwrap<ConnectionEvent>,
    }),
  );
}
