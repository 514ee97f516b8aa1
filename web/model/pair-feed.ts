import type { Api, Sink, Stop } from '../api/api.ts';
import type { ApiError } from '../api/error.ts';
import {
  PairBookDocument,
  type PairBookSubscription,
  PairStateDocument,
  PairTickerDocument,
  PairTradesDocument,
} from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { BookMirror } from './book-mirror.ts';
import { Channels } from './channels.ts';
import type { LiveModel } from './freshness.ts';
import { KEPT_LINES, Tape } from './tape.ts';
import { TickerModel } from './ticker.ts';

/** Levels a side that are mirrored: what the depth chart shows. */
const DEPTH = 100;
/** Before the book is asked for again, when the last snapshot was of no use either: doubles from the first to the last. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Everything of one pair but its candles. Says what is wrong where nothing is to be shown. */
export class PairFeed extends Model {
  readonly symbol: string;
  readonly ticker = new TickerModel();
  readonly tape = new Tape();
  readonly book = new BookMirror(DEPTH);
  readonly channels = new Channels();
  /** Of each of them what failed last, while nothing has come since. */
  readonly #errors = new Map<LiveModel, ApiError>();
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
    return this.#errors.values().next().value;
  }

  start(): void {
    const { symbol, ticker, tape, channels } = this;
    const api = this.#api;
    const sink = <Result>(model: LiveModel & { take(result: Result): void }): Sink<Result> =>
      this.#sink(model, result => model.take(result));
    this.#stops = [
      api.subscribe(PairTickerDocument, { symbol }, sink(ticker)),
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

  #sink<Result>(model: LiveModel, take: (result: Result) => void): Sink<Result> {
    return {
      next: result => {
        if (this.#errors.delete(model)) this.changed();
        take(result);
      },
      interrupted: () => model.interrupted(),
      failed: error => {
        this.#errors.set(model, error);
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
