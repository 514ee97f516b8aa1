/** A pair as the simulated exchange lists it. */
export interface SimulatedPair {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly status: 'online' | 'post_only' | 'cancel_only' | 'delisted';
  /** Price at the start, in units of the last price digit. */
  readonly startTicks: number;
  readonly pricePrecision: number;
  readonly qtyPrecision: number;
  readonly costPrecision: number;
  readonly qtyMin: string;
  readonly costMin: string;
  /** Makers leave its top alone: it moves at trades, which are rare. */
  readonly quiet: boolean;
  /** Of a tokenized asset: listed and served to those who ask for such. */
  readonly tokenized: boolean;
}

/** Base asset, US dollars for one at the start, digits of a price in dollars, digits of a quantity. */
const BASES: ReadonlyArray<readonly [string, number, number, number]> = [
  ['BTC', 83_744.3, 1, 8],
  ['ETH', 3_213.89, 2, 8],
  ['SOL', 187.42, 2, 8],
  ['XRP', 2.84517, 5, 8],
  ['ADA', 0.912345, 6, 8],
  ['DOGE', 0.2311574, 7, 8],
  ['DOT', 4.5321, 4, 8],
  ['LTC', 96.31, 2, 8],
  ['LINK', 21.03671, 5, 8],
  ['AVAX', 29.87, 2, 8],
  ['ATOM', 4.8812, 4, 8],
  ['UNI', 8.117, 3, 8],
  ['XLM', 0.38241, 6, 8],
  ['XMR', 301.55, 2, 8],
  ['TRX', 0.331402, 6, 8],
  ['BCH', 541.07, 2, 8],
  ['ALGO', 0.2219, 5, 8],
  ['NEAR', 2.714, 3, 8],
  ['FIL', 2.391, 3, 8],
  ['AAVE', 287.64, 2, 8],
  ['MINA', 0.0371, 4, 8],
  ['PEPE', 0.000009871, 9, 5],
  ['SHIB', 0.00001243, 8, 5],
  ['BNB', 600.21, 2, 5],
  ['VET', 0.021734, 6, 5],
  ['USDG', 1.0001, 4, 5],
];

/** Quote asset, US dollars for one, digits by which its prices differ from those in dollars. */
const QUOTES: ReadonlyArray<readonly [string, number, number]> = [
  ['USD', 1, 0],
  ['EUR', 1.0842, 0],
  ['GBP', 1.2731, 0],
  ['USDT', 0.9994, 0],
  ['USDC', 1.0001, 0],
];

/** Pairs whose quote is not money, and pairs of monies. */
const OTHERS: readonly SimulatedPair[] = [
  pair('ETH', 'BTC', 3_213.89 / 83_744.3, 6, 8),
  pair('SOL', 'BTC', 187.42 / 83_744.3, 7, 8),
  pair('EUR', 'USD', 1.0842, 5, 8),
  pair('GBP', 'USD', 1.2731, 5, 8),
  pair('USDT', 'USD', 0.9994, 4, 8),
  pair('USDC', 'USD', 1.0001, 4, 8),
  pair('AAPLx', 'USD', 231.44, 2, 8),
];

/** Every pair of the simulated exchange: 136 of currencies, and one of a tokenized share. */
export const SIMULATED_PAIRS: readonly SimulatedPair[] = [
  ...BASES.flatMap(([base, dollars, digits, qtyDigits]) =>
    QUOTES.map(([quote, worth, shift]) => pair(base, quote, dollars / worth, digits + shift, qtyDigits)),
  ),
  ...OTHERS,
];

/** Whether an asset is a share that Kraken calls `AAPLx`. */
export function isTokenized(asset: string): boolean {
  return asset.endsWith('x');
}

/** How many of an asset's digits the exchange keeps. */
export function assetPrecision(asset: string): number {
  return QUOTES.some(([quote]) => quote === asset) ? 4 : 10;
}

function pair(base: string, quote: string, price: number, digits: number, qtyDigits: number): SimulatedPair {
  return {
    symbol: `${base}/${quote}`,
    base,
    quote,
    status: base === 'VET' ? 'post_only' : 'online',
    startTicks: Math.round(price * 10 ** digits),
    pricePrecision: digits,
    qtyPrecision: qtyDigits,
    costPrecision: quote === 'BTC' ? 10 : 5,
    qtyMin: `0.${'0'.repeat(qtyDigits - 4)}5000`,
    costMin: quote === 'BTC' ? '0.00002' : '0.50',
    quiet: base === 'MINA',
    tokenized: isTokenized(base),
  };
}
