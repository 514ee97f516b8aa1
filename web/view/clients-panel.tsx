import type { Link } from '../api/link.ts';
import { count, perSecond, span } from '../lib/format.ts';
import { clock } from '../model/clock.ts';
import type { FeedModel } from '../model/feed.ts';
import { Empty, Figure, Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Who is served, and how well. */
export function ClientsPanel({ link, feed }: { readonly link: Link; readonly feed: FeedModel }) {
  useModels(feed, link, clock);
  const { status, deliveredPerSecond, recent } = feed;
  return (
    <Panel
      id="clients"
      title="Clients"
      stale={!feed.isCurrent}
      aside={
        status && (
          <small>
            version {status.version}, up {span(status.uptimeSeconds * 1_000)}
          </small>
        )
      }
    >
      {status === undefined ? (
        <Empty>Waiting for the server</Empty>
      ) : (
        <dl class="figures">
          <Figure label="Connections">{count(status.clients.connections)}</Figure>
          <Figure label="Subscriptions">{count(status.clients.subscriptions)}</Figure>
          <Figure
            label="Broadcasts"
            hint="Distinct subscriptions: each is executed once for everyone who has it"
          >
            {count(status.clients.broadcasts)}
          </Figure>
          <Figure label="Delivered">
            {count(status.clients.delivered)}
            {deliveredPerSecond !== undefined && <small>{perSecond(deliveredPerSecond)}</small>}
          </Figure>
          <Figure label="Conflated" hint="Values that a later one replaced before they were delivered">
            {count(status.clients.conflated)}
          </Figure>
          <Figure
            label="Fell behind"
            hint="Times that a client read too slowly"
            news={recent.of('slowConsumers')}
          >
            {count(status.clients.slowConsumers)}
          </Figure>
          <Figure label="Refused" hint="Connections for which there was no room" news={recent.of('refused')}>
            {count(status.clients.refused)}
          </Figure>
        </dl>
      )}
    </Panel>
  );
}
