import type { PairTickerSubscription } from '../generated/operations.ts';
import { isZero } from '../lib/decimal.ts';
import { LiveModel } from './freshness.ts';

export type Ticker = PairTickerSubscription['ticker'];

/** The latest ticker of one pair. */
export class TickerModel extends LiveModel {
  /** undefined until the first has come. */
  ticker: Ticker | undefined;

  /** Whether it was heard that nothing was traded in 24 hours. */
  get isUntraded(): boolean {
    return this.ticker !== undefined && (this.ticker.last === null || isZero(this.ticker.last));
  }

  take({ ticker }: PairTickerSubscription): void {
    this.ticker = ticker;
    this.heard(ticker.freshness);
  }
}
