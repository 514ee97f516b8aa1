import type { AssetRow } from '../kraken/messages.ts';
import type { Builder } from './builder.ts';
import { costs } from './cost.ts';
import { instrumentsKnown } from './instrument.ts';

/** Assets that Kraken lists, rounded up. */
const ASSETS = 1_000;

export function addAsset(builder: Builder): void {
  const AssetType = builder.objectRef<AssetRow>('Asset').implement({
    description: 'An asset that Kraken lists.',
    fields: t => ({
      id: t.id({
        description: 'Unique among all objects, for normalised caches.',
        resolve: ({ id }) => `Asset:${id}`,
      }),
      name: t.exposeString('id', { description: "Kraken's v2 name: BTC, USD, AAPLx, USDT.M." }),
      class: t.exposeString('class', {
        nullable: true,
        description: 'currency, tokenized_asset; null where Kraken sent none.',
      }),
      status: t.string({
        description:
          'enabled, disabled, depositonly, withdrawalonly, fundingtemporarilydisabled, workinprogress; unknown where Kraken sent none.',
        resolve: ({ status }) => status ?? 'unknown',
      }),
      precision: t.exposeInt('precision', {
        nullable: true,
        description: 'Digits after the point of an amount.',
      }),
      displayPrecision: t.exposeInt('precision_display', {
        nullable: true,
        description: 'Digits after the point of an amount that is shown to people.',
      }),
      borrowable: t.exposeBoolean('borrowable', {
        nullable: true,
        description: 'Whether it can be borrowed; null where Kraken does not say.',
      }),
      collateralValue: t.expose('collateral_value', {
        type: 'Decimal',
        nullable: true,
        description: 'Fraction of its value that counts as collateral.',
      }),
      marginRate: t.expose('margin_rate', {
        type: 'Decimal',
        nullable: true,
        description: 'Rate at which it is borrowed; null where it cannot be.',
      }),
    }),
  });

  builder.queryField('assets', t =>
    t.field({
      type: [AssetType],
      ...costs({ items: ASSETS }),
      description: "Assets known from Kraken's instrument channel.",
      args: { class: t.arg.string({ description: 'Only assets of this class: currency, tokenized_asset.' }) },
      resolve: async (_root, { class: wanted }, context) => {
        await instrumentsKnown(context);
        return [...context.services.client.market.instruments.assets()].filter(
          asset => wanted == null || asset.class === wanted.toLowerCase(),
        );
      },
    }),
  );
}
