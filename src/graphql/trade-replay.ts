import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { TradeGap } from '../market/trade-tape.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import type { Services } from './context.ts';
import { expired, type TradeCursor } from './cursor.ts';

/** Trades of one pair in order, and what is known to be missing before them. */
export interface TradeBatch {
  readonly trades: readonly TradeUpdate[];
  readonly gap: TradeGap | undefined;
}

/** Trades in one result of a replay. */
const BATCH = 500;

/**
 * Every trade after a cursor, from memory and, where memory does not reach back, from REST. Fetched first and read
 * later: between the two, memory goes on.
 */
export class TradeReplay {
  readonly #services: Services;
  readonly #cursor: TradeCursor;
  /** What came by REST; empty while memory is enough. */
  #fetched: readonly TradeUpdate[] = [];

  constructor(services: Services, cursor: TradeCursor) {
    this.#services = services;
    this.#cursor = cursor;
  }

  /**
   * Waits for the pair to stream, and fetches what memory lacks.
   *
   * @throws {CodedError} `CURSOR_EXPIRED`, or `UPSTREAM_UNAVAILABLE` when asking again may help
   */
  async prepare(): Promise<void> {
    const { client, hub } = this.#services;
    const { symbol, tradeId, timestamp } = this.#cursor;
    // Whoever has seen more than we have yet gets what follows once we have it too.
    await hub.first({ kind: 'trades', symbol }, () =>
      (client.market.tape(symbol)?.lastId ?? -1) >= tradeId ? symbol : undefined,
    );
    if (client.market.tape(symbol)?.after(tradeId) !== undefined) return;
    let fetched: readonly TradeUpdate[] | undefined;
    try {
      fetched = await client.loadTradesAfter(symbol, tradeId, timestamp);
    } catch (error) {
      const message = `Trades of ${symbol} could not be fetched: ${(error as Error).message}`;
      throw new CodedError('UPSTREAM_UNAVAILABLE', message, { retryAfterMs: 1_000 });
    }
    if (fetched === undefined) throw expired(this.#cursor);
    this.#fetched = fetched;
  }

  /** Whether anything has to be fetched or waited for. */
  get isReady(): boolean {
    const { symbol, tradeId } = this.#cursor;
    const tape = this.#services.client.market.tape(symbol);
    return tape !== undefined && (tape.lastId ?? -1) >= tradeId && tape.after(tradeId) !== undefined;
  }

  /** Oldest first, up to the last trade that was delivered to anyone. */
  trades(): readonly TradeUpdate[] {
    const { client } = this.#services;
    const from = this.#fetched.at(-1)?.tradeId ?? this.#cursor.tradeId;
    const kept = client.market.tape(this.#cursor.symbol)?.after(from);
    if (kept === undefined) throw expired(this.#cursor);
    return [...this.#fetched, ...kept];
  }
}

/** Trades as results of bounded size; where ids are missing a new one begins, which says so. */
export function batchesOf(trades: readonly TradeUpdate[], afterId?: number): readonly TradeBatch[] {
  const batches: { trades: TradeUpdate[]; gap: TradeGap | undefined }[] = [];
  let previous = afterId;
  for (const trade of trades) {
    const missing = previous !== undefined && trade.tradeId > previous + 1;
    const gap =
      missing && previous !== undefined
        ? { fromTradeId: previous + 1, toTradeId: trade.tradeId - 1 }
        : undefined;
    const last = batches.at(-1);
    if (last === undefined || missing || last.trades.length >= BATCH) batches.push({ trades: [trade], gap });
    else last.trades.push(trade);
    previous = trade.tradeId;
  }
  return batches;
}

/** The cursors of a request by pair: at most one for each, and of pairs that were asked for. */
export function cursorsBySymbol(
  cursors: readonly TradeCursor[],
  symbols: readonly PairSymbol[],
): ReadonlyMap<PairSymbol, TradeCursor> {
  const found = new Map<PairSymbol, TradeCursor>();
  for (const cursor of cursors) {
    const { symbol } = cursor;
    if (!symbols.includes(symbol)) {
      throw new CodedError(
        'CURSOR_INVALID',
        `There is a cursor of ${symbol}, which is not among the symbols`,
      );
    }
    if (found.has(symbol)) throw new CodedError('CURSOR_INVALID', `There are two cursors of ${symbol}`);
    found.set(symbol, cursor);
  }
  return found;
}
