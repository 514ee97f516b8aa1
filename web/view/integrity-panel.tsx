import { useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import type { SubscribedFragment } from '../generated/operations.ts';
import { count, perSecond, span } from '../lib/format.ts';
import type { BookMirror } from '../model/book-mirror.ts';
import type { FeedModel, Status } from '../model/feed.ts';
import { LABELS } from '../model/freshness.ts';
import { SubscriptionList } from '../model/subscription-list.ts';
import { Empty, Figure, Panel } from './panel.tsx';
import { useModels, useStarted } from './use-model.ts';

interface IntegrityPanelProps {
  readonly api: Api;
  readonly feed: FeedModel;
  readonly book: BookMirror;
}

/** Whether what is shown is true and whole. */
export function IntegrityPanel({ api, feed, book }: IntegrityPanelProps) {
  useModels(feed);
  const { status } = feed;
  return (
    <Panel
      id="integrity"
      title="Integrity"
      stale={!feed.isCurrent}
      aside={status && <span class={`health ${status.health.toLowerCase()}`}>{HEALTH[status.health]}</span>}
    >
      {status === undefined ? (
        <Empty>Waiting for the server</Empty>
      ) : (
        <>
          <dl class="figures">
            <Figure label="Checksums verified">{count(status.books.verified)}</Figure>
            <Figure label="Checksums failed" alarm={status.books.checksumFailures > 0}>
              {count(status.books.checksumFailures)}
            </Figure>
            <Figure label="Books resynced">{count(status.books.resyncs)}</Figure>
            <Figure label="Verified here">
              {count(book.verified)}
              {book.failed > 0 && <small>{count(book.failed)} failed</small>}
            </Figure>
            <Figure label="Gaps found">{count(status.trades.gapsDetected)}</Figure>
            <Figure label="Gaps repaired">{count(status.trades.gapsRepaired)}</Figure>
            <Figure label="Trades recovered">{count(status.trades.tradesRecovered)}</Figure>
            <Figure label="Trades lost" alarm={status.trades.tradesLost > 0}>
              {count(status.trades.tradesLost)}
            </Figure>
            <Figure label="Duplicates dropped">{count(status.trades.duplicatesDropped)}</Figure>
            <Figure label="Frames with errors" alarm={status.messages.errors > 0}>
              {count(status.messages.errors)}
            </Figure>
          </dl>
          <Channels feed={feed} status={status} />
          <Subscriptions api={api} feed={feed} status={status} />
        </>
      )}
    </Panel>
  );
}

const HEALTH = { HEALTHY: 'Healthy', DEGRADED: 'Degraded', DOWN: 'Down' } as const;

interface StatusProps {
  readonly feed: FeedModel;
  readonly status: Status;
}

function Channels({ feed, status: { messages } }: StatusProps) {
  return (
    <table>
      <caption>Channels</caption>
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col">Messages</th>
          <th scope="col">Rate</th>
          <th scope="col">Silent for</th>
        </tr>
      </thead>
      <tbody id="channels">
        {messages.channels.map(({ channel, total, ratePerSecond, lastMessageAt }) => (
          <tr key={channel}>
            <th scope="row">{channel}</th>
            <td>{count(total)}</td>
            <td>{perSecond(ratePerSecond)}</td>
            <td>{lastMessageAt === null ? '–' : span(feed.since(lastMessageAt))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is wrong stands open; the rest can be unfolded, and is asked for when it is. */
function Subscriptions({ api, feed, status }: StatusProps & { readonly api: Api }) {
  const [open, setOpen] = useState(false);
  const { troubled, subscriptionStates } = status;
  const all = subscriptionStates.reduce((sum, one) => sum + one.count, 0);
  return (
    <>
      {troubled.length > 0 && (
        <SubscriptionTable
          caption={`Not live${troubled.length < MOST_TROUBLED ? '' : `, the first ${MOST_TROUBLED}`}`}
          feed={feed}
          rows={troubled}
        />
      )}
      <details onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>
          Subscriptions at Kraken:{' '}
          {subscriptionStates.length === 1 && subscriptionStates[0]?.state === 'LIVE'
            ? `${count(all)} live`
            : subscriptionStates
                .map(one => `${count(one.count)} ${LABELS[one.state].toLowerCase()}`)
                .join(', ')}
        </summary>
        {open && <AllSubscriptions api={api} feed={feed} />}
      </details>
    </>
  );
}

/** As the queries ask for them. */
const LISTED = 200;
const MOST_TROUBLED = 20;

function AllSubscriptions({ api, feed }: { readonly api: Api; readonly feed: FeedModel }) {
  const list = useStarted(() => new SubscriptionList(api), [api]);
  useModels(list);
  return (
    <SubscriptionTable
      caption={list.rows.length < LISTED ? 'All of them' : `The first ${LISTED}`}
      feed={feed}
      rows={list.rows}
    />
  );
}

interface SubscriptionTableProps {
  readonly caption: string;
  readonly feed: FeedModel;
  readonly rows: readonly SubscribedFragment[];
}

function SubscriptionTable({ caption, feed, rows }: SubscriptionTableProps) {
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">State</th>
          <th scope="col">Readers</th>
          <th scope="col">Silent for</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ channel, symbol, depth, interval, state, subscribers, lastMessageAt, error }) => (
          <tr key={`${channel} ${symbol} ${depth} ${interval}`}>
            <th scope="row">
              {channel} {symbol} {depth ?? (interval === null ? '' : `${interval} min`)}
            </th>
            <td>{error ?? LABELS[state]}</td>
            <td>{count(subscribers)}</td>
            <td>{lastMessageAt === null ? '–' : span(feed.since(lastMessageAt))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
