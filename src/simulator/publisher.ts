import type { Faults } from './faults.ts';
import type { MarketEvent, SimulatedMarket } from './market.ts';
import type { Session, SnapshotRequest } from './session.ts';
import { INTERVALS, type SimulatedTrade } from './tape.ts';
import { nanoseconds, write } from './wire.ts';

/** Tells each session what it sees of what happens in the market: what its subscriptions name, and nothing more. */
export class Publisher {
  readonly #market: SimulatedMarket;
  readonly #sessions: ReadonlySet<Session>;
  readonly #faults: Faults;
  /** Trade frames that are to follow the next one. */
  #delayed: string[] = [];

  constructor(market: SimulatedMarket, sessions: ReadonlySet<Session>, faults: Faults) {
    this.#market = market;
    this.#sessions = sessions;
    this.#faults = faults;
  }

  /** Lets something happen to a pair. */
  happen(symbol: string, event: (bookChanged: () => void) => MarketEvent): void {
    // From the first reader on, trades are kept.
    if ([...this.#sessions].some(session => session.followsTrades(symbol))) this.#market.tape(symbol);
    for (const session of this.#sessions) session.cork();
    const { traded, quoted, trades } = event(this.#bookWatch(symbol));
    if (traded || quoted) this.#publishTicker(symbol, traded);
    if (trades.length > 0) {
      this.#publishTrades(symbol, trades);
      this.#publishCandles(symbol, trades);
    }
    for (const session of this.#sessions) session.uncork();
  }

  /** What a new subscription to a channel of pairs gets first. */
  snapshot({ channel, symbol, depth, interval }: SnapshotRequest): string {
    const type = 'snapshot';
    switch (channel) {
      case 'book': {
        const row = this.#market.book(symbol).row(symbol, depth, this.#market.bookMs(symbol));
        return write({ channel, type, data: [row] });
      }
      case 'trade':
        return write({ channel, type, data: this.#market.tape(symbol).snapshotRows() });
      case 'ohlc': {
        const timestamp = nanoseconds(Date.now());
        return write({
          channel,
          type,
          timestamp,
          data: this.#market.tape(symbol).candleRows(interval, true),
        });
      }
      default:
        return write({ channel, type, data: [this.#market.tickerRow(symbol)] });
    }
  }

  /** What is called after each change of a book: one message to each depth at which the change is seen. */
  #bookWatch(symbol: string): () => void {
    const depths = new Set([...this.#sessions].map(session => session.bookDepth(symbol)));
    depths.delete(0);
    if (depths.size === 0) return () => {};
    const book = this.#market.book(symbol);
    const seen = new Map([...depths].map(depth => [depth, book.top(depth)]));
    return () => {
      for (const [depth, before] of seen) {
        const row = book.row(symbol, depth, this.#market.bookMs(symbol), before);
        if (row === undefined) continue;
        seen.set(depth, book.top(depth));
        this.#publishBook(symbol, depth, row);
      }
    };
  }

  #publishBook(symbol: string, depth: number, row: object): void {
    if (this.#faults.isMuted('book', symbol)) return;
    const fault = this.#faults.takeBookFault(symbol);
    if (fault === 'skip') return;
    const text = write({ channel: 'book', type: 'update', data: [row] });
    const sent = fault === 'corrupt' ? withWrongChecksum(text) : text;
    for (const session of this.#sessions) if (session.bookDepth(symbol) === depth) session.send(sent);
  }

  /** With the trigger `trades` a trade makes a ticker; with `bbo` a change of the best prices does too. */
  #publishTicker(symbol: string, traded: boolean): void {
    if (this.#faults.isMuted('ticker', symbol)) return;
    let text: string | undefined;
    for (const session of this.#sessions) {
      const trigger = session.tickerTrigger(symbol);
      if (trigger === undefined || (trigger === 'trades' && !traded)) continue;
      text ??= write({ channel: 'ticker', type: 'update', data: [this.#market.tickerRow(symbol)] });
      session.send(text);
    }
  }

  #publishTrades(symbol: string, trades: readonly SimulatedTrade[]): void {
    const tape = this.#market.tape(symbol);
    if (this.#faults.isMuted('trade', symbol)) return;
    const text = write({ channel: 'trade', type: 'update', data: trades.map(trade => tape.row(trade)) });
    const fault = this.#faults.takeTradeFault();
    if (fault === 'lose') return;
    if (fault === 'delay') {
      this.#delayed.push(text);
      return;
    }
    const texts = [text, ...(fault === 'duplicate' ? [text] : []), ...this.#delayed];
    this.#delayed = [];
    for (const session of this.#sessions) {
      if (session.isSubscribed('trade', symbol)) for (const one of texts) session.send(one);
    }
  }

  /** Candles move at trades alone, and say in their envelope when the trade was. */
  #publishCandles(symbol: string, trades: readonly SimulatedTrade[]): void {
    if (this.#faults.isMuted('ohlc', symbol)) return;
    const tape = this.#market.tape(symbol);
    const timestamp = nanoseconds(trades.at(-1)?.atMs ?? 0);
    for (const interval of INTERVALS) {
      let text: string | undefined;
      for (const session of this.#sessions) {
        if (!session.isSubscribed('ohlc', symbol, interval)) continue;
        const data = tape.candleRows(interval, false);
        text ??= write({ channel: 'ohlc', type: 'update', timestamp, data });
        session.send(text);
      }
    }
  }
}

function withWrongChecksum(text: string): string {
  return text.replace(
    /"checksum":(\d+)/,
    (_all, checksum: string) => `"checksum":${(Number(checksum) ^ 1) >>> 0}`,
  );
}
