import type { Api } from '../api/api.ts';
import { PairsDocument, type PairsQuery } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { pageClock } from '../lib/page-clock.ts';

export type Pair = PairsQuery['instruments'][number];

const AGAIN_AFTER_MS = 2_000;
/** How often the list is asked for again, and how old it may be when somebody looks at it. */
const EVERY_MS = 60_000;
const FRESH_MS = 5_000;
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
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  /** Somebody looks at them: pairs come and go. */
  refresh(): void {
    if (pageClock.now() - this.#askedMs >= FRESH_MS) this.load();
  }

  /** Asks until there are some, and now and then whether there are others. */
  load(): void {
    this.#askedMs = pageClock.now();
    const next = (waitMs: number): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.load(), waitMs);
    };
    const again = (error: string): void => {
      this.error = error;
      this.changed();
      next(AGAIN_AFTER_MS);
    };
    this.#api.query(PairsDocument, {}).then(
      ({ instruments }) => {
        if (instruments.length === 0) return again('Kraken has not sent its list of pairs yet');
        this.all = byRelevance(instruments);
        this.error = undefined;
        this.changed();
        next(EVERY_MS);
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
      .replace(/\s*[/\-_\s]\s*/, '/'),
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

/** So many pairs quoted in an asset, and no more, say that it matters as much as so many pairs of it. */
const QUOTED_COUNTS = 3;

/**
 * What is traded first, assets with the most pairs before others, and what is quoted in dollars before what is not. How much
 * is traded of each, the list does not tell.
 */
function byRelevance(pairs: readonly Pair[]): readonly Pair[] {
  const based = new Map<string, number>();
  const quoted = new Map<string, number>();
  for (const { base, quote } of pairs) {
    based.set(base, (based.get(base) ?? 0) + 1);
    quoted.set(quote, (quoted.get(quote) ?? 0) + 1);
  }
  const rank = ({ base }: Pair): number =>
    (based.get(base) ?? 0) + Math.min(QUOTED_COUNTS, quoted.get(base) ?? 0);
  const halted = ({ status }: Pair): number => (status === 'online' ? 0 : 1);
  return pairs.toSorted(
    (a, b) =>
      halted(a) - halted(b) ||
      rank(b) - rank(a) ||
      a.base.localeCompare(b.base) ||
      quoteRank(a) - quoteRank(b) ||
      a.symbol.localeCompare(b.symbol),
  );
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
