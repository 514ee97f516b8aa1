import type { AssetRow, InstrumentMessage, PairRow } from '../kraken/messages.ts';
import {
  type Asset,
  baseOfAsset,
  meansAsset,
  nearestAssets,
  type PairSymbol,
  SymbolDirectory,
  spellAssetName,
  spellPair,
} from '../kraken/symbols.ts';

/** What one message did. */
export interface InstrumentsOutcome {
  /** Whether it was the first list: nothing was known before. */
  readonly arrived: boolean;
  /** Pairs that are new, that differ from before, or that are gone. */
  readonly changed: readonly PairSymbol[];
  /** Of these, pairs that are traded no more, and pairs that are traded again. */
  readonly delisted: readonly PairSymbol[];
  readonly relisted: readonly PairSymbol[];
}

/** Pairs that are remembered after the list has lost them. */
const REMEMBERED_PAIRS = 1_000;
const DELISTED = 'delisted';

/** The pairs and assets that exist on Kraken, and what their names may be. */
export class Instruments {
  readonly #pairs = new Map<PairSymbol, PairRow>();
  /** Pairs that were in the list and are not any more, as they were last, delisted. */
  readonly #gone = new Map<PairSymbol, PairRow>();
  readonly #assets = new Map<Asset, AssetRow>();
  readonly #assetsByFold = new Map<string, Asset>();
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
  apply(message: InstrumentMessage): InstrumentsOutcome {
    const arrived = !this.known;
    const size = this.#directory.size;
    const wasDelisted = new Set<PairSymbol>();
    for (const { symbol } of message.pairs) if (this.isDelisted(symbol)) wasDelisted.add(symbol);
    const changed = message.type === 'snapshot' ? this.#removeAllBut(message) : [];
    for (const asset of message.assets) {
      this.#assets.set(asset.id, asset);
      this.#assetsByFold.set(fold(asset.id), asset.id);
    }
    for (const pair of message.pairs) {
      const before = this.#pairs.get(pair.symbol);
      this.#pairs.set(pair.symbol, pair);
      this.#gone.delete(pair.symbol);
      if (before === undefined || !isSame(before, pair)) changed.push(pair.symbol);
    }
    if (message.type === 'snapshot' || this.#pairs.size !== size) {
      this.#directory = new SymbolDirectory([...this.#pairs.keys()]);
      this.#generation += 1;
    }
    return {
      arrived,
      changed,
      delisted: changed.filter(symbol => this.isDelisted(symbol) && !wasDelisted.has(symbol)),
      relisted: changed.filter(symbol => !this.isDelisted(symbol) && wasDelisted.has(symbol)),
    };
  }

  /** Forgets what a snapshot does not name; returns the pairs among that. */
  #removeAllBut({ pairs, assets, skipped }: InstrumentMessage): PairSymbol[] {
    // A row that was not understood is no reason to forget what was known of it.
    const kept = new Set([
      ...pairs.map(one => one.symbol),
      ...assets.map(one => one.id),
      ...skipped.map(one => one.name),
    ]);
    const gone: PairSymbol[] = [];
    for (const [symbol, pair] of this.#pairs) {
      if (kept.has(symbol)) continue;
      this.#pairs.delete(symbol);
      this.#remember({ ...pair, status: DELISTED });
      // One that was delisted before it went says nothing new.
      if (pair.status !== DELISTED) gone.push(symbol);
    }
    for (const id of this.#assets.keys()) if (!kept.has(id)) this.#assets.delete(id);
    this.#assetsByFold.clear();
    for (const id of this.#assets.keys()) this.#assetsByFold.set(fold(id), id);
    return gone;
  }

  #remember(pair: PairRow): void {
    this.#gone.set(pair.symbol, pair);
    if (this.#gone.size <= REMEMBERED_PAIRS) return;
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined) this.#gone.delete(oldest);
  }

  pair(symbol: PairSymbol): PairRow | undefined {
    return this.#pairs.get(symbol);
  }

  /** The pair as listed, or as it was last, `delisted`, when the list has lost it. */
  lastKnown(symbol: PairSymbol): PairRow | undefined {
    return this.#pairs.get(symbol) ?? this.#gone.get(symbol);
  }

  /** Whether Kraken listed the pair and trades it no more. Of a pair that was never listed nothing is known. */
  isDelisted(symbol: PairSymbol): boolean {
    return this.lastKnown(symbol)?.status === DELISTED;
  }

  pairs(): Iterable<PairRow> {
    return this.#pairs.values();
  }

  asset(id: Asset): AssetRow | undefined {
    return this.#assets.get(id);
  }

  assets(): Iterable<AssetRow> {
    return this.#assets.values();
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

  /**
   * The asset that a user means by `text`: one that is listed, or one of `others`. A suffix is kept (`xbt.f` is `BTC.F`),
   * and what is a balance of a known asset is known. Until the list has arrived, any name is taken at its word.
   *
   * @returns undefined when there is no such asset
   */
  resolveAsset(text: string, others: readonly Asset[]): Asset | undefined {
    const name = text.trim() as Asset;
    if (this.#assets.has(name) || others.includes(name)) return name;
    const spelled = spellAssetName(name);
    const found =
      this.#assetsByFold.get(fold(name)) ??
      this.#assetsByFold.get(fold(spelled)) ??
      others.find(asset => meansAsset(name, asset));
    if (found !== undefined) return found;
    const base = baseOfAsset(spelled);
    if (base === spelled) return this.known ? undefined : spelled;
    const known = this.resolveAsset(base, others);
    return known && (`${known}${spelled.slice(base.length)}` as Asset);
  }

  /** Assets, listed or among `others`, that look like `text`, nearest first. */
  suggestAssets(text: string, others: readonly Asset[]): readonly Asset[] {
    return nearestAssets(text, new Set([...this.#assets.keys(), ...others]));
  }
}

function fold(name: string): string {
  return name.toUpperCase();
}

/** Rows of the decoder have the same members, all of them plain. */
function isSame(before: PairRow, after: PairRow): boolean {
  return (Object.keys(after) as (keyof PairRow)[]).every(member => before[member] === after[member]);
}
