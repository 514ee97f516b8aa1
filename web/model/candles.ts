import type { BarFragment, CandleStreamSubscription } from '../generated/operations.ts';
import { LiveModel } from './freshness.ts';

/** A candle, and the version of the model that it changed with. */
export interface Bar extends BarFragment {
  readonly version: number;
}

/** Candles that are kept; the oldest go. */
const KEPT = 720;

/** The candles of one pair and interval, oldest first. */
export class Candles extends LiveModel {
  bars: Bar[] = [];
  /** Whether the history has come, */
  complete = false;
  /** or was asked for at least, and there was none to be told. */
  asked = false;

  takeHistory(history: readonly BarFragment[]): void {
    for (const candle of history) this.#put(candle);
    this.complete = true;
    this.asked = true;
    this.changed();
  }

  /** The history did not come. It is asked for again. */
  lackHistory(): void {
    this.asked = true;
    this.changed();
  }

  take({ ohlc }: CandleStreamSubscription): void {
    this.#put(ohlc);
    this.heard(ohlc.freshness);
  }

  /** Of two answers about one candle, which may overtake each other, the one that has seen more stays. */
  #put({ intervalBegin, open, high, low, close, volume, trades, closed }: BarFragment): void {
    let at = this.bars.length;
    while (at > 0 && (this.bars[at - 1] as Bar).intervalBegin > intervalBegin) at -= 1;
    const before = this.bars[at - 1];
    const there = before?.intervalBegin === intervalBegin ? before : undefined;
    if (there !== undefined && (there.trades > trades || (there.closed && !closed))) return;
    const bar = { intervalBegin, open, high, low, close, volume, trades, closed, version: this.version + 1 };
    if (there === undefined) this.bars.splice(at, 0, bar);
    else this.bars[at - 1] = bar;
    if (this.bars.length > KEPT) this.bars.shift();
  }
}
