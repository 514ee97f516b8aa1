import type { Api, Stop } from '../api/api.ts';
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
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, symbol: string, interval: CandleInterval) {
    this.#api = api;
    this.symbol = symbol;
    this.interval = interval;
  }

  start(): void {
    const { symbol, interval, candles } = this;
    const { link } = this.#api;
    let wasBroken = false;
    const stopWatching = link.watch(() => {
      wasBroken ||= link.state === 'lost';
    });
    const stopStream = this.#api.subscribe(CandleStreamDocument, () => ({ symbol, interval }), {
      next: result => {
        candles.take(result);
        // Candles may have closed meanwhile.
        if (wasBroken && !result.ohlc.freshness.stale) this.#fetch();
        wasBroken = result.ohlc.freshness.stale;
      },
      // What is wrong with a pair, its ticker says.
      failed: () => {},
    });
    this.#stop = () => {
      stopWatching();
      stopStream();
    };
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
      ({ ohlc }) => {
        if (!this.#stopped) this.candles.takeHistory(ohlc);
      },
      () => {
        if (!this.#stopped) this.#timer = setTimeout(() => this.#fetch(), AGAIN_AFTER_MS);
      },
    );
  }
}
