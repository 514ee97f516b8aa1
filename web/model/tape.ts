import type { PairTradesSubscription } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';

type Batch = PairTradesSubscription['trades'];
export type Trade = Batch['trades'][number];

/** A line of the tape: a trade, or that some before it are missing. */
export type TapeLine = { readonly trade: Trade } | { readonly missing: number | undefined };

/** Lines that are kept; the oldest go. */
const KEPT = 100;

/** The latest trades of one pair, newest first. */
export class Tape extends Model {
  /** undefined until the first batch, which may hold no trade. */
  lines: TapeLine[] | undefined;
  /** When this page heard of it last. */
  heardMs = Number.NEGATIVE_INFINITY;
  /** Where to go on after the connection was lost. */
  cursor: string | undefined;

  take({ trades: { trades, gap, cursor } }: PairTradesSubscription): void {
    this.cursor = cursor;
    this.heardMs = performance.now();
    const lines: TapeLine[] = trades.slice(-KEPT).map(trade => ({ trade }));
    if (gap !== null) lines.unshift({ missing: gap.missing });
    this.#add(lines);
  }

  /** What came after the cursor can not be had any more: goes on with what comes now, and says so. */
  restart(): void {
    if (this.cursor !== undefined) this.#add([{ missing: undefined }]);
    this.cursor = undefined;
  }

  /** @param lines oldest first */
  #add(lines: readonly TapeLine[]): void {
    this.lines = [...lines.toReversed(), ...(this.lines ?? [])].slice(0, KEPT);
    this.changed();
  }
}
