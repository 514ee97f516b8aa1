import { useState } from 'preact/hooks';
import type { Account, Balance, Portfolio } from '../model/account.ts';
import { clock } from '../model/clock.ts';
import type { FeedModel } from '../model/feed.ts';
import { trustOf } from '../model/freshness.ts';
import { currenciesOf, type Pairs } from '../model/pairs.ts';
import { Badge } from './badge.tsx';
import { Empty, Panel, Scroll } from './panel.tsx';
import { useModels } from './use-model.ts';

interface AccountPanelProps {
  readonly feed: FeedModel;
  readonly pairs: Pairs;
  readonly account: Account;
}

/** The balances, for whoever has the token. */
export function AccountPanel({ feed, pairs, account }: AccountPanelProps) {
  useModels(feed, pairs, account, account.link, clock);
  const trust = account.link && trustOf(account.standing, account.link);
  const { enabled } = feed.status?.balanceStreaming ?? {};
  const { denied, holdsDenied } = account.status?.balanceStreaming ?? {};
  return (
    <Panel
      id="account"
      title="Account"
      stale={trust !== undefined && !trust.live}
      aside={
        trust && (
          <>
            <Badge trust={trust} />
            <button type="button" onClick={() => account.lock()}>
              Lock
            </button>
          </>
        )
      }
    >
      {enabled === undefined && <Empty>Waiting for the server</Empty>}
      {enabled === false && (
        <Empty>This server has no API key of Kraken, and so no balances. KRAKEN_API_KEY enables them.</Empty>
      )}
      {(denied ?? holdsDenied) != null && (
        <p class="note alarm">{denied ?? `Holds are not known: ${holdsDenied}`}</p>
      )}
      {enabled && !account.unlocked && <Locked account={account} />}
      {enabled && account.unlocked && <Unlocked account={account} pairs={pairs} />}
    </Panel>
  );
}

function Locked({ account }: { readonly account: Account }) {
  const [token, setToken] = useState('');
  return (
    <form
      class="unlock"
      onSubmit={event => {
        event.preventDefault();
        if (token !== '') account.unlock(token);
        setToken('');
      }}
    >
      <label for="token">Access token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        value={token}
        onInput={event => setToken(event.currentTarget.value)}
        aria-describedby="token-note"
      />
      <button type="submit">Show balances</button>
      <p id="token-note">
        {account.error === undefined ? (
          'The server printed it at the start, or took it from ACCESS_TOKEN. It stays in this page, and is gone with it.'
        ) : (
          <span class="alarm" role="alert">
            {account.error.message}
          </span>
        )}
      </p>
    </form>
  );
}

function Unlocked({ account, pairs }: { readonly account: Account; readonly pairs: Pairs }) {
  const { portfolio, error, valueError } = account;
  const balances = [...account.balances.values()].sort((a, b) => a.asset.localeCompare(b.asset));
  const trouble = error && (
    <p class="trouble" role="alert">
      {error.message}
      {error.reason !== undefined && ` (${error.reason})`}
    </p>
  );
  if (balances.length === 0) return trouble ?? <Empty>Waiting for the balances</Empty>;
  return (
    <>
      {trouble}
      <p class="worth">
        <span class="hidden">Value of the account</span>
        <span id="worth" class={portfolio?.stale ? 'price aside' : 'price'}>
          {portfolio?.total ?? '–'}
        </span>
        <select
          aria-label="Currency"
          value={account.currency}
          onChange={event => account.valueIn(event.currentTarget.value)}
        >
          {currenciesOf(pairs.all).map(currency => (
            <option key={currency}>{currency}</option>
          ))}
        </select>
      </p>
      {portfolio?.stale && (
        <p class="note">Some prices are the last ones known: their tickers are not live</p>
      )}
      {valueError !== undefined && <p class="note alarm">{valueError.message}</p>}
      <Scroll label="All balances">
        <table>
          <caption class="hidden">Balances</caption>
          <thead>
            <tr>
              <th scope="col">Asset</th>
              <th scope="col">Balance</th>
              <th scope="col">Value</th>
              <th scope="col">On hold</th>
              <th scope="col">Free</th>
            </tr>
          </thead>
          <tbody id="balances">
            {balances.map(balance => (
              <BalanceRow key={balance.asset} balance={balance} portfolio={portfolio} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {portfolio !== undefined && portfolio.unpriced.length > 0 && (
        <p class="note" id="unpriced">
          Not in the sum, as no streamed pair prices them: {portfolio.unpriced.join(', ')}
        </p>
      )}
    </>
  );
}

interface BalanceRowProps {
  readonly balance: Balance;
  readonly portfolio: Portfolio | undefined;
}

function BalanceRow({ balance, portfolio }: BalanceRowProps) {
  const { asset, holdTrade, freeBalance } = balance;
  const position = portfolio?.positions.find(one => one.balance.asset === asset);
  return (
    <tr>
      <th scope="row">{asset}</th>
      <td>{balance.balance}</td>
      <td class={position?.stale ? 'aside' : ''} title={position?.route.join(', ')}>
        {position?.value ?? '–'}
      </td>
      <td>{holdTrade ?? '–'}</td>
      <td>{freeBalance ?? '–'}</td>
    </tr>
  );
}
