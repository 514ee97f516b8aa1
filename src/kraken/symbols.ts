import { distance } from 'fastest-levenshtein';

/** A trading pair in Kraken's v2 spelling: `BTC/USD`. Made only by this file and by the decoder. */
export type PairSymbol = string & { readonly __pairSymbol: never };

/** An asset in Kraken's v2 spelling: `BTC`, `USD`, `USDT.M`. */
export type Asset = string & { readonly __asset: never };

/** Kraken's older names that are still in use (WebSocket v1 and REST), and what v2 calls them. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['XBT', 'BTC'],
  ['XDG', 'DOGE'],
]);
const RENAMED_BACK: ReadonlyMap<string, string> = new Map([...RENAMED].map(([old, name]) => [name, old]));

const PAIR = /^[A-Za-z0-9.]{1,16}[/\-_][A-Za-z0-9.]{1,16}$/;
const LONGEST_ASSET = 16;
const ASSET = /^[!-~]{1,32}$/;
const DOT = 46;
const SLASH = 47;
const ZERO = 48;
const NINE = 57;
/** A share, as Kraken spells it: `AAPLx`. */
const TOKENIZED = /^[A-Z0-9.]+x$/;
const SUGGESTIONS = 5;

/** Whether this can be the name of a pair in v2: `BTC/USD`. */
export function isPairName(text: string): text is PairSymbol {
  return text !== '' && endOfPairName(text, 0) === text.length;
}

/** The index behind the name of a pair that begins at `start`; -1 when there is none. Asked for each frame. */
export function endOfPairName(text: string, start: number): number {
  const slash = endOfAssetPart(text, start);
  const base = slash - start;
  if (base === 0 || base > LONGEST_ASSET || text.charCodeAt(slash) !== SLASH) return -1;
  const end = endOfAssetPart(text, slash + 1);
  const quote = end - slash - 1;
  return quote === 0 || quote > LONGEST_ASSET ? -1 : end;
}

/** Letters, digits and points. */
function endOfAssetPart(text: string, start: number): number {
  for (let index = start; ; index += 1) {
    const code = text.charCodeAt(index);
    const letter = code | 32;
    if (!((code >= ZERO && code <= NINE) || (letter >= 97 && letter <= 122) || code === DOT)) return index;
  }
}

/** Whether this can be the name of an asset: short, of characters that can be seen. */
export function isAssetName(text: string): text is Asset {
  return ASSET.test(text);
}

/**
 * Reads a pair by its spelling alone, without knowing which pairs exist: `xbt-usd` is `BTC/USD`.
 * Tokenized assets keep their small x (`AAPLx/USD`).
 *
 * @returns undefined when base and quote are not told apart by `/`, `-` or `_`
 */
export function spellPair(text: string): PairSymbol | undefined {
  const trimmed = text.trim();
  if (!PAIR.test(trimmed)) return undefined;
  const [base = '', quote = ''] = trimmed.split(/[/\-_]/);
  return `${spellAsset(base)}/${spellAsset(quote)}` as PairSymbol;
}

function spellAsset(text: string): Asset {
  const upper = TOKENIZED.test(text) ? text : text.toUpperCase();
  return (RENAMED.get(upper) ?? upper) as Asset;
}

/**
 * How REST requests name a pair: `XBTUSD`. (In its answers it may be `XXBTZUSD`.) Pairs of tokenized assets are found
 * by their class alone.
 */
export function restPair(symbol: PairSymbol): { readonly pair: string; readonly asset_class?: string } {
  const [base = '', quote = ''] = symbol.split('/');
  const pair = [base, quote].map(asset => RENAMED_BACK.get(asset) ?? asset).join('');
  return { pair, ...(TOKENIZED.test(base) && { asset_class: 'tokenized_asset' }) };
}

/** Whether a user means this asset by `text`: `btc`, `XBT`, `AAPLx`. */
export function meansAsset(text: string, asset: Asset): boolean {
  const wanted = text.trim();
  const folded = asset.toUpperCase();
  return (
    wanted === asset || wanted.toUpperCase() === folded || spellAssetName(wanted).toUpperCase() === folded
  );
}

/**
 * Reads the name of an asset by its spelling alone: `xbt` and `XXBT` are `BTC`, `xbt.f` is `BTC.F`, and a share keeps its
 * small x.
 */
export function spellAssetName(text: string): Asset {
  return TOKENIZED.test(text) ? (text as Asset) : assetOfRestName(text.toUpperCase());
}

/** What earns, is staked, held back or tokenized: a balance of its own, worth what the asset before the point is. */
const SUFFIX = /\.(F|B|S|M|P|T|HOLD)$/;

/** The asset of which this one is a balance that is kept apart: `ETH.F` is one of `ETH`. The asset itself without a suffix. */
export function baseOfAsset(asset: Asset): Asset {
  return asset.replace(SUFFIX, '') as Asset;
}

/** The names that look most like `text`, nearest first. */
export function nearestAssets(text: string, assets: Iterable<Asset>): readonly Asset[] {
  const wanted = spellAssetName(text.trim()).toUpperCase();
  return nearest(assets, asset => distance(wanted, asset.toUpperCase()), Math.ceil(wanted.length / 2));
}

/** REST's older names begin with X (coins) or Z (money), and these alone are still in use. */
const REST_PREFIXED = new Set(
  'XETC XETH XLTC XMLN XREP XXBT XXDG XXLM XXMR XXRP XZEC ZAUD ZCAD ZEUR ZGBP ZJPY ZUSD'.split(' '),
);

/**
 * The asset that REST calls `name`: `XXBT` is `BTC`, `ZUSD` is `USD`. What follows a point is kept (`XBT.F` is
 * `BTC.F`): what earns or is staked is another balance than what can be traded.
 */
export function assetOfRestName(name: string): Asset {
  const [base = '', ...suffixes] = name.split('.');
  const bare = REST_PREFIXED.has(base) ? base.slice(1) : base;
  return [RENAMED.get(bare) ?? bare, ...suffixes].join('.') as Asset;
}

/** The pairs that exist, found under every spelling in use. Built anew when pairs come or go. */
export class SymbolDirectory {
  readonly #bySpelling = new Map<string, PairSymbol>();
  readonly #symbols: readonly PairSymbol[];

  constructor(symbols: readonly PairSymbol[]) {
    this.#symbols = symbols;
    // The pair itself stands above every other way to read its name: `AAPLx/USD` and `AAPLX/USD` may both exist.
    for (const symbol of symbols) this.#bySpelling.set(symbol.toUpperCase(), symbol);
    for (const symbol of symbols) this.#bySpelling.set(symbol, symbol);
    for (const symbol of symbols) {
      for (const word of runTogether(symbol)) {
        if (!this.#bySpelling.has(word)) this.#bySpelling.set(word, symbol);
      }
    }
  }

  get size(): number {
    return this.#symbols.length;
  }

  /** The pair that `text` means: `BTC/USD`, `btc/usd`, `BTC-USD`, `BTCUSD`, `XBT/USD`; undefined if there is none. */
  resolve(text: string): PairSymbol | undefined {
    const spelled = spellPair(text);
    if (spelled !== undefined) {
      return this.#bySpelling.get(spelled) ?? this.#bySpelling.get(spelled.toUpperCase());
    }
    return this.#bySpelling.get(text.trim().toUpperCase());
  }

  /** The known pairs that look most like `text`, nearest first. */
  suggest(text: string): readonly PairSymbol[] {
    const wanted = (spellPair(text) ?? text).toUpperCase().replace(/[^A-Z0-9.]/g, '');
    const away = (symbol: PairSymbol): number => distance(wanted, symbol.toUpperCase().replace('/', ''));
    return nearest(this.#symbols, away, wanted.length / 2 + 1);
  }
}

/** At most five names that are no further away than `near`. */
function nearest<Name extends string>(
  names: Iterable<Name>,
  awayOf: (name: Name) => number,
  near: number,
): readonly Name[] {
  return [...names]
    .map(name => ({ name, away: awayOf(name) }))
    .filter(({ away }) => away <= near)
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}

/** `BTCUSD`, `XBTUSD`: the spellings of a pair without a separator. */
function runTogether(symbol: PairSymbol): readonly string[] {
  const [base = '', quote = ''] = symbol.toUpperCase().split('/');
  const bases = [base, RENAMED_BACK.get(base)].filter(name => name !== undefined);
  const quotes = [quote, RENAMED_BACK.get(quote)].filter(name => name !== undefined);
  return bases.flatMap(one => quotes.map(other => one + other));
}
