/** What REST calls assets and pairs: coins of the first years begin with X, money with Z. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BTC: 'XXBT',
    DOGE: 'XXDG',
    ETH: 'XETH',
    XRP: 'XXRP',
    XLM: 'XXLM',
    LTC: 'XLTC',
    USD: 'ZUSD',
    EUR: 'ZEUR',
    GBP: 'ZGBP',
  }),
);
const ALT_NAMES: ReadonlyMap<string, string> = new Map([
  ['BTC', 'XBT'],
  ['DOGE', 'XDG'],
]);

/** `XXBT`; with a suffix `XBT.F`. */
export function restNameOf(asset: string): string {
  const [base = '', ...suffixes] = asset.split('.');
  if (suffixes.length > 0) return [altNameOf(base), ...suffixes].join('.');
  return OLD_NAMES.get(base) ?? base;
}

/** `XBT` */
export function altNameOf(asset: string): string {
  return ALT_NAMES.get(asset) ?? asset;
}

/** `XBTUSD` */
export function pairAltNameOf(base: string, quote: string): string {
  return altNameOf(base) + altNameOf(quote);
}

/** `XXBTZUSD` where both have old names, `SOLUSD` elsewhere. */
export function pairKeyOf(base: string, quote: string): string {
  const bothOld = OLD_NAMES.has(base) && OLD_NAMES.has(quote) && base !== 'DOGE';
  return bothOld ? restNameOf(base) + restNameOf(quote) : pairAltNameOf(base, quote);
}
