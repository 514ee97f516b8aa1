import type { PairBookSubscription } from '../generated/operations.ts';
import { crc32 } from '../lib/crc32.ts';
import { LiveModel } from './freshness.ts';
import { Recent } from './recent.ts';

export interface Level {
  readonly price: string;
  readonly qty: string;
}

export type BookEvent = PairBookSubscription['bookUpdates'];

/** Levels a side that Kraken's checksum covers. */
const CHECKED = 10;

/**
 * The book of one pair, kept from `bookUpdates`: a snapshot, then what changes. The checksum over the ten best levels is
 * computed here again for every step. Whatever does not fit makes it stale until the next snapshot.
 */
export class BookMirror extends LiveModel {
  readonly depth: number;
  /** Highest first. */
  bids: Level[] = [];
  /** Lowest first. */
  asks: Level[] = [];
  /** Steps whose checksum was right, and whose was not. */
  verified = 0;
  wrong = 0;
  /** That some were wrong is news for a while. */
  readonly #recent = new Recent();
  #sequence = 0;

  constructor(depth: number) {
    super();
    this.depth = depth;
    this.#recent.take('wrong', 0);
  }

  /** Steps whose checksum was wrong recently. */
  get recentlyWrong(): number {
    return this.#recent.of('wrong');
  }

  /** @returns false when the mirror needs a new snapshot: a step was missed, or the checksum is wrong */
  take(event: BookEvent): boolean {
    switch (event.__typename) {
      case 'BookSnapshot':
        this.bids = [...event.book.bids];
        this.asks = [...event.book.asks];
        this.#sequence = event.book.sequence;
        this.heard(event.book.freshness);
        return this.#verify(event.book.checksum);
      case 'BookInterruption':
        this.distrust(event.state);
        return true;
      default:
        if (event.previousSequence !== this.#sequence) {
          this.distrust('RESYNCING');
          return false;
        }
        for (const level of event.bids) place(this.bids, level, descending);
        for (const level of event.asks) place(this.asks, level, ascending);
        this.bids.length = Math.min(this.bids.length, this.depth);
        this.asks.length = Math.min(this.asks.length, this.depth);
        this.#sequence = event.sequence;
        this.heard();
        return this.#verify(event.checksum);
    }
  }

  #verify(checksum: number): boolean {
    if (checksumOf(this.asks, this.bids) === checksum) {
      this.verified += 1;
      return true;
    }
    this.wrong += 1;
    this.#recent.take('wrong', this.wrong);
    this.distrust('RESYNCING');
    return false;
  }
}

type Order = (a: number, b: number) => number;
const ascending: Order = (a, b) => a - b;
const descending: Order = (a, b) => b - a;

/** Puts a level where its price belongs; a quantity of 0 takes it out. A price is a number here to be compared only. */
function place(levels: Level[], level: Level, order: Order): void {
  const price = Number(level.price);
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(Number((levels[middle] as Level).price), price) < 0) low = middle + 1;
    else high = middle;
  }
  const there = low < levels.length && Number((levels[low] as Level).price) === price ? 1 : 0;
  if (Number(level.qty) === 0) levels.splice(low, there);
  else levels.splice(low, there, level);
}

/** Kraken's: of the ten best asks, then bids, the digits of price and quantity without point and leading zeros. */
function checksumOf(asks: readonly Level[], bids: readonly Level[]): number {
  let text = '';
  for (const levels of [asks, bids]) {
    for (const { price, qty } of levels.slice(0, CHECKED)) text += significant(price) + significant(qty);
  }
  return crc32(text);
}

function significant(text: string): string {
  return text.replace('.', '').replace(/^0+/, '');
}
