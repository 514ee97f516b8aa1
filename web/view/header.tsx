import type { Link } from '../api/link.ts';
import type { ConnectionState, UpstreamFragment } from '../generated/operations.ts';
import { count, milliseconds, perSecond, roughSpan } from '../lib/format.ts';
import { pageClock } from '../lib/page-clock.ts';
import type { Account } from '../model/account.ts';
import { clock } from '../model/clock.ts';
import type { FeedModel } from '../model/feed.ts';
import { lagOf } from '../model/lag.ts';
import type { Pairs } from '../model/pairs.ts';
import type { Place } from '../model/place.ts';
import { PairPicker } from './pair-picker.tsx';
import { Figure } from './panel.tsx';
import { useModels } from './use-model.ts';

interface HeaderProps {
  readonly link: Link;
  readonly feed: FeedModel;
  readonly account: Account;
  readonly pairs: Pairs;
  readonly place: Place;
}

/** What an operator sees from across the room. */
export function Header({ link, feed, account, pairs, place }: HeaderProps) {
  useModels(link, feed, account, clock);
  const { status } = feed;
  const reached = link.state === 'connected';
  const lag = lagOf(status?.lag ?? null, status?.public.latencyMs ?? null, status?.clockSkewMs);
  return (
    <header class="top">
      <h1>
        <span class="mark" aria-hidden="true" />
        kraken-graphql
      </h1>
      <PairPicker pairs={pairs} place={place} />
      <nav aria-label="Elsewhere">
        <a href="/graphql">API</a>
      </nav>
      <dl class="vitals">
        <Figure
          label="Server"
          alarm={link.state === 'lost' || link.state === 'checking'}
          details={link.state === 'lost' ? roughSpan(pageClock.now() - link.sinceMs) : undefined}
        >
          <Dot on={reached} />
          <span id="server-state" role="status">
            {SERVER[link.state]}
          </span>
        </Figure>
      </dl>
      {status && (
        <dl class={feed.isCurrent ? 'vitals' : 'vitals stale'}>
          <Upstream label="Public feed" upstream={status.public} feed={feed} />
          <Upstream label="Private feed" upstream={account.status?.private ?? status.private} feed={feed} />
          <Figure label="Exchange" alarm={status.exchange !== null && status.exchange !== 'online'}>
            {status.exchange?.replace('_', ' ') ?? 'not heard yet'}
          </Figure>
          <Figure label="Messages">{perSecond(status.messages.ratePerSecond)}</Figure>
          <Figure
            label="Lag"
            hint="From the exchange's timestamp to the write to this server's clients; half of the values, and 99 of 100"
            alarm={lag.alarm}
            details={lag.details}
          >
            {lag.text}
          </Figure>
        </dl>
      )}
    </header>
  );
}

const SERVER = {
  connecting: 'Connecting',
  connected: 'Connected',
  checking: 'Checking',
  lost: 'Not reached',
} as const;

const STATES: Readonly<Record<ConnectionState, string>> = {
  DISABLED: 'Off',
  CONNECTING: 'Connecting',
  CONNECTED: 'Connected',
  BACKING_OFF: 'Reconnecting',
  CLOSED: 'Closed',
};

interface UpstreamProps {
  readonly label: string;
  readonly upstream: UpstreamFragment;
  readonly feed: FeedModel;
}

function Upstream({ label, upstream, feed }: UpstreamProps) {
  const { state, connectedAt, reconnects, latencyMs, lastError } = upstream;
  const connected = state === 'CONNECTED';
  const details = [
    connectedAt !== null && roughSpan(feed.since(connectedAt)),
    connected && latencyMs !== null && `RTT ${milliseconds(latencyMs)}`,
    reconnects > 0 && (reconnects === 1 ? '1 reconnect' : `${count(reconnects)} reconnects`),
    !connected && lastError,
  ].filter(Boolean);
  return (
    <Figure label={label} alarm={!connected && state !== 'DISABLED'} details={details.join(' · ')}>
      <Dot on={connected} />
      {STATES[state]}
    </Figure>
  );
}

function Dot({ on }: { readonly on: boolean }) {
  return <span class={on ? 'dot on' : 'dot'} aria-hidden="true" />;
}
