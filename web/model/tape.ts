import type { PairTradesSubscription } from '../generated/operations.ts';
import { LiveModel } from './freshness.ts';

type Trade = PairTradesSubscription['trades']['trades'][number];

/** A line of the tape: a trade, or that so many before it are missing. */
export type TapeLine = { readonly trade: Trade } | { readonly missing: number };

/** Lines that are kept; the oldest go. */
export const KEPT_LINES = 100;

/**
 * The latest trades of one pair, newest first. Ids follow each other, so that what a new subscription tells once more is
 * known, and what it can not tell any more is seen to be missing.
 */
export class Tape extends LiveModel {
  lines: TapeLine[] = [];
  #lastId = 0;
  #isInterrupted = false;

  take({ trades: { trades } }: PairTradesSubscription): void {
    // Ids have begun anew: what was before has nothing to do with what is now.
    if (this.#isInterrupted && (trades.at(-1)?.tradeId ?? 0) < this.#lastId) {
      this.lines = [];
      this.#lastId = 0;
    }
    this.#isInterrupted = false;
    const lines: TapeLine[] = [];
    for (const trade of trades) {
      if (trade.tradeId <= this.#lastId) continue;
      const missing = this.#lastId === 0 ? 0 : trade.tradeId - this.#lastId - 1;
      if (missing > 0) lines.push({ missing });
      lines.push({ trade });
      this.#lastId = trade.tradeId;
    }
    this.lines = [...lines.reverse(), ...this.lines].slice(0, KEPT_LINES);
    this.heard();
  }

  override interrupted(): void {
    this.#isInterrupted = true;
    super.interrupted();
  }
}
