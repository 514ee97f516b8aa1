import type { Topic } from '../hub/topics.ts';
import { RestError, RestQueueFull, retryDelayMs } from '../kraken/rest-error.ts';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import { FairLine, untilGone } from '../lib/fair-line.ts';
import type { TradeGap } from '../market/trade-tape.ts';
import type { TradeUpdate } from '../market/trade-update.ts';
import type { Services } from './context.ts';
import { expired, type TradeCursor } from './cursor.ts';
import { restFailure } from './rest-failure.ts';

/** Trades of one pair in order, and what is known to be missing before them. */
export interface TradeBatch {
  readonly trades: readonly TradeUpdate[];
  readonly gap: TradeGap | undefined;
}

/** Trades in one result of a replay. */
const BATCH = 500;

/** How long a query waits for what has to be fetched. */
const QUERY_WAIT_MS = 10_000;

/**
 * Every trade after a cursor, from memory and, where memory does not reach back, from REST. Fetched first and read
 * later: between the two, memory goes on.
 */
export class TradeReplay {
  readonly #services: Services;
  readonly #cursor: TradeCursor;
  readonly #client: string | undefined;
  /** What came by REST; empty while memory is enough. */
  #fetched: readonly TradeUpdate[] = [];

  /** @param client who goes on from the cursor */
  constructor(services: Services, cursor: TradeCursor, client: string) {
    this.#services = services;
    this.#cursor = cursor;
    this.#client = client || undefined;
  }

  get topic(): Topic {
    return { kind: 'trades', symbol: this.#cursor.symbol };
  }

  /**
   * Waits for the pair to stream, and fetches what memory lacks. What is temporary is waited out, however long it takes.
   *
   * @param gone aborted when whoever asked has gone
   * @throws {CodedError} `CURSOR_EXPIRED`, `UPSTREAM_REJECTED`, or the reason of `gone`
   */
  async prepare(gone: AbortSignal): Promise<void> {
    const { clock } = this.#services;
    for (let failures = 0; !this.isReady; failures += 1) {
      try {
        await untilGone(this.#streams(), gone);
        if (this.isReady) return;
        await this.#fetch(gone);
      } catch (error) {
        gone.throwIfAborted();
        if (isForGood(error)) throw error;
        const delayMs = retryDelayMs(error, failures, clock.random());
        let cancel = (): void => {};
        const waited = new Promise<void>(resolve => {
          cancel = clock.after(Math.min(delayMs, LONGEST_WAIT_MS), resolve);
        });
        await untilGone(waited, gone, cancel);
      }
    }
  }

  /**
   * The same for a query, which waits for a bounded time.
   *
   * @throws {CodedError} also `UPSTREAM_UNAVAILABLE` or `LIMIT_EXCEEDED`, with `retryAfterMs`
   */
  async fetchInTime(): Promise<void> {
    const { clock, hub } = this.#services;
    const { symbol } = this.#cursor;
    const patience = new AbortController();
    const cancel = clock.after(QUERY_WAIT_MS, () =>
      patience.abort(this.#failure ?? unavailable(symbol, 'others are before this one')),
    );
    const release = hub.hold(this.topic);
    try {
      await this.prepare(patience.signal);
    } finally {
      release();
      cancel();
    }
  }

  /** Why the last try failed. */
  #failure: CodedError | undefined;

  /** Whoever has seen more than we have yet gets what follows once we have it too. */
  async #streams(): Promise<void> {
    const { client, hub } = this.#services;
    const { symbol, tradeId } = this.#cursor;
    const lastId = (): number => client.market.tape(symbol)?.lastId ?? -1;
    await hub
      .first(this.topic, () => (lastId() >= tradeId ? symbol : undefined))
      .catch((error: unknown) => {
        // The pair streams, and has not come as far: the id is of another time.
        throw lastId() >= 0 && client.feedState('trade', symbol) === 'LIVE' ? expired(this.#cursor) : error;
      });
  }

  /** In line with others, and once for all who go on from the same place. */
  async #fetch(gone: AbortSignal): Promise<void> {
    const { client, replays } = this.#services;
    const { symbol } = this.#cursor;
    const { tradeId, timestamp } = this.#fetched.at(-1) ?? this.#cursor;
    try {
      const fetched = await replays.enter(
        `${symbol} ${tradeId}`,
        asker => client.loadTradesAfter(symbol, tradeId, timestamp, { client: asker }),
        { client: this.#client, gone },
      );
      if (fetched === undefined) throw expired(this.#cursor);
      this.#fetched = [...this.#fetched, ...fetched];
      this.#failure = undefined;
    } catch (error) {
      if (!gone.aborted && error instanceof RestError)
        this.#failure = restFailure(`Trades of ${symbol}`, error);
      throw error;
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

/** Prepares several. The pairs are held meanwhile, so that each goes on from where memory begins. */
export async function prepareAll(
  { hub }: Services,
  replays: readonly TradeReplay[],
  gone: AbortSignal,
): Promise<void> {
  gone.throwIfAborted();
  const releases = replays.map(replay => hub.hold(replay.topic));
  // A transport's signal need not be one of Node's own, so that `AbortSignal.any` would not take it.
  const over = new AbortController();
  const end = (): void => over.abort();
  try {
    gone.addEventListener('abort', end, { once: true });
    await Promise.all(replays.map(replay => replay.prepare(over.signal)));
  } finally {
    gone.removeEventListener('abort', end);
    // If one has failed, the others wait for nothing.
    end();
    for (const release of releases) release();
  }
}

/** Fetches under way over all clients, and of one: Kraken answers about one call a second, and gaps come first. */
export function createReplayLine(): Services['replays'] {
  const full = (allowed: number): Error => new RestQueueFull('replaying', allowed);
  return new FairLine({ atOnce: 8, atOnceEach: 2, waiting: 10_000, waitingEach: 100, full });
}

/** Nothing that Kraken asks for is longer. */
const LONGEST_WAIT_MS = 900_000;

/** Whether asking again would say the same. */
function isForGood(error: unknown): boolean {
  if (error instanceof CodedError) return error.code !== 'UPSTREAM_UNAVAILABLE';
  return !(error instanceof RestError) || !error.temporary;
}

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
