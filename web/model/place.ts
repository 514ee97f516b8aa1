import { Model } from '../lib/model.ts';
import { type IntervalName, isInterval } from './intervals.ts';

const HOME = { symbol: 'BTC/USD', interval: '1m' } as const;

/** What is looked at. It stands in the URL, so that it can be sent to somebody: `/?pair=ETH/USD&interval=15m`. */
export class Place extends Model {
  symbol: string = HOME.symbol;
  interval: IntervalName = HOME.interval;

  constructor() {
    super();
    this.#read();
    addEventListener('popstate', () => {
      this.#read();
      this.changed();
    });
  }

  go(to: { readonly symbol?: string; readonly interval?: IntervalName }): void {
    const { symbol = this.symbol, interval = this.interval } = to;
    if (symbol === this.symbol && interval === this.interval) return;
    this.symbol = symbol;
    this.interval = interval;
    history.pushState(null, '', this.#url());
    this.changed();
  }

  /** The pair goes by this name; that it was given another in the URL is no step to go back to. */
  settle(symbol: string): void {
    if (symbol === this.symbol) return;
    this.symbol = symbol;
    history.replaceState(null, '', this.#url());
    this.changed();
  }

  #read(): void {
    const asked = new URLSearchParams(location.search);
    const interval = asked.get('interval');
    this.symbol = asked.get('pair') || HOME.symbol;
    this.interval = isInterval(interval) ? interval : HOME.interval;
    if (interval !== null && interval !== this.interval) history.replaceState(null, '', this.#url());
  }

  #url(): string {
    // A slash needs no escape in a query, and is easier to read.
    return `?pair=${encodeURIComponent(this.symbol).replaceAll('%2F', '/')}&interval=${this.interval}`;
  }
}
