/** The last `capacity` items, oldest first. */
export class Ring<Item> {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  /** Where the oldest is, once the ring is full. */
  #start = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: Item): void {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.#capacity;
  }

  clear(): void {
    this.#items.length = 0;
    this.#start = 0;
  }

  /** @param index 0 for the oldest, -1 for the newest */
  at(index: number): Item | undefined {
    const size = this.#items.length;
    const position = index < 0 ? size + index : index;
    return position < 0 || position >= size ? undefined : this.#items[(this.#start + position) % size];
  }

  /** The last `count` items, oldest first. */
  last(count: number): Item[] {
    const size = this.#items.length;
    const wanted = Math.min(size, Math.max(0, count));
    const first = (this.#start + size - wanted) % (size || 1);
    const upToEnd = this.#items.slice(first, first + wanted);
    return upToEnd.length === wanted
      ? upToEnd
      : upToEnd.concat(this.#items.slice(0, wanted - upToEnd.length));
  }
}
