import { CANDLE_MINUTES } from '../kraken/messages.ts';
import { candleFeed, type FeedName } from '../kraken/subscription.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { Cancel, Clock } from '../lib/clock.ts';

/** What is known from elsewhere of a feed that did not tell it. */
export interface Contradiction {
  /** `the book moved to 83695.5 / 83696.0` */
  readonly what: string;
  /** Monotonic. */
  readonly sinceMs: number;
}

interface Doubt extends Contradiction {
  readonly feed: FeedName;
  readonly symbol: PairSymbol;
}

export interface EvidenceOptions {
  readonly clock: Clock;
  /** Whether a feed of a pair is subscribed and passes for live. */
  readonly isLive: (feed: FeedName, symbol: PairSymbol) => boolean;
  /** Monotonic time of its last data; undefined before there were any. */
  readonly lastHeardMs: (feed: FeedName, symbol: PairSymbol) => number | undefined;
  /** Pairs whose book and ticker can be compared. */
  readonly quotedPairs: () => Iterable<PairSymbol>;
  /** The best prices of verified book and ticker where they differ; undefined where they agree or cannot be compared. */
  readonly disagreement: (
    symbol: PairSymbol,
  ) => { readonly book: string; readonly ticker: string } | undefined;
  /** A feed did not tell what is known from elsewhere. */
  readonly distrust: (feed: FeedName, symbol: PairSymbol, contradiction: Contradiction) => void;
}

/** A feed may be late by this much: found silent with the sweep after it, and so within 15 s. */
const GRACE_MS = 12_000;
const SWEEP_MS = 1_000;
/** Frames of one trade arrive together on all channels, in any order. */
const TOGETHER_MS = 2_000;
/** A pair that trades a hundred times a second is looked at less often than that. */
const LOOK_EVERY_MS = 500;

/** Feeds that tell of every trade. */
const TRADE_TELLERS: readonly FeedName[] = ['ticker', 'trade', ...CANDLE_MINUTES.map(candleFeed)];

/**
 * Finds feeds that have gone deaf while their connection lives, by values alone: a trade that one channel told has to be
 * told by the others, and the ticker's best prices have to become those of the verified book. That a feed has said nothing
 * for a while is no evidence: nothing may have happened.
 */
export class Evidence {
  readonly #options: EvidenceOptions;
  /** By feed and pair. */
  readonly #doubts = new Map<string, Doubt>();
  /** Pairs whose book and ticker have differed since. */
  readonly #disagreements = new Map<PairSymbol, number>();
  /** When trades of a pair were last looked at. */
  readonly #lookedMs = new Map<PairSymbol, number>();
  #cancelSweep: Cancel | undefined;

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /** A connection stands: from now on feeds are judged. */
  start(): void {
    this.stop();
    this.#sweepLater();
  }

  /** The connection is lost, and with it everything that could be doubted. */
  stop(): void {
    this.#cancelSweep?.();
    this.#doubts.clear();
    this.#disagreements.clear();
    this.#lookedMs.clear();
  }

  /** A feed told of a trade: the others of the pair have to tell of it too. @param price of the trade, where it was told */
  traded(teller: FeedName, symbol: PairSymbol, price: string | undefined): void {
    const { clock, isLive } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#lookedMs.get(symbol) ?? Number.NEGATIVE_INFINITY) < LOOK_EVERY_MS) return;
    this.#lookedMs.set(symbol, nowMs);
    for (const feed of TRADE_TELLERS) {
      const key = `${feed} ${symbol}`;
      if (feed === teller || this.#doubts.has(key) || !isLive(feed, symbol)) continue;
      if (this.#heardSince(feed, symbol, nowMs)) continue;
      const at = price === undefined ? '' : ` at ${price}`;
      this.#doubts.set(key, { feed, symbol, what: `a trade${at} was told by ${teller}`, sinceMs: nowMs });
    }
  }

  /** Ticker or book of a pair has changed: if they differed, they may agree now. */
  quoted(symbol: PairSymbol): void {
    if (this.#disagreements.size === 0 || !this.#disagreements.has(symbol)) return;
    if (this.#options.disagreement(symbol) === undefined) this.#disagreements.delete(symbol);
  }

  #heardSince(feed: FeedName, symbol: PairSymbol, sinceMs: number): boolean {
    return (this.#options.lastHeardMs(feed, symbol) ?? Number.NEGATIVE_INFINITY) > sinceMs - TOGETHER_MS;
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#sweepLater();
      this.#sweepTrades();
      this.#sweepQuotes();
    });
  }

  #sweepTrades(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, doubt] of this.#doubts) {
      const { feed, symbol, sinceMs } = doubt;
      if (!this.#options.isLive(feed, symbol) || this.#heardSince(feed, symbol, sinceMs)) {
        this.#doubts.delete(key);
      } else if (nowMs - sinceMs >= GRACE_MS) {
        this.#doubts.delete(key);
        this.#options.distrust(feed, symbol, doubt);
      }
    }
    for (const [symbol, lookedMs] of this.#lookedMs) {
      if (nowMs - lookedMs > GRACE_MS) this.#lookedMs.delete(symbol);
    }
  }

  #sweepQuotes(): void {
    const { clock, quotedPairs, disagreement } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const symbol of quotedPairs()) {
      const differ = disagreement(symbol);
      const sinceMs = this.#disagreements.get(symbol);
      if (differ === undefined) {
        if (sinceMs !== undefined) this.#disagreements.delete(symbol);
      } else if (sinceMs === undefined) {
        this.#disagreements.set(symbol, nowMs);
      } else if (nowMs - sinceMs >= GRACE_MS) {
        this.#disagreements.delete(symbol);
        this.#distrustOneOf(symbol, differ, sinceMs);
      }
    }
  }

  /** The one that has told nothing since they differ; the ticker, when both have told something else. */
  #distrustOneOf(symbol: PairSymbol, differ: { book: string; ticker: string }, sinceMs: number): void {
    const isBookDeaf =
      this.#heardSince('ticker', symbol, sinceMs) && !this.#heardSince('book', symbol, sinceMs);
    const [feed, what] = isBookDeaf
      ? (['book', `the ticker moved to ${differ.ticker}`] as const)
      : (['ticker', `the book moved to ${differ.book}`] as const);
    this.#options.distrust(feed, symbol, { what, sinceMs });
  }
}
