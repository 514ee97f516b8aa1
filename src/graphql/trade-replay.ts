import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { TradeGap } from '../market/trade-tape.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import type { Services } from './context.ts';
import { expired, type TradeCursor } from './cursor.ts';
import { notFetched } from './errors.ts';

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
   * Waits for the pair to stream, and fetches what memory lacks. The pair is held meanwhile, so that it goes on from
   * where memory begins.
   *
   * @throws {CodedError} `CURSOR_EXPIRED`, or `UPSTREAM_UNAVAILABLE` when asking again may help
   */
  async prepare(): Promise<void> {
    const release = this.#services.hub.hold({ kind: 'trades', symbol: this.#cursor.symbol });
    try {
      await this.#streams();
      if (!this.isReady) await this.#fetch();
    } finally {
      release();
    }
  }

  /** Whoever has seen more than we have yet gets what follows once we have it too. */
  async #streams(): Promise<void> {
    const { client, hub } = this.#services;
    const { symbol, tradeId } = this.#cursor;
    const lastId = (): number => client.market.tape(symbol)?.lastId ?? -1;
    await hub
      .first({ kind: 'trades', symbol }, () => (lastId() >= tradeId ? symbol : undefined))
      .catch((error: unknown) => {
        // The pair streams, and has not come as far: the id is of another time, or of nobody's.
        throw lastId() >= 0 && client.feedState('trade', symbol) === 'LIVE' ? expired(this.#cursor) : error;
      });
  }

  async #fetch(): Promise<void> {
    const { symbol, tradeId, timestamp } = this.#cursor;
    const { client, replays } = this.#services;
    if (replays.underWay >= MAX_REPLAYS) throw unavailable(symbol, 'too many clients go on from old cursors');
    replays.underWay += 1;
    try {
      const fetched = await client.loadTradesAfter(symbol, tradeId, timestamp);
      if (fetched === undefined) throw expired(this.#cursor);
      this.#fetched = fetched;
    } catch (error) {
      throw error instanceof CodedError ? error : notFetched(`Trades of ${symbol}`, error as Error);
    } finally {
      replays.underWay -= 1;
    }
  }

  /** Whether nothing has to be fetched or waited for. */
  get isReady(): boolean {
    const { symbol, tradeId } = this.#cursor;
    const tape = this.#services.client.market.tape(symbol);
    return tape !== undefined && (tape.lastId ?? -1) >= tradeId && tape.after(this.#reached) !== undefined;
  }

  /** Oldest first, up to the last trade that was delivered to anyone. */
  trades(): readonly TradeUpdate[] {
    const { symbol } = this.#cursor;
    const kept = this.#services.client.market.tape(symbol)?.after(this.#reached);
    if (kept === undefined) throw unavailable(symbol, 'they came faster than they could be fetched');
    return [...this.#fetched, ...kept];
  }

  get #reached(): number {
    return this.#fetched.at(-1)?.tradeId ?? this.#cursor.tradeId;
  }
}

/** Replays from REST at once, over all clients: Kraken answers about one call a second, and gaps come first. */
const MAX_REPLAYS = 8;

function unavailable(symbol: PairSymbol, why: string): CodedError {
  const message = `Trades of ${symbol} could not be fetched: ${why}`;
  return new CodedError('UPSTREAM_UNAVAILABLE', message, { retryAfterMs: 1_000 });
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
