import { useEffect } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import type { Account } from '../model/account.ts';
import type { FeedModel } from '../model/feed.ts';
import { PairFeed } from '../model/pair-feed.ts';
import type { Pairs } from '../model/pairs.ts';
import type { Place } from '../model/place.ts';
import { AccountPanel } from './account-panel.tsx';
import { ClientsPanel } from './clients-panel.tsx';
import { Header } from './header.tsx';
import { IntegrityPanel } from './integrity-panel.tsx';
import { Market } from './market.tsx';
import { useModels, useStarted } from './use-model.ts';

interface AppProps {
  readonly api: Api;
  readonly feed: FeedModel;
  readonly pairs: Pairs;
  readonly place: Place;
  readonly account: Account;
}

export function App({ api, feed, pairs, place, account }: AppProps) {
  useModels(place, api.link);
  const { symbol } = place;
  const pair = useStarted(() => new PairFeed(api, symbol), [symbol]);
  useEffect(
    () =>
      pair.ticker.watch(() => {
        const name = pair.ticker.ticker?.symbol;
        // Whatever name the URL gave it, from now on it has Kraken's; unless something else is looked at by now.
        if (name !== undefined && place.symbol === symbol) place.settle(name);
      }),
    [pair],
  );
  return (
    <>
      <a class="skip" href="#market">
        Skip to the market
      </a>
      <Header link={api.link} feed={feed} account={account} pairs={pairs} place={place} />
      {api.link.outdated !== undefined && <Outdated reason={api.link.outdated} />}
      <main>
        <Market api={api} pair={pair} place={place} />
        <div class="below">
          <IntegrityPanel api={api} feed={feed} pair={pair} account={account} />
          <div class="column">
            <AccountPanel feed={feed} pairs={pairs} account={account} />
            <ClientsPanel link={api.link} feed={feed} />
          </div>
        </div>
      </main>
      <footer>
        <span>
          A GraphQL client of this server: <a href="/graphql">explore the API</a>
        </span>
        <span>
          Charts: TradingView Lightweight Charts™, copyright © TradingView, Inc.{' '}
          <a href="https://www.tradingview.com/">tradingview.com</a>
        </span>
      </footer>
    </>
  );
}

/** The page is older than the server, or younger: a new one fits. */
function Outdated({ reason }: { readonly reason: string }) {
  return (
    <div id="outdated" class="trouble" role="alert" title={reason}>
      This page and the server are of different versions.{' '}
      <button type="button" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  );
}
