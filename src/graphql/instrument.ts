import type { PairRow } from '../kraken/messages.ts';
import { meansAsset, type PairSymbol } from '../kraken/symbols.ts';
import type { Instruments } from '../market/instruments.ts';
import type { Builder } from './builder.ts';
import type { Context } from './context.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, unwrap } from './feed.ts';
import { distinct } from './symbols.ts';

/** Pairs that Kraken lists, rounded up. */
const PAIRS = 2_000;
/** Pairs of which a reader of all changes may hear at once. */
const CHANGES = 100;

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
      assetClass: t.string({
        nullable: true,
        description: 'Class of the base asset: currency, tokenized_asset; null where Kraken sent none.',
        resolve: ({ base }, _args, { services: { client } }) => client.market.instruments.asset(base)?.class,
      }),
      costPrecision: t.exposeInt('cost_precision', {
        nullable: true,
        description: 'Digits after the point of a price times a quantity.',
      }),
      marginInitial: t.expose('margin_initial', {
        type: 'Decimal',
        nullable: true,
        description: 'Fraction of the cost that a margin order needs; null where the pair is not marginable.',
      }),
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

  builder.subscriptionField('instruments', t =>
    t.field({
      type: InstrumentType,
      ...costs({ each: { of: ['symbols'], otherwise: CHANGES } }),
      description:
        'Each change of a listed pair: status, precision, new, delisted. With symbols, their present state first.',
      args: {
        symbols: t.arg({ type: ['Symbol'], description: 'The pairs, in any spelling; every pair if null.' }),
      },
      subscribe: (_root, { symbols }, { services: { client } }) =>
        asSource(instrumentChanges(client.market.instruments, symbols && distinct(symbols))),
      resolve: unwrap<PairRow>,
    }),
  );

  return { InstrumentType };
}

function instrumentChanges(instruments: Instruments, symbols: readonly PairSymbol[] | null | undefined) {
  const wanted = symbols && new Set(symbols);
  return latestFeed<PairRow>([{ kind: 'instruments' }], undefined, topic => {
    const changed =
      topic.kind === 'instrument' ? [topic.symbol].filter(one => wanted?.has(one) ?? true) : (symbols ?? []);
    return changed.flatMap(symbol => instruments.lastKnown(symbol) ?? []);
  });
}

/** Waits for the list of pairs and assets, which arrives with the first connection. */
export async function instrumentsKnown({ services: { client, hub } }: Context): Promise<void> {
  await hub.first({ kind: 'instruments' }, () => client.market.instruments.known || undefined);
}
