import { type BestPrices, SimulatedBook } from './book.ts';
import { SIMULATED_PAIRS, type SimulatedPair } from './pairs.ts';
import { seededRandom } from './random.ts';
import { SimulatedTape, type SimulatedTrade } from './tape.ts';
import { fixed, microseconds } from './wire.ts';

/** A pair in motion. Prices are counted in ticks (the last price digit), quantities in lots (the last quantity digit). */
interface PairState extends BestPrices {
  readonly pair: SimulatedPair;
  readonly openTicks: number;
  bidTicks: number;
  bidLots: number;
  askTicks: number;
  askLots: number;
  lastTicks: number;
  lowTicks: number;
  highTicks: number;
  /** Sum over the day. */
  volumeLots: number;
  /** Sum of ticks times lots, for the average price. */
  turnover: number;
  trades: number;
  /** Of the ticker: the last trade, or change of the best prices. */
  updatedMs: number;
  /** Of the book: the last change of any level. */
  bookMs: number;
  /** Made when somebody wants to see it. */
  book: SimulatedBook | undefined;
  tape: SimulatedTape | undefined;
}

/** What an event of the market moved besides the book. */
export interface MarketEvent {
  readonly traded: boolean;
  /** Whether a best price or the quantity there changed. */
  readonly quoted: boolean;
  /** Those of the event that somebody may see. */
  readonly trades: readonly SimulatedTrade[];
}

/** Of a taker's orders, how many meet more than one order of the book. */
const SWEEPS = 0.2;

/** A market that wanders, drawn from a seed: takers trade, makers move their quotes and what lies behind them. */
export class SimulatedMarket {
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #states: readonly PairState[];
  readonly #bySymbol: ReadonlyMap<string, PairState>;

  constructor(seed: number, now: () => number) {
    this.#random = seededRandom(seed);
    this.#now = now;
    this.#states = SIMULATED_PAIRS.map(pair => this.#start(pair));
    this.#bySymbol = new Map(this.#states.map(state => [state.pair.symbol, state]));
  }

  pair(symbol: string): SimulatedPair | undefined {
    return this.#bySymbol.get(symbol)?.pair;
  }

  /** The pair of the next trade. The big ones trade more often than the small ones. */
  draw(): string {
    const rank = Math.floor(this.#random() ** 3 * this.#states.length);
    return this.#states[rank]?.pair.symbol ?? '';
  }

  /**
   * One taker's order in this pair: a trade, or a few at the same instant. The book follows.
   *
   * @param bookChanged called after each change of the book that is a message of its own
   */
  trade(symbol: string, bookChanged: () => void): MarketEvent {
    const state = this.#state(symbol);
    const { askTicks } = state;
    const trades = this.#trade(state);
    const { book } = state;
    if (book !== undefined) {
      // In the order in which the two sides never cross.
      const order = state.askTicks > askTicks ? (['asks', 'bids'] as const) : (['bids', 'asks'] as const);
      for (const side of order) {
        book.follow(side, state);
        bookChanged();
      }
      for (const side of order) {
        book.deep(side);
        bookChanged();
      }
    }
    return { traded: true, quoted: true, trades };
  }

  /** The top of this book moves without a trade. */
  quote(symbol: string, bookChanged: () => void): MarketEvent {
    const state = this.#state(symbol);
    const book = this.book(symbol);
    book.quote();
    Object.assign(state, book.best);
    state.updatedMs = this.#now();
    state.bookMs = state.updatedMs;
    bookChanged();
    return { traded: false, quoted: true, trades: [] };
  }

  /** One level below the top of this book changes. */
  deep(symbol: string, bookChanged: () => void): MarketEvent {
    this.book(symbol).deep();
    this.#state(symbol).bookMs = this.#now();
    bookChanged();
    return { traded: false, quoted: false, trades: [] };
  }

  /** Makers move in this pair: at the top or below it. Of a quiet pair the top stands still between trades. */
  makers(symbol: string, bookChanged: () => void): MarketEvent {
    const isTop = !this.#state(symbol).pair.quiet && this.#random() < 0.5;
    return isTop ? this.quote(symbol, bookChanged) : this.deep(symbol, bookChanged);
  }

  /** The row of the ticker channel. */
  tickerRow(symbol: string): object {
    const state = this.#state(symbol);
    const { pricePrecision: price, qtyPrecision: qty } = state.pair;
    const changeTicks = state.lastTicks - state.openTicks;
    return {
      symbol,
      bid: fixed(state.bidTicks, price),
      bid_qty: fixed(state.bidLots, qty),
      ask: fixed(state.askTicks, price),
      ask_qty: fixed(state.askLots, qty),
      last: fixed(state.lastTicks, price),
      volume: fixed(state.volumeLots, qty),
      vwap: fixed(state.turnover / state.volumeLots, price),
      low: fixed(state.lowTicks, price),
      high: fixed(state.highTicks, price),
      change: fixed(changeTicks, price),
      change_pct: fixed((changeTicks / state.openTicks) * 10_000, 2),
      trades: state.trades,
      timestamp: microseconds(state.updatedMs),
    };
  }

  tape(symbol: string): SimulatedTape {
    const state = this.#state(symbol);
    state.tape ??= new SimulatedTape(state.pair, this.#random, this.#now());
    return state.tape;
  }

  book(symbol: string): SimulatedBook {
    const state = this.#state(symbol);
    const { pricePrecision: price, qtyPrecision: qty } = state.pair;
    const { pair } = state;
    state.book ??= new SimulatedBook(this.#random, () => this.#lots(pair, 10), { price, qty }, state);
    return state.book;
  }

  /** Epoch milliseconds of the last change of the book. */
  bookMs(symbol: string): number {
    return this.#state(symbol).bookMs;
  }

  #state(symbol: string): PairState {
    const state = this.#bySymbol.get(symbol);
    if (state === undefined) throw new Error(`no pair ${symbol}`);
    return state;
  }

  #start(pair: SimulatedPair): PairState {
    const ticks = pair.startTicks;
    const volumeLots = this.#lots(pair, 2_000) * 1_000;
    const state: PairState = {
      pair,
      openTicks: Math.max(1, Math.round(ticks * (0.97 + 0.06 * this.#random()))),
      bidTicks: ticks,
      bidLots: this.#lots(pair, 10),
      askTicks: ticks + 1,
      askLots: this.#lots(pair, 10),
      lastTicks: ticks,
      lowTicks: Math.round(ticks * 0.98),
      highTicks: Math.round(ticks * 1.02),
      volumeLots,
      turnover: volumeLots * ticks,
      trades: 1_000 + Math.floor(this.#random() * 100_000),
      updatedMs: this.#now(),
      bookMs: this.#now(),
      book: undefined,
      tape: undefined,
    };
    return state;
  }

  #trade(state: PairState): readonly SimulatedTrade[] {
    const buy = this.#random() < 0.5;
    // A few hundredths of a percent, at least one tick, pulled back to where the day began.
    const reach = Math.max(1, Math.round(state.lastTicks * 0.0002));
    const pull = Math.sign(state.pair.startTicks - state.lastTicks) * reach * 0.1;
    const move = Math.round((this.#random() - 0.5) * 2 * reach + pull);
    const parts = this.#random() < SWEEPS ? 2 + Math.floor(this.#random() * 2) : 1;
    const market = this.#random() < 0.5;
    const quantities = Array.from({ length: parts }, () => this.#lots(state.pair, 1));
    const lots = quantities.reduce((sum, one) => sum + one, 0);
    state.lastTicks = Math.max(2, state.lastTicks + move);
    const gap = 1 + Math.floor(this.#random() * Math.max(1, reach / 10));
    state.bidTicks = buy ? Math.max(1, state.lastTicks - gap) : state.lastTicks;
    state.askTicks = state.bidTicks + gap;
    state.bidLots = this.#lots(state.pair, 10);
    state.askLots = this.#lots(state.pair, 10);
    state.lowTicks = Math.min(state.lowTicks, state.lastTicks);
    state.highTicks = Math.max(state.highTicks, state.lastTicks);
    state.volumeLots += lots;
    state.turnover += lots * state.lastTicks;
    state.trades += parts;
    state.updatedMs = this.#now();
    state.bookMs = state.updatedMs;
    const { tape, lastTicks: ticks, updatedMs: atMs } = state;
    if (tape === undefined) return [];
    return quantities.map(quantity => tape.record({ buy, market, ticks, lots: quantity, atMs }));
  }

  /** A quantity between 0 and about `thousands` of dollars' worth, small ones more often, never 0. */
  #lots(pair: SimulatedPair, thousands: number): number {
    const price = pair.startTicks / 10 ** pair.pricePrecision;
    const most = ((thousands * 1_000) / price) * 10 ** pair.qtyPrecision;
    return 1 + Math.floor(this.#random() ** 3 * Math.min(most, 1e12));
  }
}
