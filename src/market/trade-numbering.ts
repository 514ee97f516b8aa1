import type { TradeRow } from '../kraken/messages.ts';
import type { TradeTape } from './trade-tape.ts';

/** No pair trades so often that an outage which REST could fill leaves out more. */
const FARTHEST = 1_000_000;
/** A clock that is off by more than that would not get this far. */
const SANE_MS = 86_400_000;
/** Within this time an id names one trade. */
const SAME_MS = 1_000;
/** Rows in a row, of one message, that prove that trades are numbered otherwise now. */
const ENOUGH_ROWS = 3;
/** Messages in a row that prove it with a row each. */
const ENOUGH_MESSAGES = 2;

/** What one message's rows are to a tape. */
export interface Sifted {
  readonly rows: readonly TradeRow[];
  /** Trades are numbered otherwise from these rows on. */
  readonly renumbered: boolean;
  /** Rows that belong nowhere. */
  readonly odd: number;
}

/**
 * Tells trades that continue a tape from those that do not. Ids rise by one with each trade and in the order of time; the
 * exchange may begin to number anew, and then what comes is consecutive among itself. A single row proves nothing:
 * served as it is, it would make all that follow it look like old ones.
 */
export class TradeNumbering {
  /** Rows that would begin another numbering, consecutive. */
  #candidates: readonly TradeRow[] = [];
  #messages = 0;

  sift(tape: TradeTape, rows: readonly TradeRow[], receivedAt: number): Sifted {
    const sane = rows.filter(row => Date.parse(row.timestamp) <= receivedAt + SANE_MS);
    const anchor = tape.lastId ?? medianId(sane);
    const strange = sane.filter(row => isStrange(tape, row, anchor));
    let odd = rows.length - sane.length;
    if (strange.length === 0) {
      // The former numbering goes on.
      if (sane.some(row => row.trade_id > anchor)) this.#forget();
      return { rows: odd === 0 ? rows : sane, renumbered: false, odd };
    }
    const fitting = sane.filter(row => !strange.includes(row));
    if (fitting.some(row => row.trade_id > anchor) || tape.lastId === undefined) {
      this.#forget();
      return { rows: fitting, renumbered: false, odd: odd + strange.length };
    }
    this.#take(strange, receivedAt);
    if (this.#candidates.length >= ENOUGH_ROWS || this.#messages >= ENOUGH_MESSAGES) {
      const fresh = this.#candidates;
      this.#forget();
      return { rows: fresh, renumbered: true, odd };
    }
    odd += strange.length;
    return { rows: fitting, renumbered: false, odd };
  }

  #forget(): void {
    this.#candidates = [];
    this.#messages = 0;
  }

  #take(strange: readonly TradeRow[], receivedAt: number): void {
    const together = consecutive([...this.#candidates, ...strange], receivedAt);
    if (together !== undefined && together.length > this.#candidates.length) {
      this.#candidates = together;
      this.#messages += 1;
      return;
    }
    this.#candidates = consecutive(strange, receivedAt) ?? [];
    this.#messages = this.#candidates.length > 0 ? 1 : 0;
  }
}

/** Whether a row can neither be a trade that is known nor one that follows, nor one that a gap leaves out. */
function isStrange(tape: TradeTape, row: TradeRow, anchor: number): boolean {
  if (row.trade_id > anchor + FARTHEST) return true;
  const { latest } = tape;
  if (latest === undefined) return row.trade_id < anchor - FARTHEST;
  // An id from before with a time from after.
  if (row.trade_id > latest.tradeId || row.timestamp <= latest.timestamp) return false;
  // One that was told is only told again; REST and the socket may differ in its last digits.
  const known = tape.find(row.trade_id)?.timestamp;
  return known === undefined || Math.abs(Date.parse(known) - Date.parse(row.timestamp)) > SAME_MS;
}

function medianId(rows: readonly TradeRow[]): number {
  const ids = rows.map(row => row.trade_id).sort((a, b) => a - b);
  return ids[ids.length >>> 1] ?? 0;
}

/** The rows in order of their ids, each once; undefined unless these are consecutive, and in the order of time, of today. */
function consecutive(rows: readonly TradeRow[], receivedAt: number): readonly TradeRow[] | undefined {
  const byId = new Map(rows.map(row => [row.trade_id, row]));
  const ordered = [...byId.values()].sort((a, b) => a.trade_id - b.trade_id);
  for (const [index, row] of ordered.entries()) {
    if (Date.parse(row.timestamp) < receivedAt - SANE_MS) return undefined;
    const before = ordered[index - 1];
    if (before === undefined) continue;
    if (row.trade_id !== before.trade_id + 1 || row.timestamp < before.timestamp) return undefined;
  }
  return ordered;
}
