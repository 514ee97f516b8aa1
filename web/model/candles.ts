import type { BarFragment, CandleStreamSubscription } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { type Standing, standingOf } from './freshness.ts';

/** A candle, and the version of the model that it changed with. */
export interface Bar extends BarFragment {
  readonly version: number;
}

/** Candles that are kept; the oldest go. */
const KEPT = 720;

/** The candles of one pair and interval, oldest first. */
export class Candles extends Model {
  bars: Bar[] = [];
  /** Whether the history has come. */
  complete = false;
  standing: Standing | undefined;

  /** What the query returned. What the subscription has brought since stays where it is newer. */
  takeHistory(history: readonly BarFragment[]): void {
    const newest = this.bars.at(-1)?.intervalBegin;
    for (const candle of history) if (candle.intervalBegin !== newest) this.#put(candle);
    this.complete = true;
    this.changed();
  }

  take({ ohlc }: CandleStreamSubscription): void {
    this.standing = standingOf(ohlc.freshness);
    this.#put(ohlc);
    this.changed();
  }

  #put({ intervalBegin, open, high, low, close, volume, trades, closed }: BarFragment): void {
    const bar = { intervalBegin, open, high, low, close, volume, trades, closed, version: this.version + 1 };
    let at = this.bars.length;
    while (at > 0 && (this.bars[at - 1] as Bar).intervalBegin > intervalBegin) at -= 1;
    const there = at > 0 && (this.bars[at - 1] as Bar).intervalBegin === intervalBegin ? 1 : 0;
    this.bars.splice(at - there, there, bar);
    if (this.bars.length > KEPT) this.bars.shift();
  }
}
