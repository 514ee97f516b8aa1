import type { BookRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { BookChecksum } from './book-checksum.ts';
import { type BookLevel, BookSide } from './book-side.ts';
import { OrderBookUpdate } from './order-book-update.ts';

/**
 * The order book of one pair, verified: each message is applied, its checksum computed, and only if that equals
 * Kraken's do readers see it. A message that fails is taken back, and the last verified state stays until a new
 * snapshot verifies.
 */
export class OrderBook {
  readonly symbol: PairSymbol;
  readonly #asks = new BookSide('asks');
  readonly #bids = new BookSide('bids');
  readonly #checksum = new BookChecksum();
  #depth = 0;
  #resyncing = true;
  #sequence = 0;
  #latest: Pick<BookRow, 'checksum' | 'timestamp'> | undefined;
  #receivedAt = 0;

  /** @param sequence of the last state that was ever published of this pair */
  constructor(symbol: PairSymbol, sequence = 0) {
    this.symbol = symbol;
    this.#sequence = sequence;
  }

  /** Levels a side that are kept: of the subscription that the last snapshot belonged to. */
  get depth(): number {
    return this.#depth;
  }

  /** Whether a snapshot is awaited, because the last message failed or none has come yet. */
  get resyncing(): boolean {
    return this.#resyncing;
  }

  /** Rises with each verified state. */
  get sequence(): number {
    return this.#sequence;
  }

  get asks(): readonly BookLevel[] {
    return this.#asks.levels;
  }

  get bids(): readonly BookLevel[] {
    return this.#bids.levels;
  }

  /**
   * Replaces the whole book.
   *
   * @param depth of the subscription: levels beyond it are not kept
   * @returns whether the checksum is right
   */
  applySnapshot(row: BookRow, depth: number, receivedAt: number): boolean {
    const asks = new BookSide('asks');
    const bids = new BookSide('bids');
    asks.apply(row.asks, depth);
    bids.apply(row.bids, depth);
    if (this.#checksum.of(asks.levels, bids.levels, 0, 0) !== row.checksum) {
      this.#resyncing = true;
      return false;
    }
    this.#asks.replaceBy(asks);
    this.#bids.replaceBy(bids);
    this.#depth = depth;
    this.#resyncing = false;
    this.#publish(row, receivedAt);
    return true;
  }

  /**
   * Applies a change.
   *
   * @returns whether the checksum is right; undefined when a snapshot is awaited and the change is passed over
   */
  applyUpdate(row: BookRow, receivedAt: number): boolean | undefined {
    if (this.#resyncing) return undefined;
    this.#asks.apply(row.asks, this.#depth);
    this.#bids.apply(row.bids, this.#depth);
    if (this.#verify() !== row.checksum) {
      this.#asks.rollBack();
      this.#bids.rollBack();
      this.#resyncing = true;
      return false;
    }
    this.#asks.keep();
    this.#bids.keep();
    this.#publish(row, receivedAt);
    return true;
  }

  /** A message about it was not understood: what follows would be applied to a state that the exchange has left. */
  distrust(): void {
    this.#resyncing = true;
  }

  /** The last verified state to `depth` levels a side; undefined before there is one. */
  view(depth: number): OrderBookUpdate | undefined {
    if (this.#latest === undefined) return undefined;
    return new OrderBookUpdate({
      symbol: this.symbol,
      depth,
      asks: this.#asks.levels.slice(0, depth),
      bids: this.#bids.levels.slice(0, depth),
      checksum: this.#latest.checksum,
      timestamp: this.#latest.timestamp,
      sequence: this.#sequence,
      receivedAt: this.#receivedAt,
    });
  }

  #verify(): number {
    const [asks, bids] = [this.#asks, this.#bids];
    return this.#checksum.of(asks.levels, bids.levels, asks.changedFrom, bids.changedFrom);
  }

  #publish(row: BookRow, receivedAt: number): void {
    this.#sequence += 1;
    this.#latest = { checksum: row.checksum, timestamp: row.timestamp ?? this.#latest?.timestamp };
    this.#receivedAt = receivedAt;
  }
}
