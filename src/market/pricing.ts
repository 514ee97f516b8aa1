import { type Asset, baseOfAsset, type PairSymbol } from '../kraken/symbols.ts';
import { Decimal, type DecimalText } from '../lib/decimal-text.ts';

/** One pair on the way from an asset to a currency. */
export interface RouteStep {
  readonly symbol: PairSymbol;
  /** Whether the pair is quoted the other way round, so that its price divides. */
  readonly inverse: boolean;
}

export type Route = readonly RouteStep[];

/** Assets over which an asset is priced that has no pair with the currency itself. Each is priced too: none counts as 1. */
const BRIDGES = ['USD', 'USDT', 'EUR', 'BTC'] as Asset[];

/** Digits of a price that was divided; values are rounded to the currency's own digits. */
const PRICE_DIGITS = 20;

/**
 * The ways to price an asset in a currency, best first: its pair with the currency, either way round, then over another
 * asset. What earns, is staked, held back or tokenized is worth what can be traded for it, unless it has pairs itself.
 * The way from a currency to itself is empty.
 *
 * @param lists whether a pair exists
 */
export function routesOf(
  asset: Asset,
  currency: Asset,
  lists: (symbol: PairSymbol) => boolean,
): readonly Route[] {
  if (asset === currency) return [[]];
  const own = ownRoutesOf(asset, currency, lists);
  const base = baseOfAsset(asset);
  return own.length > 0 || base === asset ? own : routesOf(base, currency, lists);
}

function ownRoutesOf(
  asset: Asset,
  currency: Asset,
  lists: (symbol: PairSymbol) => boolean,
): readonly Route[] {
  const direct = stepOf(asset, currency, lists);
  const routes: Route[] = direct === undefined ? [] : [[direct]];
  for (const bridge of BRIDGES) {
    if (bridge === asset || bridge === currency) continue;
    const first = stepOf(asset, bridge, lists);
    const second = stepOf(bridge, currency, lists);
    if (first !== undefined && second !== undefined) routes.push([first, second]);
  }
  return routes;
}

function stepOf(from: Asset, to: Asset, lists: (symbol: PairSymbol) => boolean): RouteStep | undefined {
  const symbol = `${from}/${to}` as PairSymbol;
  if (lists(symbol)) return { symbol, inverse: false };
  const inverse = `${to}/${from}` as PairSymbol;
  return lists(inverse) ? { symbol: inverse, inverse: true } : undefined;
}

/** The price of one unit along a route, of one pair with its own digits; undefined where a pair has no price. */
export function priceAlong(
  route: Route,
  priceOf: (symbol: PairSymbol) => DecimalText | Decimal | undefined,
): DecimalText | Decimal | undefined {
  const [only, more] = route;
  if (only !== undefined && more === undefined && !only.inverse) {
    const price = priceOf(only.symbol);
    return price === undefined || new Decimal(price).isZero() ? undefined : price;
  }
  let price = new Decimal(1);
  for (const { symbol, inverse } of route) {
    const step = priceOf(symbol);
    if (step === undefined || new Decimal(step).isZero()) return undefined;
    price = inverse ? price.dividedBy(step) : price.times(step);
  }
  return route.some(step => step.inverse) ? price.toSignificantDigits(PRICE_DIGITS) : price;
}
