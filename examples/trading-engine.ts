/**
 * A trading engine fed by tickers: it looks at each price as it comes and says when to buy and when to sell, here by
 * two moving averages that cross. It trades nothing, and says nothing while the prices that it has are not live.
 *
 *     npx node examples/trading-engine.ts
 *
 * In a project of your own, import from 'kraken-graphql'.
 */
import { KrakenWebSocketV2, type TickerUpdate } from '../src/index.ts';

export interface Signal {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  /** The exchange's own digits. */
  readonly price: string;
}

/** Prices that the two averages look at. */
const SHORT = 5;
const LONG = 20;
/** Percent; a market wider than this is none to trade in. */
const WIDEST_SPREAD = 0.5;

export class TradingEngine {
  readonly #kraken: KrakenWebSocketV2;
  readonly #onSignal: (signal: Signal) => void;
  readonly #prices = new Map<string, number[]>();
  readonly #sides = new Map<string, Signal['side']>();

  constructor(kraken: KrakenWebSocketV2, onSignal: (signal: Signal) => void) {
    this.#kraken = kraken;
    this.#onSignal = onSignal;
    kraken.registerCallback('ticker', ticker => this.#look(ticker));
    // Averages across an outage mean nothing.
    kraken.registerCallback('disconnected', ({ connection }) => {
      if (connection === 'public') this.#prices.clear();
    });
  }

  /** Follows these pairs from now on. */
  follow(symbols: readonly string[]): void {
    this.#kraken.subscribeTicker(symbols);
  }

  #look(ticker: TickerUpdate): void {
    const { symbol, last, spreadPercentage } = ticker;
    if (last === undefined || spreadPercentage === undefined || spreadPercentage.gt(WIDEST_SPREAD)) return;
    const prices = this.#prices.get(symbol) ?? [];
    this.#prices.set(symbol, prices);
    // An average is an estimate: here, and not before, a price may become a float.
    prices.push(Number(last));
    if (prices.length > LONG) prices.shift();
    if (prices.length < LONG) return;
    const side = average(prices.slice(-SHORT)) > average(prices) ? 'buy' : 'sell';
    if (this.#sides.get(symbol) === side) return;
    const first = !this.#sides.has(symbol);
    this.#sides.set(symbol, side);
    if (!first) this.#onSignal({ symbol, side, price: last });
  }
}

function average(prices: readonly number[]): number {
  return prices.reduce((sum, price) => sum + price, 0) / prices.length;
}

if (import.meta.main) {
  const kraken = new KrakenWebSocketV2();
  const engine = new TradingEngine(kraken, ({ symbol, side, price }) =>
    console.log(side, symbol, 'at', price),
  );
  kraken.connect();
  engine.follow(['BTC/USD', 'ETH/USD']);
}
