import type { Api, Sink, Stop } from '../api/api.ts';
import type { ApiError } from '../api/error.ts';
import {
  PairBookDocument,
  type PairBookSubscription,
  PairListingDocument,
  PairStateDocument,
  PairTickerDocument,
  PairTradesDocument,
} from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { BookMirror } from './book-mirror.ts';
import type { Candles } from './candles.ts';
import { Channels } from './channels.ts';
import type { LiveModel } from './freshness.ts';
import { Listing } from './listing.ts';
import { KEPT_LINES, Tape } from './tape.ts';
import { TickerModel } from './ticker.ts';
import { type Trust, trustOf } from './trust.ts';

/** Levels a side that are mirrored: what the depth chart shows. */
const DEPTH = 100;
/** Before the book is asked for again, when the last snapshot was of no use either: doubles from the first to the last. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** How often the exchange's word on the pair is asked for: a pair that is halted has no ticker that would bring it. */
const LISTING_EVERY_MS = 5_000;

/** Everything of one pair but its candles. Says what is wrong where nothing is to be shown. */
export class PairFeed extends Model {
  readonly symbol: string;
  readonly ticker = new TickerModel();
  readonly tape = new Tape();
  readonly book = new BookMirror(DEPTH);
  readonly channels = new Channels();
  readonly listing = new Listing();
  readonly #api: Api;
  #stops: Stop[] = [];
  #stopBook: Stop = () => {};
  /** Snapshots in a row that did not verify, or after which nothing fitted. */
  #uselessBooks = 0;

  constructor(api: Api, symbol: string) {
    super();
    this.#api = api;
    this.symbol = symbol;
  }

  /** What is wrong; undefined while all of it comes. */
  get error(): ApiError | undefined {
    const { ticker, tape, channels, book } = this;
    return [ticker, tape, channels, book].map(model => model.error).find(error => error !== undefined);
  }

  /** Every model that the trust in one of them rests on. */
  behind(model: LiveModel): readonly Model[] {
    return [model, this.channels, this.listing, this.#api.link];
  }

  get tickerTrust(): Trust {
    return this.#trust(this.ticker, 'ticker');
  }

  get bookTrust(): Trust {
    return this.#trust(this.book, 'book');
  }

  /** A trade is what it is however old; what may be wrong is that newer ones do not come, here or at the server. */
  get tapeTrust(): Trust {
    const channel = this.channels.of('trade');
    const { standing } = this.tape;
    const known = standing && !standing.stale && channel ? { ...standing, ...channel } : standing;
    return { ...this.#trust(this.tape, 'trade', undefined, known), ageMs: undefined };
  }

  /** @param minutes that a candle takes */
  candleTrust(candles: Candles, minutes: number): Trust {
    const mayBeEmpty = candles.asked && candles.bars.length === 0;
    return this.#trust(candles, 'ohlc', minutes, candles.standing, mayBeEmpty);
  }

  #trust(
    model: LiveModel,
    name: string,
    minutes?: number,
    standing = model.standing,
    mayBeEmpty = name === 'trade',
  ): Trust {
    const channel = this.channels.of(name, minutes);
    return trustOf(standing, {
      connection: this.#api.link.state,
      channel,
      error: model.error,
      // Of a pair that was never traded the exchange sends no row that would make the channel live.
      empty: mayBeEmpty && (channel?.state === 'LIVE' || this.ticker.isUntraded),
      halt: this.listing.halt,
    });
  }

  start(): void {
    const { symbol, ticker, tape, channels } = this;
    const api = this.#api;
    const sink = <Result>(model: LiveModel & { take(result: Result): void }): Sink<Result> =>
      this.#sink(model, result => model.take(result));
    const timer = setInterval(() => this.#ask(), LISTING_EVERY_MS);
    this.#stops = [
      () => clearInterval(timer),
      api.subscribe(
        PairTickerDocument,
        { symbol },
        this.#sink(ticker, result => {
          ticker.take(result);
          if (result.ticker.instrument !== null) this.listing.take(result.ticker.instrument);
        }),
      ),
      api.subscribe(PairTradesDocument, { symbol, last: KEPT_LINES }, sink(tape)),
      api.subscribe(PairStateDocument, { symbol }, sink(channels)),
      () => this.#stopBook(),
    ];
    this.#mirror();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  #ask(): void {
    this.#api.query(PairListingDocument, { symbol: this.symbol }).then(
      ({ instrument }) => this.listing.take(instrument),
      (error: ApiError) => {
        if (error.code === 'UNKNOWN_SYMBOL') this.listing.take(null);
      },
    );
  }

  #sink<Result>(model: LiveModel, take: (result: Result) => void): Sink<Result> {
    return {
      next: result => {
        const failed = model.error !== undefined;
        take(result);
        if (failed) this.changed();
      },
      interrupted: () => model.interrupted(),
      failed: error => {
        model.failed(error);
        this.changed();
      },
    };
  }

  /** A subscription anew brings a snapshot. */
  #mirror(): void {
    const { symbol, book } = this;
    const sink = this.#sink<PairBookSubscription>(book, ({ bookUpdates }) => {
      if (!book.take(bookUpdates)) this.#mirrorAnew();
      else if (bookUpdates.__typename === 'BookDelta') this.#uselessBooks = 0;
    });
    this.#stopBook = this.#api.subscribe(PairBookDocument, { symbol, depth: DEPTH }, sink);
  }

  #mirrorAnew(): void {
    this.#stopBook();
    const waitMs =
      this.#uselessBooks === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#uselessBooks - 1));
    this.#uselessBooks += 1;
    const timer = setTimeout(() => this.#mirror(), waitMs);
    this.#stopBook = () => clearTimeout(timer);
  }
}
