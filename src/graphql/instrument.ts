import type { PairRow } from '../kraken/messages.ts';
import { meansAsset } from '../kraken/symbols.ts';
import type { Builder } from './builder.ts';
import type { Context } from './context.ts';
import { costs } from './cost.ts';

/** Pairs that Kraken lists, rounded up. */
const PAIRS = 2_000;

export type InstrumentTypes = ReturnType<typeof addInstrument>;

export function addInstrument(builder: Builder) {
  const InstrumentType = builder.objectRef<PairRow>('Instrument').implement({
    description: 'A pair that Kraken lists, and in which steps it trades.',
    fields: t => ({
      symbol: t.expose('symbol', { type: 'Symbol', description: 'The pair.' }),
      base: t.exposeString('base', { description: 'What is traded.' }),
      quote: t.exposeString('quote', { description: 'What it is paid with.' }),
      status: t.exposeString('status', {
        description:
          'online, cancel_only, post_only, limit_only, reduce_only, maintenance, work_in_progress, delisted.',
      }),
      pricePrecision: t.exposeInt('price_precision', { description: 'Digits after the point of a price.' }),
      priceIncrement: t.expose('price_increment', {
        type: 'Decimal',
        description: 'Smallest step of a price, in the quote asset.',
      }),
      qtyPrecision: t.exposeInt('qty_precision', { description: 'Digits after the point of a quantity.' }),
      qtyIncrement: t.expose('qty_increment', {
        type: 'Decimal',
        description: 'Smallest step of a quantity, in the base asset.',
      }),
      qtyMin: t.expose('qty_min', { type: 'Decimal', description: 'Smallest order, in the base asset.' }),
      costMin: t.expose('cost_min', {
        type: 'Decimal',
        nullable: true,
        description: 'Smallest order by value, in the quote asset.',
      }),
      marginable: t.exposeBoolean('marginable', { description: 'Whether it trades on margin.' }),
    }),
  });

  builder.queryField('instruments', t =>
    t.field({
      type: [InstrumentType],
      ...costs({ items: PAIRS }),
      description: "Pairs known from Kraken's instrument channel.",
      args: {
        base: t.arg.string({ description: 'Only pairs with this base asset: BTC.' }),
        quote: t.arg.string({ description: 'Only pairs with this quote asset: USD.' }),
        status: t.arg.string({ description: 'Only pairs with this status: online.' }),
      },
      resolve: async (_root, { base, quote, status }, context) => {
        await instrumentsKnown(context);
        return [...context.services.client.market.instruments.pairs()].filter(
          pair =>
            (base == null || meansAsset(base, pair.base)) &&
            (quote == null || meansAsset(quote, pair.quote)) &&
            (status?.toLowerCase() ?? pair.status) === pair.status,
        );
      },
    }),
  );

  builder.queryField('instrument', t =>
    t.field({
      type: InstrumentType,
      nullable: true,
      description: 'One pair.',
      args: { symbol: t.arg({ type: 'Symbol', required: true, description: 'The pair, in any spelling.' }) },
      resolve: async (_root, { symbol }, context) => {
        await instrumentsKnown(context);
        return context.services.client.market.instruments.pair(symbol);
      },
    }),
  );

  return { InstrumentType };
}

/** Waits for the list of pairs, which arrives with the first connection. */
async function instrumentsKnown({ services: { client, hub } }: Context): Promise<void> {
  await hub.first({ kind: 'instruments' }, () => client.market.instruments.known || undefined);
}
