import { altNameOf, pairAltNameOf, pairKeyOf, restNameOf } from './names.ts';
import { assetPrecision, SIMULATED_PAIRS, type SimulatedPair } from './pairs.ts';
import { fixed, Raw } from './wire.ts';

/** Members of pairs that have changed since they were listed. */
export type PairChanges = ReadonlyMap<string, object>;

/** The data of the instrument channel's snapshot. */
export function instrumentData(changes: PairChanges): object {
  const assets = new Set(SIMULATED_PAIRS.flatMap(pair => [pair.base, pair.quote]));
  return {
    assets: [...assets].map(id => ({
      id,
      status: 'enabled',
      precision: assetPrecision(id),
      precision_display: assetPrecision(id) / 2,
      borrowable: true,
      collateral_value: new Raw('1.000'),
      class: 'currency',
      margin_rate: new Raw('0.025000'),
    })),
    pairs: SIMULATED_PAIRS.map(pair => ({ ...pairRow(pair), ...changes.get(pair.symbol) })),
  };
}

/** The data of an update: the whole row of one pair. */
export function instrumentUpdate(symbol: string, changes: PairChanges): object {
  const pairs = SIMULATED_PAIRS.filter(pair => pair.symbol === symbol);
  return { assets: [], pairs: pairs.map(pair => ({ ...pairRow(pair), ...changes.get(symbol) })) };
}

function pairRow(pair: SimulatedPair): object {
  const increment = fixed(1, pair.pricePrecision);
  return {
    symbol: pair.symbol,
    base: pair.base,
    quote: pair.quote,
    status: pair.status,
    qty_precision: pair.qtyPrecision,
    qty_increment: fixed(1, pair.qtyPrecision),
    price_precision: pair.pricePrecision,
    cost_precision: pair.costPrecision,
    marginable: pair.quote === 'USD',
    has_index: true,
    ws_display_price_precision: pair.pricePrecision,
    cost_min: new Raw(pair.costMin),
    tick_size: increment,
    price_increment: increment,
    qty_min: new Raw(pair.qtyMin),
  };
}

/** `GET /0/public/Assets` */
export function restAssets(): object {
  const assets = new Set(SIMULATED_PAIRS.flatMap(pair => [pair.base, pair.quote]));
  return Object.fromEntries(
    [...assets].map(asset => [
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
    SIMULATED_PAIRS.map(pair => {
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
