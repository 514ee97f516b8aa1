import { useState } from 'preact/hooks';
import { padded, placesOf } from '../lib/decimal.ts';
import type { Account, Balance, Portfolio } from '../model/account.ts';
import { clock } from '../model/clock.ts';
import type { FeedModel } from '../model/feed.ts';
import { currenciesOf, type Pairs } from '../model/pairs.ts';
import { absence, type Trust } from '../model/trust.ts';
import { Badge } from './badge.tsx';
import { digits } from './digits.tsx';
import { Fit, useWidest, widthsOf } from './fit.tsx';
import { Empty, Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

interface AccountPanelProps {
  readonly feed: FeedModel;
  readonly pairs: Pairs;
  readonly account: Account;
}

/** The balances, for whoever has the token. */
export function AccountPanel({ feed, pairs, account }: AccountPanelProps) {
  useModels(feed, pairs, account, account.link, clock);
  const trust = account.trust(feed.status?.private.state === 'CONNECTED');
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
      {enabled && !trust && <Locked account={account} />}
      {enabled && trust && <Unlocked account={account} pairs={pairs} trust={trust} />}
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

interface UnlockedProps {
  readonly account: Account;
  readonly pairs: Pairs;
  readonly trust: Trust;
}

function Unlocked({ account, pairs, trust }: UnlockedProps) {
  const { portfolio, error, valueError } = account;
  const balances = [...account.balances.values()].sort((a, b) => a.asset.localeCompare(b.asset));
  const worthOf = ({ asset }: Balance): string =>
    portfolio?.positions.find(one => one.balance.asset === asset)?.value ?? '–';
  const widest = useWidest(
    [portfolio?.total ?? ''],
    balances.map(({ balance }) => balance),
    balances.map(worthOf),
    balances.map(({ holdTrade }) => holdTrade ?? ''),
    balances.map(({ balance }) => balance),
  );
  const trouble = error && (
    <p class="trouble" role="alert">
      {error.message}
      {error.reason !== undefined && ` (${error.reason})`}
    </p>
  );
  if (balances.length === 0) {
    return trouble ?? <Empty>{absence(trust, 'the balances', 'The account is empty')}</Empty>;
  }
  return (
    <>
      {trouble}
      <p class="worth" style={widthsOf(widest)}>
        <span class="hidden">Value of the account</span>
        <span id="worth" class={portfolio?.stale ? 'price aside' : 'price'}>
          {digits(portfolio?.total ?? '–')}
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
      <Fit label="All balances" need={`${widest} ${balances.length}`}>
        <table class="listed">
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
      </Fit>
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
      <td data-label="Balance">{digits(balance.balance)}</td>
      <td data-label="Value" class={position?.stale ? 'aside' : ''} title={position?.route.join(', ')}>
        {digits(position?.value ?? '–')}
      </td>
      <td data-label="On hold">{digits(holdTrade ?? '–')}</td>
      <td data-label="Free">
        {digits(freeBalance == null ? '–' : padded(freeBalance, placesOf(balance.balance)))}
      </td>
    </tr>
  );
}
