import type { Api, Stop } from '../api/api.ts';
import type { ApiError } from '../api/error.ts';
import { CandleHistoryDocument, type CandleInterval, CandleStreamDocument } from '../generated/operations.ts';
import { Candles } from './candles.ts';

/** Candles that a chart begins with. */
const HISTORY = 500;
const AGAIN_AFTER_MS = 2_000;

/** The candles of one pair and interval: the stream, and the history at the start and after each interruption. */
export class CandleFeed {
  readonly candles = new Candles();
  readonly symbol: string;
  readonly interval: CandleInterval;
  readonly #api: Api;
  #stop: Stop = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** Whether candles may have closed that nobody told of. */
  #isInterrupted = false;

  constructor(api: Api, symbol: string, interval: CandleInterval) {
    this.#api = api;
    this.symbol = symbol;
    this.interval = interval;
  }

  start(): void {
    const { symbol, interval, candles } = this;
    this.#stopped = false;
    this.#stop = this.#api.subscribe(
      CandleStreamDocument,
      { symbol, interval },
      {
        next: result => {
          candles.take(result);
          const { stale } = result.ohlc.freshness;
          if (this.#isInterrupted && !stale) this.#fetch();
          this.#isInterrupted = stale;
        },
        interrupted: () => {
          this.#isInterrupted = true;
          candles.interrupted();
        },
        failed: error => candles.failed(error),
      },
    );
    this.#fetch();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stop();
  }

  #fetch(): void {
    const { symbol, interval } = this;
    clearTimeout(this.#timer);
    this.#api.query(CandleHistoryDocument, { symbol, interval, last: HISTORY }).then(
      ({ ohlc }) => this.candles.takeHistory(ohlc),
      (error: ApiError) => {
        this.candles.lackHistory();
        if (!this.#stopped && !error.isFinal) this.#timer = setTimeout(() => this.#fetch(), AGAIN_AFTER_MS);
      },
    );
  }
}
