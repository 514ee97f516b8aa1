import type { KrakenWebSocketV2 } from '../client.ts';
import type { Topic } from '../hub/topics.ts';
import type { WalletRow } from '../kraken/messages.ts';
import type { Asset } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { BalanceUpdate } from '../market/balance-update.ts';
import { freshness } from '../market/freshness.ts';
import type { Builder } from './builder.ts';
import type { Services } from './context.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, unwrap } from './feed.ts';
import type { FreshnessTypes } from './freshness.ts';

/** Assets of an account, where no one says how many. */
const ASSET_COUNT = { of: ['assets'], otherwise: 100 } as const;

export type BalanceTypes = ReturnType<typeof addBalance>;

/** What every private field carries: the access token's scope. */
export const PRIVATE = { balancesRead: true } as const;

export function addBalance(builder: Builder, { FreshnessType }: FreshnessTypes) {
  const WalletType = builder.objectRef<WalletRow>('Wallet').implement({
    description: 'A part of a balance that is kept apart.',
    fields: t => ({
      type: t.exposeString('type', { description: 'spot, earn; others may come.' }),
      id: t.exposeString('id', { description: 'main, flex, bonded, locked; others may come.' }),
      balance: t.expose('balance', { type: 'Decimal', description: 'Units of the asset.' }),
    }),
  });

  const BalanceType = builder.objectRef<BalanceUpdate>('Balance').implement({
    description: 'What the account has of one asset, in units of that asset.',
    fields: t => ({
      asset: t.exposeString('asset', { description: "Kraken's v2 name: BTC, USD; USDT.M for what earns." }),
      assetClass: t.exposeString('assetClass', {
        nullable: true,
        description: 'currency, tokenized_asset; null where Kraken sent none.',
      }),
      balance: t.expose('balance', { type: 'Decimal', description: 'Sum over the wallets.' }),
      holdTrade: t.expose('holdTrade', {
        type: 'Decimal',
        nullable: true,
        description: "Held by open orders; null until Kraken's REST API has told it.",
      }),
      freeBalance: t.expose('freeBalanceText', {
        type: 'Decimal',
        nullable: true,
        description: 'balance + credit - holdTrade; null while holdTrade is.',
      }),
      credit: t.expose('credit', {
        type: 'Decimal',
        nullable: true,
        description: 'Credit that may be used besides; null for an account without credit.',
      }),
      totalBalance: t.expose('balance', { type: 'Decimal', description: 'The same as balance.' }),
      wallets: t.expose('wallets', {
        type: [WalletType],
        ...costs({ items: 5 }),
        description: 'Its parts; empty where Kraken tells only the sum.',
      }),
      timestamp: t.expose('timestamp', {
        type: 'DateTime',
        nullable: true,
        description: "The exchange's time of the last ledger entry; null before one came.",
      }),
      freshness: t.field({
        type: FreshnessType,
        description: 'How far it can be trusted right now.',
        resolve: (balance, _args, { services: { client, clock } }) =>
          freshness(balance.receivedAt, client.balancesState, clock.now(), () => client.balancesReason),
      }),
    }),
  });

  const ASSETS = { description: 'The assets, in any spelling; every asset if null.' } as const;

  builder.queryField('balances', t =>
    t.field({
      type: [BalanceType],
      ...costs({ items: ASSET_COUNT }),
      authScopes: PRIVATE,
      description: 'Account balances. Needs the scope balances:read.',
      args: { assets: t.arg.stringList(ASSETS) },
      resolve: async (_root, { assets }, { services }) => {
        await balancesKnown(services);
        return services.client.market.balances().filter(isAmong(services.client, assets));
      },
    }),
  );

  builder.queryField('balance', t =>
    t.field({
      type: BalanceType,
      nullable: true,
      authScopes: PRIVATE,
      description: 'One balance; null when the account has none. Needs the scope balances:read.',
      args: {
        asset: t.arg.string({ required: true, description: 'The asset, in any spelling: BTC, xbt, USDT.M.' }),
      },
      resolve: async (_root, { asset }, { services }) => {
        await balancesKnown(services);
        return services.client.getBalance(asset);
      },
    }),
  );

  builder.subscriptionField('balances', t =>
    t.field({
      type: BalanceType,
      ...costs({ each: ASSET_COUNT }),
      authScopes: PRIVATE,
      description: 'Each balance, now and at each change. Needs the scope balances:read.',
      args: { assets: t.arg.stringList(ASSETS) },
      subscribe: (_root, { assets }, { services: { client } }) => {
        const read = (topic: Topic): readonly (BalanceUpdate | Error)[] => {
          const denial = denialOf(client);
          if (denial !== undefined) return [denial];
          const wanted = isAmong(client, assets);
          if (topic.kind === 'balances') return client.market.balances().filter(wanted);
          const balance = topic.kind === 'balance' ? client.market.balance(topic.asset) : undefined;
          return balance !== undefined && wanted(balance) ? [balance] : [];
        };
        isAmong(client, assets);
        return asSource(latestFeed<BalanceUpdate>([{ kind: 'balances' }], undefined, read));
      },
      resolve: unwrap<BalanceUpdate>,
    }),
  );

  return { BalanceType };
}

/** Waits for the first snapshot of the account, where there is none yet. */
export async function balancesKnown({ client, hub }: Services): Promise<void> {
  await hub.first({ kind: 'balances' }, () => {
    const denial = denialOf(client);
    if (denial !== undefined) throw denial;
    return client.getBalanceStreamingStatus().lastUpdateAt === undefined ? undefined : true;
  });
}

/** Kraken's refusal of the account, if it refused before anything was known: what is known stays, and says that it is stale. */
function denialOf(client: KrakenWebSocketV2): CodedError | undefined {
  const { denied, lastUpdateAt } = client.getBalanceStreamingStatus();
  if (denied === undefined || lastUpdateAt !== undefined) return undefined;
  return new CodedError('UPSTREAM_REJECTED', 'Kraken refused the account', { reason: denied });
}

/** @throws {CodedError} `BAD_USER_INPUT` for an asset that there is not */
function isAmong(
  client: KrakenWebSocketV2,
  assets: readonly string[] | null | undefined,
): (balance: { readonly asset: Asset }) => boolean {
  if (assets === null || assets === undefined) return () => true;
  const names = new Set(assets.map(text => client.resolveAsset(text)));
  return ({ asset }) => names.has(asset);
}
