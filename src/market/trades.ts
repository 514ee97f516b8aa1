import type { TradeRow } from '../kraken/messages.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { TradeNumbering } from './trade-numbering.ts';
import { type TradeDelivery, type TradeGap, TradeTape } from './trade-tape.ts';
import type { TradeUpdate } from './trade-update.ts';

/** Counts over all pairs. */
export interface TradeStatistics {
  /** Trades that came again: in a snapshot, or twice. */
  readonly duplicatesDropped: number;
  /** Times that trades were found missing. */
  readonly gapsDetected: number;
  /** Of these, those that were filled. */
  readonly gapsRepaired: number;
  /** Trades that filled them. */
  readonly tradesRecovered: number;
  /** Trades that could not be recovered. */
  readonly tradesLost: number;
}

/** What one message did to a tape. */
export interface TradeOutcome {
  /** What may be passed on now, in order; as a rule one delivery, or none. */
  readonly deliveries: readonly TradeDelivery[];
  /** What is missing now; undefined if nothing is. */
  readonly missing: TradeGap | undefined;
  /** The exchange has begun to number anew: nobody can tell whether something was missed. */
  readonly renumbered: boolean;
  /** Trades that were dropped, because their ids and times do not fit the others'. */
  readonly odd: number;
}

/** The tape of every pair. */
export class Trades {
  readonly #tapes = new Map<PairSymbol, TradeTape>();
  readonly #numberings = new Map<PairSymbol, TradeNumbering>();
  readonly #maxHeld: number;
  /** Pairs whose tape waits for missing trades. */
  readonly #broken = new Set<PairSymbol>();
  /** Of tapes that are gone. */
  #formerDuplicates = 0;
  #gapsDetected = 0;
  #gapsRepaired = 0;
  #tradesRecovered = 0;
  #tradesLost = 0;

  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld;
  }

  get statistics(): TradeStatistics {
    let duplicatesDropped = this.#formerDuplicates;
    for (const tape of this.#tapes.values()) duplicatesDropped += tape.duplicates;
    return {
      duplicatesDropped,
      gapsDetected: this.#gapsDetected,
      gapsRepaired: this.#gapsRepaired,
      tradesRecovered: this.#tradesRecovered,
      tradesLost: this.#tradesLost,
    };
  }

  tape(symbol: PairSymbol): TradeTape | undefined {
    return this.#tapes.get(symbol);
  }

  /** The last trades, oldest first; undefined while nothing has come. */
  last(symbol: PairSymbol, count: number): readonly TradeUpdate[] | undefined {
    return this.#tapes.get(symbol)?.last(count);
  }

  /** Takes trades of one pair. */
  apply(
    symbol: PairSymbol,
    rows: readonly TradeRow[],
    receivedAt: number,
    source: 'snapshot' | 'update' | 'rest',
  ): TradeOutcome {
    let tape = this.#tapes.get(symbol);
    if (tape === undefined) {
      tape = new TradeTape(this.#maxHeld);
      this.#tapes.set(symbol, tape);
      this.#numberings.set(symbol, new TradeNumbering());
    }
    const numbering = source === 'rest' ? undefined : this.#numberings.get(symbol);
    const sifted = numbering?.sift(tape, rows, receivedAt) ?? { rows, renumbered: false, odd: 0 };
    if (sifted.renumbered) {
      tape.restart();
      this.#broken.delete(symbol);
    }
    const deliveries = tape.apply(sifted.rows, receivedAt, source === 'rest');
    for (const { trades } of deliveries) {
      this.#tradesRecovered += trades.filter(trade => trade.recovered).length;
    }
    this.#count(symbol, tape, deliveries);
    return { deliveries, missing: tape.missing, renumbered: sifted.renumbered, odd: sifted.odd };
  }

  /** What is missing of this pair will not come. */
  giveUp(symbol: PairSymbol): TradeOutcome {
    const tape = this.#tapes.get(symbol);
    const deliveries = tape?.giveUp() ?? [];
    if (tape !== undefined) this.#count(symbol, tape, deliveries);
    return { deliveries, missing: tape?.missing, renumbered: false, odd: 0 };
  }

  drop(symbol: PairSymbol): void {
    this.#formerDuplicates += this.#tapes.get(symbol)?.duplicates ?? 0;
    this.#tapes.delete(symbol);
    this.#numberings.delete(symbol);
    this.#broken.delete(symbol);
  }

  #count(symbol: PairSymbol, tape: TradeTape, deliveries: readonly TradeDelivery[]): void {
    for (const { gap } of deliveries) {
      if (gap === undefined) continue;
      this.#tradesLost += gap.toTradeId - gap.fromTradeId + 1;
      this.#broken.delete(symbol);
    }
    const broken = tape.missing !== undefined;
    if (broken && !this.#broken.has(symbol)) {
      this.#gapsDetected += 1;
      this.#broken.add(symbol);
    } else if (!broken && this.#broken.delete(symbol)) {
      this.#gapsRepaired += 1;
    }
  }
}
