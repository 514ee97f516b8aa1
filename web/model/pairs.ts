import type { Api } from '../api/api.ts';
import { PairsDocument, type PairsQuery } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';

export type Pair = PairsQuery['instruments'][number];

const AGAIN_AFTER_MS = 2_000;
/** What Kraken calls by another name elsewhere. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/\bXBT/g, 'BTC'],
  [/\bXDG/g, 'DOGE'],
];

/** Every pair that can be looked at. */
export class Pairs extends Model {
  all: readonly Pair[] = [];
  /** Why there are none yet. */
  error: string | undefined;
  readonly #api: Api;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  /** Asks, until there are some. */
  load(): void {
    const again = (error: string): void => {
      this.error = error;
      this.changed();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.load(), AGAIN_AFTER_MS);
    };
    this.#api.query(PairsDocument, {}).then(
      ({ instruments }) => {
        if (instruments.length === 0) return again('Kraken has not sent its list of pairs yet');
        this.all = instruments.toSorted((a, b) => a.symbol.localeCompare(b.symbol));
        this.error = undefined;
        this.changed();
      },
      (error: Error) => again(error.message),
    );
  }
}

/** The pairs that a text may mean, the likeliest first: by base, then by anything in the name. */
export function search(pairs: readonly Pair[], text: string): readonly Pair[] {
  const wanted = ALIASES.reduce(
    (name, [alias, real]) => name.replace(alias, real),
    text
      .trim()
      .toUpperCase()
      .replace(/[-\s]+/, '/'),
  );
  if (wanted === '') return pairs;
  const rank = ({ symbol }: Pair): number => {
    const name = symbol.toUpperCase();
    if (name === wanted) return 0;
    if (name.startsWith(`${wanted}/`)) return 1;
    if (name.startsWith(wanted)) return 2;
    if (name.replace('/', '').startsWith(wanted)) return 3;
    return name.includes(wanted) ? 4 : 5;
  };
  return pairs
    .map(pair => ({ pair, rank: rank(pair), quote: quoteRank(pair) }))
    .filter(({ rank }) => rank < 5)
    .sort((a, b) => a.rank - b.rank || a.quote - b.quote)
    .map(({ pair }) => pair);
}

/** In which most is traded comes first. */
const QUOTES = ['USD', 'EUR', 'USDT', 'USDC', 'BTC'];

function quoteRank({ symbol }: Pair): number {
  const rank = QUOTES.indexOf(symbol.split('/')[1] ?? '');
  return rank < 0 ? QUOTES.length : rank;
}

/** What balances may be valued in: of the usual ones those that some pair knows. */
export function currenciesOf(pairs: readonly Pair[]): readonly string[] {
  const known = new Set(pairs.flatMap(({ symbol }) => symbol.split('/')));
  return CURRENCIES.filter(currency => known.has(currency));
}

const CURRENCIES = ['USD', 'EUR', 'GBP', 'CHF', 'JPY', 'CAD', 'AUD', 'USDT', 'USDC', 'BTC', 'ETH'];
