import type { TradeRow } from '../kraken/messages.ts';
import { Ring } from '../lib/ring.ts';
import { TradeUpdate } from './trade-update.ts';

/** Trades that are known to be missing: both ends included. */
export interface TradeGap {
  readonly fromTradeId: number;
  readonly toTradeId: number;
}

/** Trades in order, to be passed on as they are. */
export interface TradeDelivery {
  readonly trades: readonly TradeUpdate[];
  /** Trades before these that could not be recovered. */
  readonly gap: TradeGap | undefined;
  /** Whether nothing was known before them: a snapshot, not news. */
  readonly first: boolean;
}

/** Trades kept for readers. */
const KEPT = 1_000;

/**
 * The trades of one pair, each once and in order of `tradeId`, which rises by one with each. What is known is
 * dropped; when ids are missing, later trades are held back until the missing ones are {@link apply}d too (from
 * wherever they come) or {@link giveUp} says that they will not come.
 */
export class TradeTape {
  readonly #ring = new Ring<TradeUpdate>(KEPT);
  readonly #maxHeld: number;
  /** Later trades by id, while others before them are missing. */
  readonly #held = new Map<number, TradeUpdate>();
  #heldFrom = Number.POSITIVE_INFINITY;
  #lastId: number | undefined;
  /** Given up, and not yet told. */
  #gap: TradeGap | undefined;
  /** Delivered since the last call that returned them. */
  #delivered: TradeUpdate[] = [];
  #duplicates = 0;
  #restarted = false;

  /** @param maxHeld trades that are held back at most; one more, and what is missing before them is given up */
  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld;
  }

  /** Id of the last trade that was delivered. */
  get lastId(): number | undefined {
    return this.#lastId;
  }

  /** The last trade that was delivered. */
  get latest(): TradeUpdate | undefined {
    return this.#ring.at(-1);
  }

  /** The first of those that are kept. */
  get oldest(): TradeUpdate | undefined {
    return this.#ring.at(0);
  }

  /** What has to come before the tape can go on; undefined while nothing is missing. */
  get missing(): TradeGap | undefined {
    if (this.#held.size === 0 || this.#lastId === undefined) return undefined;
    return { fromTradeId: this.#lastId + 1, toTradeId: this.#heldFrom - 1 };
  }

  /** Trades that came again. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Trades held back. */
  get held(): number {
    return this.#held.size;
  }

  /** The last `count` trades, oldest first; at most 1,000 are kept. */
  last(count: number): TradeUpdate[] {
    return this.#ring.last(count);
  }

  /** Trades after an id, oldest first; undefined when that reaches further back than what is kept. */
  after(tradeId: number): TradeUpdate[] | undefined {
    const oldest = this.#ring.at(0);
    if (oldest === undefined || tradeId + 1 < oldest.tradeId) return undefined;
    const latest = this.#ring.at(-1)?.tradeId ?? 0;
    // Ids that were given up make this more than there are: what is too early is left out below.
    return this.#ring.last(latest - tradeId).filter(trade => trade.tradeId > tradeId);
  }

  /** The trade with this id, if it is kept. Ids between two that are kept may be missing, if they were given up. */
  find(tradeId: number): TradeUpdate | undefined {
    const latest = this.latest;
    if (latest === undefined || tradeId > latest.tradeId) return undefined;
    let low = 0;
    let high = this.#ring.size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ring.at(middle) as TradeUpdate).tradeId < tradeId) low = middle + 1;
      else high = middle;
    }
    const found = this.#ring.at(low);
    return found?.tradeId === tradeId ? found : undefined;
  }

  /** Takes rows in any order; returns what may be passed on now: as a rule one delivery, or none. */
  apply(rows: readonly TradeRow[], receivedAt: number, recovered = false): readonly TradeDelivery[] {
    // With nothing known yet, the first trade taken is the first of the tape.
    const first = this.#lastId === undefined && !this.#restarted;
    const ordered = this.#lastId === undefined ? rows.toSorted((a, b) => a.trade_id - b.trade_id) : rows;
    for (const row of ordered) this.#take(row, receivedAt, recovered);
    const deliveries = this.#deliver(first);
    // One gap at a time, until what is held back is within the bound: each is named before what follows it.
    while (this.#held.size > this.#maxHeld) deliveries.push(...this.giveUp());
    return deliveries;
  }

  /** What is missing will not come: names it, and passes on what waited for it. */
  giveUp(): readonly TradeDelivery[] {
    this.#dropContradicted();
    const { missing } = this;
    if (missing !== undefined) {
      this.#gap = missing;
      this.#lastId = missing.toTradeId;
      this.#drain();
    }
    return this.#deliver();
  }

  /** Forgets everything: the ids have begun anew. */
  restart(): void {
    this.#restarted = true;
    this.#ring.clear();
    this.#held.clear();
    this.#heldFrom = Number.POSITIVE_INFINITY;
    this.#lastId = undefined;
    this.#gap = undefined;
  }

  /**
   * A trade that was held back while others with lower ids came later than it, and happened later, was none: going on
   * from it would drop all that come until the ids reach it.
   */
  #dropContradicted(): void {
    const { latest } = this;
    if (latest === undefined || latest.recovered) return;
    for (const [id, { timestamp, receivedAt }] of this.#held) {
      if (timestamp >= latest.timestamp || receivedAt >= latest.receivedAt) continue;
      this.#held.delete(id);
    }
    this.#findHeldFrom();
  }

  #findHeldFrom(): void {
    this.#heldFrom = Number.POSITIVE_INFINITY;
    for (const id of this.#held.keys()) this.#heldFrom = Math.min(this.#heldFrom, id);
  }

  #take(row: TradeRow, receivedAt: number, recovered: boolean): void {
    const id = row.trade_id;
    if (this.#lastId === undefined || id === this.#lastId + 1) {
      this.#pass(new TradeUpdate(row, receivedAt, recovered));
      if (this.#heldFrom === id + 1) this.#drain();
      return;
    }
    if (id <= this.#lastId || this.#held.has(id)) {
      this.#duplicates += 1;
      return;
    }
    this.#held.set(id, new TradeUpdate(row, receivedAt, recovered));
    this.#heldFrom = Math.min(this.#heldFrom, id);
  }

  #pass(trade: TradeUpdate): void {
    this.#lastId = trade.tradeId;
    this.#ring.push(trade);
    this.#delivered.push(trade);
  }

  /** Passes on what was held back and follows now. */
  #drain(): void {
    for (;;) {
      const next = this.#held.get((this.#lastId ?? 0) + 1);
      if (next === undefined) break;
      this.#held.delete(next.tradeId);
      this.#pass(next);
    }
    this.#findHeldFrom();
  }

  #deliver(first = false): TradeDelivery[] {
    if (this.#delivered.length === 0) return [];
    const delivery = { trades: this.#delivered, gap: this.#gap, first };
    this.#delivered = [];
    this.#gap = undefined;
    return [delivery];
  }
}
