import type { BookDepth, BookRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { exponentialDelayMs } from '../lib/backoff.ts';
import { OrderBook } from './book.ts';
import type { OrderBookUpdate } from './order-book-update.ts';

/** Counts over all books. */
export interface BookStatistics {
  /** Messages after which the checksum was right. */
  readonly verified: number;
  readonly checksumFailures: number;
  /** Books that verified again after a failure. */
  readonly resyncs: number;
}

const RESYNC_BASE_MS = 1_000;
const RESYNC_MAX_MS = 30_000;

/** Every order book, and how their checksums do. */
export class Books {
  readonly #books = new Map<PairSymbol, OrderBook>();
  /** Failures in a row, since the last state that verified. */
  readonly #failures = new Map<PairSymbol, number>();
  /** Where books that are gone had come to: a pair's sequence never falls. */
  readonly #sequences = new Map<PairSymbol, number>();
  #verified = 0;
  #checksumFailures = 0;
  #resyncs = 0;

  get statistics(): BookStatistics {
    return { verified: this.#verified, checksumFailures: this.#checksumFailures, resyncs: this.#resyncs };
  }

  /** The last verified state; undefined before there is one. */
  view(symbol: PairSymbol, depth: number): OrderBookUpdate | undefined {
    return this.#books.get(symbol)?.view(depth);
  }

  /** Levels a side that are kept of this book; 0 before there is a verified state. */
  depthOf(symbol: PairSymbol): number {
    const book = this.#books.get(symbol);
    return book === undefined || book.sequence === (this.#sequences.get(symbol) ?? 0) ? 0 : book.depth;
  }

  /** Whether the book waits for a snapshot because a message failed. */
  isResyncing(symbol: PairSymbol): boolean {
    return this.#failures.has(symbol);
  }

  /**
   * Applies one row of a message.
   *
   * @param depth of the subscription that it belongs to
   * @returns `passedOver` for changes of a book that waits for its snapshot
   */
  apply(
    type: 'snapshot' | 'update',
    row: BookRow,
    depth: BookDepth,
    receivedAt: number,
  ): 'verified' | 'failed' | 'passedOver' {
    let book = this.#books.get(row.symbol);
    if (book === undefined) {
      book = new OrderBook(row.symbol, this.#sequences.get(row.symbol));
      this.#books.set(row.symbol, book);
    }
    const verified =
      type === 'snapshot' ? book.applySnapshot(row, depth, receivedAt) : book.applyUpdate(row, receivedAt);
    if (verified === undefined) return 'passedOver';
    if (!verified) {
      this.#checksumFailures += 1;
      this.#failures.set(row.symbol, (this.#failures.get(row.symbol) ?? 0) + 1);
      return 'failed';
    }
    this.#verified += 1;
    if (this.#failures.delete(row.symbol)) this.#resyncs += 1;
    return 'verified';
  }

  /**
   * A row about a book was not understood. A checksum would tell, but only of the ten best levels.
   *
   * @returns whether a new snapshot is needed; not when one is awaited already
   */
  distrust(type: 'snapshot' | 'update', symbol: PairSymbol): boolean {
    const book = this.#books.get(symbol);
    if (type === 'update' && (book === undefined || book.resyncing)) return false;
    book?.distrust();
    this.#failures.set(symbol, (this.#failures.get(symbol) ?? 0) + 1);
    return true;
  }

  /** How long to wait before asking for a new snapshot: not at all, then 1 s doubling to 30 s until one verifies. */
  resyncDelayMs(symbol: PairSymbol): number {
    const failures = this.#failures.get(symbol) ?? 0;
    return failures <= 1 ? 0 : exponentialDelayMs(failures - 2, RESYNC_BASE_MS, RESYNC_MAX_MS);
  }

  drop(symbol: PairSymbol): void {
    const book = this.#books.get(symbol);
    if (book !== undefined) this.#sequences.set(symbol, book.sequence);
    this.#books.delete(symbol);
    this.#failures.delete(symbol);
  }
}
