import type { PairSymbol } from '../kraken/symbols.ts';
import type { DecimalText } from '../lib/decimal-text.ts';
import type { BookLevel } from './book-side.ts';
import type { FeedState } from './freshness.ts';
import type { OrderBookUpdate } from './order-book-update.ts';

/** Why a mirror has to begin anew. */
export type SnapshotReason = 'SUBSCRIBED' | 'RESYNCED' | 'SLOW_CONSUMER';

/** One step of a mirror. */
export type BookEvent =
  | { readonly kind: 'snapshot'; readonly book: OrderBookUpdate; readonly reason: SnapshotReason }
  | {
      readonly kind: 'delta';
      readonly symbol: PairSymbol;
      readonly bids: readonly LevelChange[];
      readonly asks: readonly LevelChange[];
      readonly checksum: number;
      readonly sequence: number;
      readonly previousSequence: number;
      readonly timestamp: string | undefined;
    }
  | {
      readonly kind: 'interruption';
      readonly symbol: PairSymbol;
      readonly state: FeedState;
      /** Wall-clock milliseconds. */
      readonly at: number;
    };

/** The quantity replaces what was there; 0 removes the price. */
export type LevelChange = Pick<BookLevel, 'price' | 'qty'>;

/**
 * What a reader of one book to one depth has to be told so that its copy equals ours: a snapshot, then the levels that
 * changed since the last step, and when not to trust it. However many messages came between two steps, one delta says it.
 */
export class BookMirror {
  readonly symbol: PairSymbol;
  /** What readers have; undefined before the first state. */
  #told: OrderBookUpdate | undefined;
  /** What readers were told of its feed; `LIVE` unless interrupted. */
  #state: FeedState = 'LIVE';

  constructor(symbol: PairSymbol) {
    this.symbol = symbol;
  }

  /** What happened since the last step, to whoever is up to date. */
  step(book: OrderBookUpdate | undefined, state: FeedState, now: number): readonly BookEvent[] {
    if (book === undefined) return [];
    const before = this.#told;
    if (state !== 'LIVE') {
      if (state === this.#state) return [];
      this.#state = state;
      if (before !== undefined) return [{ kind: 'interruption', symbol: this.symbol, state, at: now }];
      this.#told = book;
      return this.current('SUBSCRIBED', now);
    }
    const interrupted = this.#state !== 'LIVE';
    this.#state = 'LIVE';
    this.#told = book;
    if (before === undefined) return [{ kind: 'snapshot', book, reason: 'SUBSCRIBED' }];
    if (interrupted) return [{ kind: 'snapshot', book, reason: 'RESYNCED' }];
    if (book.sequence === before.sequence) return [];
    const { symbol, checksum, sequence, timestamp } = book;
    const bids = changes(before.bids, book.bids, book.depth, -1);
    const asks = changes(before.asks, book.asks, book.depth, 1);
    const previousSequence = before.sequence;
    return [{ kind: 'delta', symbol, bids, asks, checksum, sequence, previousSequence, timestamp }];
  }

  /** What somebody needs who has nothing, or too little: the state of the last step. */
  current(reason: SnapshotReason, now: number): readonly BookEvent[] {
    if (this.#told === undefined) return [];
    const snapshot: BookEvent = { kind: 'snapshot', book: this.#told, reason };
    if (this.#state === 'LIVE') return [snapshot];
    return [snapshot, { kind: 'interruption', symbol: this.symbol, state: this.#state, at: now }];
  }
}

const GONE = '0' as DecimalText;

/**
 * The difference of two sides, best first. Levels are never changed in place, so that the same object is the same level.
 * Nothing is said of what merely fell out of a window that is full: keeping the best `depth` levels forgets it.
 *
 * @param direction 1 when the lowest price is best, -1 when the highest is
 */
function changes(
  before: readonly BookLevel[],
  after: readonly BookLevel[],
  depth: number,
  direction: 1 | -1,
): readonly LevelChange[] {
  const changed: LevelChange[] = [];
  let old = 0;
  let index = 0;
  while (old < before.length || index < after.length) {
    const was = before[old];
    const is = after[index];
    if (is === undefined && after.length >= depth) break;
    if (was === is) {
      old += 1;
      index += 1;
    } else if (was !== undefined && is !== undefined && was.price === is.price) {
      changed.push(is);
      old += 1;
      index += 1;
    } else if (was === undefined || (is !== undefined && isBetter(is, was, direction))) {
      changed.push(is as BookLevel);
      index += 1;
    } else {
      changed.push({ price: was.price, qty: GONE });
      old += 1;
    }
  }
  return changed;
}

/** Prices of one book have the same digits, so that as floats they differ if they differ at all, but for the very long. */
function isBetter(a: BookLevel, b: BookLevel, direction: 1 | -1): boolean {
  if (a.key !== b.key) return (a.key - b.key) * direction < 0;
  return (a.price < b.price ? -1 : 1) * direction < 0;
}
