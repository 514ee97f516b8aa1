import type { Api, Stop } from '../api/api.ts';
import type { ApiError } from '../api/error.ts';
import { PairBookDocument, PairTickerDocument, PairTradesDocument } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { BookMirror } from './book-mirror.ts';
import { Tape } from './tape.ts';
import { TickerModel } from './ticker.ts';

/** Levels a side that are mirrored: what the depth chart shows. */
const DEPTH = 100;
/** Trades that the tape begins with. */
const FIRST_TRADES = 40;

/** Everything of one pair but its candles. Says what is wrong where nothing is to be shown. */
export class PairFeed extends Model {
  readonly symbol: string;
  readonly ticker = new TickerModel();
  readonly tape = new Tape();
  readonly book = new BookMirror(DEPTH);
  /** Of the last thing that failed; undefined while values come. */
  error: ApiError | undefined;
  readonly #api: Api;
  #stops: Stop[] = [];
  #stopBook: Stop = () => {};

  constructor(api: Api, symbol: string) {
    super();
    this.#api = api;
    this.symbol = symbol;
  }

  start(): void {
    const { symbol } = this;
    const failed = (error: ApiError): void => this.#fails(error);
    this.#stops = [
      this.#api.subscribe(PairTickerDocument, () => ({ symbol }), {
        next: result => {
          this.ticker.take(result);
          this.#fails(undefined);
        },
        failed,
      }),
      this.#api.subscribe(
        PairTradesDocument,
        () => ({
          symbol,
          last: FIRST_TRADES,
          after: this.tape.cursor === undefined ? null : [this.tape.cursor],
        }),
        {
          next: result => this.tape.take(result),
          failed: error => {
            if (error.code === 'CURSOR_EXPIRED' || error.code === 'CURSOR_INVALID') this.tape.restart();
            else failed(error);
          },
        },
      ),
      () => this.#stopBook(),
    ];
    this.#mirror();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /** A subscription anew brings a snapshot. */
  #mirror(): void {
    const { symbol, book } = this;
    this.#stopBook = this.#api.subscribe(PairBookDocument, () => ({ symbol, depth: DEPTH }), {
      next: ({ bookUpdates }) => {
        if (book.take(bookUpdates)) return;
        this.#stopBook();
        this.#mirror();
      },
      failed: error => this.#fails(error),
    });
  }

  #fails(error: ApiError | undefined): void {
    if (error === this.error) return;
    this.error = error;
    this.changed();
  }
}
