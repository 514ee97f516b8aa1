import type { CandleMinutes, OhlcMessage, PairRow } from '../kraken/messages.ts';
import type { RestClient } from '../kraken/rest.ts';
import { candlesOf } from '../kraken/rest-rows.ts';
import { type PairSymbol, restPair } from '../kraken/symbols.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { groupBy } from '../lib/group-by.ts';
import type { CandleSeries } from '../market/candle-series.ts';
import type { Candles } from '../market/candles.ts';
import type { OHLCUpdate } from '../market/ohlc-update.ts';

export interface CandleFeedOptions {
  readonly candles: Candles;
  readonly rest: RestClient;
  readonly clock: Clock;
  readonly pair: (symbol: PairSymbol) => PairRow | undefined;
  /** A frame of this pair and interval came; false when nobody subscribed to it. */
  readonly accepts: (
    symbol: PairSymbol,
    interval: CandleMinutes,
    receivedAt: number,
    type: OhlcMessage['type'],
  ) => boolean;
  /** Whether anybody subscribed to it. */
  readonly isWanted: (symbol: PairSymbol, interval: CandleMinutes) => boolean;
  /** Whether the feed can be trusted now. */
  readonly isLive: (symbol: PairSymbol, interval: CandleMinutes) => boolean;
  /** So many candles were left out, because their beginnings are not of today. */
  readonly dropped: (symbol: PairSymbol, count: number) => void;
  /**
   * The candles that changed, oldest first: one that has closed, before the one that follows it. None when only how far
   * the latest can be trusted has changed.
   */
  readonly changed: (symbol: PairSymbol, interval: CandleMinutes, candles: readonly OHLCUpdate[]) => void;
}

/** Candles from the socket, closed in time, with their history from REST. */
export class CandleFeed {
  readonly #options: CandleFeedOptions;
  /** Series whose latest candle will close by the clock. */
  readonly #closing = new Map<CandleSeries, Cancel>();
  #stopped = false;

  constructor(options: CandleFeedOptions) {
    this.#options = options;
  }

  receive(message: OhlcMessage, receivedAt: number): void {
    const groups = groupBy(message.data, row => `${row.symbol} ${row.interval}`);
    for (const rows of groups.values()) {
      const [{ symbol, interval }] = rows;
      const wasLive = this.#options.isLive(symbol, interval);
      if (!this.#options.accepts(symbol, interval, receivedAt, message.type)) continue;
      const applied = this.#options.candles.apply(message.type, symbol, interval, rows, receivedAt);
      const dropped = rows.length - (applied?.taken.length ?? 0);
      if (dropped > 0) this.#options.dropped(symbol, dropped);
      const series = applied?.series ?? this.#options.candles.series(symbol, interval);
      if (series !== undefined) this.#settle(symbol, interval, series, wasLive);
    }
  }

  /**
   * Closes what is over, now or in time, and tells what changed.
   *
   * @param wasLive whether readers know that the feed is live; otherwise the latest candle is told even if it is the same
   */
  #settle(symbol: PairSymbol, interval: CandleMinutes, series: CandleSeries, wasLive: boolean): void {
    const { changed, clock, isLive } = this.#options;
    if (isLive(symbol, interval)) series.close(clock.now());
    this.#closeInTime(symbol, interval, series);
    const candles = series.takeChanged();
    if (candles.length > 0) changed(symbol, interval, candles);
    const [latest] = series.last(1);
    if (!wasLive && latest?.intervalBegin !== candles.at(-1)?.intervalBegin) changed(symbol, interval, []);
  }

  /**
   * Merges what REST knows of the past into a series that is subscribed: up to 720 candles.
   *
   * @param client who asks
   * @throws {RestError}
   */
  async loadHistory(symbol: PairSymbol, interval: CandleMinutes, client?: string): Promise<void> {
    const { rest, candles, clock, pair } = this.#options;
    const parameters = { ...restPair(symbol), interval: String(interval) };
    const result = await rest.get('OHLC', parameters, { client });
    // Nobody wants it any more: without the socket's updates it would age without a sign. Or others have merged it.
    if (!this.#options.isWanted(symbol, interval) || candles.series(symbol, interval)?.complete) return;
    const rows = candlesOf(result, symbol, interval, pair(symbol));
    this.#settle(symbol, interval, candles.mergeHistory(symbol, interval, rows, clock.now()), true);
  }

  /** The series is not kept any longer. */
  drop(symbol: PairSymbol, interval: CandleMinutes): void {
    const series = this.#options.candles.series(symbol, interval);
    if (series !== undefined) this.#cancel(series);
  }

  resume(): void {
    this.#stopped = false;
  }

  stop(): void {
    this.#stopped = true;
    for (const series of [...this.#closing.keys()]) this.#cancel(series);
  }

  #cancel(series: CandleSeries): void {
    this.#closing.get(series)?.();
    this.#closing.delete(series);
  }

  #closeInTime(symbol: PairSymbol, interval: CandleMinutes, series: CandleSeries): void {
    this.#cancel(series);
    const { clock } = this.#options;
    const { closesAt } = series;
    if (this.#stopped || closesAt === undefined || closesAt <= clock.now()) return;
    const cancel = clock.after(Math.min(closesAt - clock.now(), LONGEST_TIMER_MS), () => {
      this.#closing.delete(series);
      // Without a live feed nobody knows what its last trades were: the next snapshot tells.
      this.#settle(symbol, interval, series, true);
    });
    this.#closing.set(series, cancel);
  }
}

/** A timer takes no more than 2^31 - 1 ms, and a candle may be fifteen days long. */
const LONGEST_TIMER_MS = 86_400_000;
