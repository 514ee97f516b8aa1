import type { PairTickerSubscription } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { type Standing, standingOf } from './freshness.ts';

export type Ticker = PairTickerSubscription['ticker'];

/** The latest ticker of one pair. */
export class TickerModel extends Model {
  /** undefined until the first has come. */
  ticker: Ticker | undefined;
  standing: Standing | undefined;

  take({ ticker }: PairTickerSubscription): void {
    this.ticker = ticker;
    this.standing = standingOf(ticker.freshness);
    this.changed();
  }
}
