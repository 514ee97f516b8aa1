import type { AssetRow, InstrumentMessage, PairRow } from '../kraken/messages.ts';
import { type Asset, type PairSymbol, SymbolDirectory, spellPair } from '../kraken/symbols.ts';

/** The pairs and assets that exist on Kraken, and what their names may be. */
export class Instruments {
  readonly #pairs = new Map<PairSymbol, PairRow>();
  readonly #assets = new Map<Asset, AssetRow>();
  #directory = new SymbolDirectory([]);
  #generation = 0;

  /** Whether the list has arrived. Before that nothing is known to be missing. */
  get known(): boolean {
    return this.#directory.size > 0;
  }

  /** Rises whenever names may mean something else than before. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * A snapshot replaces the list, an update replaces rows of it.
   *
   * @internal
   */
  apply(message: InstrumentMessage): void {
    const known = this.#directory.size;
    if (message.type === 'snapshot') {
      // A row that was not understood is no reason to forget what was known of it.
      const kept = new Set(message.skipped.map(row => row.name));
      for (const symbol of this.#pairs.keys()) if (!kept.has(symbol)) this.#pairs.delete(symbol);
      for (const id of this.#assets.keys()) if (!kept.has(id)) this.#assets.delete(id);
    }
    for (const pair of message.pairs) this.#pairs.set(pair.symbol, pair);
    for (const asset of message.assets) this.#assets.set(asset.id, asset);
    if (message.type === 'update' && this.#pairs.size === known) return;
    this.#directory = new SymbolDirectory([...this.#pairs.keys()]);
    this.#generation += 1;
  }

  pair(symbol: PairSymbol): PairRow | undefined {
    return this.#pairs.get(symbol);
  }

  pairs(): Iterable<PairRow> {
    return this.#pairs.values();
  }

  asset(id: Asset): AssetRow | undefined {
    return this.#assets.get(id);
  }

  /**
   * The pair that a user means by `text`. Until the list has arrived, any well-formed pair is taken at its word.
   *
   * @returns undefined when there is no such pair
   */
  resolve(text: string): PairSymbol | undefined {
    return this.known ? this.#directory.resolve(text) : spellPair(text);
  }

  /** Known pairs that look like `text`, nearest first. */
  suggest(text: string): readonly PairSymbol[] {
    return this.#directory.suggest(text);
  }
}
