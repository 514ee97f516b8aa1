import type { LevelRow } from '../kraken/messages.ts';
import { compareDecimals, type DecimalText, isZero } from '../lib/decimal-text.ts';

/** One price of one side. Never changed: a new quantity is a new level, so that readers may keep what they got. */
export interface BookLevel {
  readonly price: DecimalText;
  /** Base asset. */
  readonly qty: DecimalText;
  /** The price as a float: a key to sort by, and nothing else. Equal keys are told apart by the digits. */
  readonly key: number;
}

/** How to take one change back. */
type Undo =
  | { readonly kind: 'remove'; readonly index: number }
  | { readonly kind: 'insert'; readonly index: number; readonly level: BookLevel }
  | { readonly kind: 'replace'; readonly index: number; readonly level: BookLevel };

/** The levels of one side, best first, at most `depth` of them. Changes can be taken back until they are kept. */
export class BookSide {
  readonly #direction: 1 | -1;
  #levels: BookLevel[] = [];
  readonly #undo: Undo[] = [];
  #changedFrom = 0;

  /** @param side asks are best when low, bids when high */
  constructor(side: 'asks' | 'bids') {
    this.#direction = side === 'asks' ? 1 : -1;
  }

  get levels(): readonly BookLevel[] {
    return this.#levels;
  }

  /** The best of the levels that are not what they were when they were last kept; Infinity when all are. */
  get changedFrom(): number {
    return this.#changedFrom;
  }

  /** Applies rows in the order received (quantity 0 removes a price), then forgets what is deeper than `depth`. */
  apply(rows: readonly LevelRow[], depth: number): void {
    for (const row of rows) {
      if (isZero(row.qty)) this.#delete(row.price);
      else this.#set(row);
    }
    // Kraken sends no deletes for levels that merely fall out of the window.
    while (this.#levels.length > depth) this.#removeAt(this.#levels.length - 1);
  }

  /** Takes over the levels of another side, which is done with. */
  replaceBy(other: BookSide): void {
    this.#levels = other.#levels;
    this.keep();
  }

  /** What was applied stands. */
  keep(): void {
    if (this.#undo.length > 0) this.#undo.length = 0;
    this.#changedFrom = Number.POSITIVE_INFINITY;
  }

  /** What was applied since the last {@link keep} is taken back. */
  rollBack(): void {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      if (undo.kind === 'remove') this.#levels.splice(undo.index, 1);
      else if (undo.kind === 'insert') this.#levels.splice(undo.index, 0, undo.level);
      else this.#levels[undo.index] = undo.level;
    }
  }

  #set({ price, qty }: LevelRow): void {
    const level: BookLevel = { price, qty, key: Number(price) };
    const index = this.#indexOf(level);
    const present = this.#levels[index];
    if (index < this.#changedFrom) this.#changedFrom = index;
    if (present !== undefined && this.#compare(present, level) === 0) {
      this.#undo.push({ kind: 'replace', index, level: present });
      this.#levels[index] = level;
    } else {
      this.#undo.push({ kind: 'remove', index });
      this.#levels.splice(index, 0, level);
    }
  }

  #delete(price: DecimalText): void {
    const wanted = { price, key: Number(price) };
    const index = this.#indexOf(wanted);
    const present = this.#levels[index];
    // A delete of a price that is not there does no harm.
    if (present !== undefined && this.#compare(present, wanted) === 0) this.#removeAt(index);
  }

  #removeAt(index: number): void {
    const [level] = this.#levels.splice(index, 1);
    if (level === undefined) return;
    if (index < this.#changedFrom) this.#changedFrom = index;
    this.#undo.push({ kind: 'insert', index, level });
  }

  /** Where the price is, or would be. */
  #indexOf(wanted: Pick<BookLevel, 'price' | 'key'>): number {
    let low = 0;
    let high = this.#levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#levels[middle] as BookLevel, wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Below 0 when `a` is the better price. */
  #compare(a: Pick<BookLevel, 'price' | 'key'>, b: Pick<BookLevel, 'price' | 'key'>): number {
    if (a.key !== b.key) return (a.key - b.key) * this.#direction;
    return a.price === b.price ? 0 : compareDecimals(a.price, b.price) * this.#direction;
  }
}
