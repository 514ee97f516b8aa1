/** Times from 0 to ten seconds in steps of a tenth of a millisecond; counting one costs an increment. */
export class Histogram {
  readonly #buckets = new Uint32Array(100_001);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = Math.min(100_000, Math.max(0, Math.floor(ms * 10)));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }

  /** The least time that this share of the values does not pass; 0 of none. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return bucket / 10;
    }
    return 0;
  }
}
