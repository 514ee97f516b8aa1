import type { Asset, PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import { Decimal, type DecimalText, sum } from '../lib/decimal-text.ts';
import type { BalanceUpdate } from '../market/balance-update.ts';
import { priceAlong, routesOf } from '../market/pricing.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import { type BalanceTypes, balancesKnown, PRIVATE } from './balance.ts';
import type { Builder } from './builder.ts';
import type { Context } from './context.ts';
import { costs } from './cost.ts';

interface Position {
  readonly balance: BalanceUpdate;
  readonly price: DecimalText | Decimal | undefined;
  readonly value: DecimalText | undefined;
  readonly route: readonly PairSymbol[];
  readonly stale: boolean;
}

interface Portfolio {
  readonly currency: Asset;
  readonly total: DecimalText;
  readonly positions: readonly Position[];
  readonly unpriced: readonly Asset[];
}

/** Assets of an account, for what it costs to value them. */
const POSITIONS = 100;
/** Digits of a value in a currency whose own are not known. */
const DEFAULT_DIGITS = 10;

export function addPortfolio(builder: Builder, { BalanceType }: BalanceTypes): void {
  const PositionType = builder.objectRef<Position>('Position').implement({
    description: 'A balance and what it is worth.',
    fields: t => ({
      balance: t.expose('balance', { type: BalanceType, description: 'What there is.' }),
      price: t.expose('price', {
        type: 'Decimal',
        nullable: true,
        description: 'Of one unit, in the currency of the portfolio; null where nothing prices it.',
      }),
      value: t.expose('value', {
        type: 'Decimal',
        nullable: true,
        description: 'balance * price, rounded to the digits of the currency; null while price is.',
      }),
      route: t.expose('route', {
        type: ['Symbol'],
        ...costs({ items: 2 }),
        description: 'Pairs that priced it, in order; empty where the asset is the currency.',
      }),
      stale: t.exposeBoolean('stale', {
        description: 'Whether the ticker of one of these pairs is not live: its price is the last one known.',
      }),
    }),
  });

  const PortfolioType = builder.objectRef<Portfolio>('Portfolio').implement({
    description: 'The account, valued in one currency by the last prices of tickers.',
    fields: t => ({
      currency: t.exposeString('currency', { description: 'In which everything is valued.' }),
      total: t.expose('total', {
        type: 'Decimal',
        description: 'Sum of the positions that could be priced, in the currency.',
      }),
      positions: t.expose('positions', {
        type: [PositionType],
        ...costs({ items: POSITIONS, weight: 1 }),
        description: 'Every asset with a balance, by name.',
      }),
      unpriced: t.exposeStringList('unpriced', {
        ...costs({ items: POSITIONS }),
        description: 'Assets with a balance that no streamed pair can price.',
      }),
      stale: t.boolean({
        description: 'Whether the balances or a position are stale, and so the total.',
        resolve: ({ positions }, _args, { services: { client } }) =>
          client.balancesState !== 'LIVE' || positions.some(({ stale }) => stale),
      }),
    }),
  });

  builder.queryField('portfolio', t =>
    t.field({
      type: PortfolioType,
      authScopes: PRIVATE,
      description:
        'All balances valued in one currency, with the pairs used to price each. A pair that is not streamed yet is subscribed on demand. Needs the scope balances:read.',
      args: {
        currency: t.arg.string({
          required: true,
          defaultValue: 'USD',
          description: 'An asset, in any spelling.',
        }),
      },
      resolve: async (_root, { currency }, context) => valued(context, currency),
    }),
  );
}

async function valued({ services, loaders }: Context, text: string): Promise<Portfolio> {
  await balancesKnown(services);
  const { client } = services;
  const { instruments } = client.market;
  if (!instruments.known) {
    const message = 'The list of pairs has not arrived yet: ask again';
    throw new CodedError('UPSTREAM_UNAVAILABLE', message, { retryAfterMs: 1_000 });
  }
  const currency = client.resolveAsset(text);
  const known = [...instruments.pairs()].some(pair => pair.quote === currency || pair.base === currency);
  if (!known)
    throw new CodedError('BAD_USER_INPUT', `No pair has ${currency} in it: nothing can be valued in it`);
  const digits = instruments.asset(currency)?.precision ?? DEFAULT_DIGITS;
  const balances = client.market.balances().filter(({ balance }) => !new Decimal(balance).isZero());

  const lists = (symbol: PairSymbol): boolean =>
    instruments.pair(symbol) !== undefined && !instruments.isDelisted(symbol);

  const position = async (balance: BalanceUpdate): Promise<Position> => {
    const routes = routesOf(balance.asset, currency, lists);
    for (const [index, route] of routes.entries()) {
      // The best way is waited for; of the others only what streams counts, so that nothing waits for ever.
      if (index === 0) await loaders.ticker.loadMany(route.map(step => step.symbol));
      const price = priceAlong(route, symbol => lastPrice(client.market.ticker(symbol)));
      if (price === undefined) continue;
      const exact = new Decimal(balance.balance).times(price);
      const value = exact.toFixed(digits, Decimal.ROUND_HALF_EVEN) as DecimalText;
      const symbols = route.map(step => step.symbol);
      const stale = symbols.some(symbol => client.feedState('ticker', symbol) !== 'LIVE');
      return { balance, price, value, route: symbols, stale };
    }
    return { balance, price: undefined, value: undefined, route: [], stale: false };
  };

  const positions = await Promise.all(balances.map(position));
  return {
    currency,
    positions,
    total: sum([
      new Decimal(0).toFixed(digits) as DecimalText,
      ...positions.flatMap(({ value }) => value ?? []),
    ]),
    unpriced: positions.filter(({ price }) => price === undefined).map(({ balance }) => balance.asset),
  };
}

function lastPrice(ticker: TickerUpdate | undefined) {
  return ticker?.last ?? ticker?.midPrice;
}
