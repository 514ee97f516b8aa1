import { altNameOf, pairAltNameOf, pairKeyOf, restNameOf } from './names.ts';
import { assetPrecision, isTokenized, SIMULATED_PAIRS, type SimulatedPair } from './pairs.ts';
import { fixed, Raw } from './wire.ts';

/** Members of pairs that have changed since they were listed. */
export type PairChanges = ReadonlyMap<string, object>;

/** Pairs of currencies alone, or all of them, and their assets. */
function listed(tokenized: boolean): {
  readonly pairs: readonly SimulatedPair[];
  readonly assets: readonly string[];
} {
  const pairs = SIMULATED_PAIRS.filter(pair => tokenized || !pair.tokenized);
  return { pairs, assets: [...new Set(pairs.flatMap(pair => [pair.base, pair.quote]))] };
}

/**
 * The data of the instrument channel's snapshot.
 *
 * @param tokenized whether tokenized assets and their pairs are in it
 * @param unlisted pairs that are not
 */
export function instrumentData(
  changes: PairChanges,
  tokenized: boolean,
  unlisted: ReadonlySet<string>,
): object {
  const { assets, pairs } = listed(tokenized);
  return {
    assets: assets.map(assetRow),
    pairs: pairs
      .filter(({ symbol }) => !unlisted.has(symbol))
      .map(pair => ({ ...pairRow(pair), ...changes.get(pair.symbol) })),
  };
}

/** The data of an update: the whole row of one pair. */
export function instrumentUpdate(symbol: string, changes: PairChanges): object {
  const pairs = SIMULATED_PAIRS.filter(pair => pair.symbol === symbol);
  return { assets: [], pairs: pairs.map(pair => ({ ...pairRow(pair), ...changes.get(symbol) })) };
}

function assetRow(id: string): object {
  const precision = assetPrecision(id);
  if (isTokenized(id)) {
    return {
      id,
      underlying_symbol: id.slice(0, -1),
      status: 'enabled',
      precision,
      precision_display: precision,
      borrowable: false,
      collateral_value: new Raw('0.000'),
      class: 'tokenized_asset',
      multiplier: new Raw('1'),
    };
  }
  return {
    id,
    status: 'enabled',
    precision,
    precision_display: precision / 2,
    borrowable: true,
    collateral_value: new Raw('1.000'),
    class: 'currency',
    margin_rate: new Raw('0.025000'),
  };
}

function pairRow(pair: SimulatedPair): object {
  const increment = fixed(1, pair.pricePrecision);
  const marginable = pair.quote === 'USD' && !pair.tokenized;
  return {
    symbol: pair.symbol,
    base: pair.base,
    quote: pair.quote,
    status: pair.status,
    qty_precision: pair.qtyPrecision,
    qty_increment: fixed(1, pair.qtyPrecision),
    price_precision: pair.pricePrecision,
    cost_precision: pair.costPrecision,
    marginable,
    has_index: true,
    ws_display_price_precision: pair.pricePrecision,
    cost_min: new Raw(pair.costMin),
    ...(marginable && {
      margin_initial: new Raw('0.20'),
      position_limit_long: 1_000,
      position_limit_short: 600,
    }),
    tick_size: increment,
    price_increment: increment,
    qty_min: new Raw(pair.qtyMin),
  };
}

/** `GET /0/public/Assets` */
export function restAssets(): object {
  return Object.fromEntries(
    listed(false).assets.map(asset => [
      restNameOf(asset),
      {
        aclass: 'currency',
        altname: altNameOf(asset),
        decimals: assetPrecision(asset),
        display_decimals: assetPrecision(asset) / 2,
        status: 'enabled',
      },
    ]),
  );
}

/** `GET /0/public/AssetPairs` */
export function restAssetPairs(): object {
  return Object.fromEntries(
    listed(false).pairs.map(pair => {
      const altname = pairAltNameOf(pair.base, pair.quote);
      return [
        pairKeyOf(pair.base, pair.quote),
        {
          altname,
          wsname: `${altNameOf(pair.base)}/${altNameOf(pair.quote)}`,
          aclass_base: 'currency',
          base: restNameOf(pair.base),
          aclass_quote: 'currency',
          quote: restNameOf(pair.quote),
          lot: 'unit',
          cost_decimals: pair.costPrecision,
          pair_decimals: pair.pricePrecision,
          lot_decimals: pair.qtyPrecision,
          lot_multiplier: 1,
          leverage_buy: [],
          leverage_sell: [],
          fees: [],
          fees_maker: [],
          fee_volume_currency: 'ZUSD',
          margin_call: 80,
          margin_stop: 40,
          ordermin: pair.qtyMin,
          costmin: pair.costMin,
          tick_size: fixed(1, pair.pricePrecision).token,
          status: pair.status,
        },
      ];
    }),
  );
}
