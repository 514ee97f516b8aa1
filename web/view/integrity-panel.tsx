import { useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import type { SubscribedFragment } from '../generated/operations.ts';
import { count, perSecond, span } from '../lib/format.ts';
import type { Account } from '../model/account.ts';
import { clock } from '../model/clock.ts';
import type { FeedModel, Status } from '../model/feed.ts';
import { overallOf } from '../model/overall.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import { SubscriptionList } from '../model/subscription-list.ts';
import { LABELS } from '../model/trust.ts';
import { Fit } from './fit.tsx';
import { Empty, Figure, Panel } from './panel.tsx';
import { useModels, useStarted } from './use-model.ts';

interface IntegrityPanelProps {
  readonly api: Api;
  readonly feed: FeedModel;
  readonly pair: PairFeed;
  readonly account: Account;
}

/** Whether what is shown is true and whole. */
export function IntegrityPanel({ api, feed, pair, account }: IntegrityPanelProps) {
  useModels(feed, pair, pair.ticker, pair.tape, ...pair.behind(pair.book), account, account.link, clock);
  const { status, recent } = feed;
  const { book } = pair;
  return (
    <Panel
      id="integrity"
      title="Integrity"
      stale={!feed.isCurrent}
      aside={status && <Health status={status} pair={pair} account={account} />}
    >
      {status === undefined ? (
        <Empty>Waiting for the server</Empty>
      ) : (
        <>
          <dl class="figures">
            <Figure label="Checksums verified">{count(status.books.verified)}</Figure>
            <Figure label="Checksums failed" news={recent.of('checksumFailures')}>
              {count(status.books.checksumFailures)}
            </Figure>
            <Figure label="Books resynced">{count(status.books.resyncs)}</Figure>
            <Figure label="Verified here" alarm={book.recentlyWrong > 0}>
              {count(book.verified)}
              {book.wrong > 0 && <small>{count(book.wrong)} failed</small>}
            </Figure>
            <Figure label="Gaps found">{count(status.trades.gapsDetected)}</Figure>
            <Figure label="Gaps repaired">{count(status.trades.gapsRepaired)}</Figure>
            <Figure label="Trades recovered">{count(status.trades.tradesRecovered)}</Figure>
            <Figure label="Trades lost" news={recent.of('tradesLost')}>
              {count(status.trades.tradesLost)}
            </Figure>
            <Figure label="Duplicates dropped">{count(status.trades.duplicatesDropped)}</Figure>
            <Figure label="Frames with errors" news={recent.of('errors')}>
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

const HEALTH = { HEALTHY: 'Healthy', WAITING: 'Waiting', DEGRADED: 'Degraded', DOWN: 'Down' } as const;

interface HealthProps {
  readonly status: Status;
  readonly pair: PairFeed;
  readonly account: Account;
}

/** How all of it does, in a word. */
function Health({ status, pair, account }: HealthProps) {
  const balances = account.trust(status.private.state === 'CONNECTED');
  const { state, reason } = overallOf(status, [
    ['ticker', pair.tickerTrust],
    ['order book', pair.bookTrust],
    ['trades', pair.tapeTrust],
    ...(balances === undefined ? [] : [['account', balances] as const]),
  ]);
  return (
    <>
      {reason !== undefined && <small>{reason}</small>}
      <span class={`health ${state.toLowerCase()}`}>{HEALTH[state]}</span>
    </>
  );
}

interface StatusProps {
  readonly feed: FeedModel;
  readonly status: Status;
}

function Channels({ feed, status: { messages } }: StatusProps) {
  return (
    <Fit label="Channels" need={String(messages.channels.length)}>
      <table class="listed">
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
              <td data-label="Messages">{count(total)}</td>
              <td data-label="Rate">{perSecond(ratePerSecond)}</td>
              <td data-label="Silent for">
                {lastMessageAt === null ? '–' : span(feed.since(lastMessageAt))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fit>
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
    <Fit label={caption} need={String(rows.length)}>
      <table class="listed">
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
              <td data-label="State" class="words">
                {error ?? LABELS[state]}
              </td>
              <td data-label="Readers">{count(subscribers)}</td>
              <td data-label="Silent for">
                {lastMessageAt === null ? '–' : span(feed.since(lastMessageAt))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fit>
  );
}
