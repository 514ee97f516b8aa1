import type { PairRow, TradeMessage } from '../kraken/messages.ts';
import type { RestClient } from '../kraken/rest.ts';
import { isFinal, RestQueueFull } from '../kraken/rest-error.ts';
import { tradesOf } from '../kraken/rest-rows.ts';
import { type PairSymbol, restPair } from '../kraken/symbols.ts';
import { fullJitterDelayMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { groupBy } from '../lib/group-by.ts';
import type { Logger } from '../lib/logger.ts';
import type { TradeDelivery } from '../market/trade-tape.ts';
import { TradeUpdate } from '../market/trade-update.ts';
import type { TradeOutcome, Trades } from '../market/trades.ts';

export interface TradeFeedOptions {
  readonly trades: Trades;
  readonly rest: RestClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The pair as listed, for its digits. */
  readonly pair: (symbol: PairSymbol) => PairRow | undefined;
  /** A frame of this pair came; false when nobody subscribed to it. */
  readonly accepts: (symbol: PairSymbol, receivedAt: number, type: TradeMessage['type']) => boolean;
  /** So many trades were left out, because their ids and times do not fit the others'. */
  readonly dropped: (symbol: PairSymbol, count: number) => void;
  /** Trades in order, each once. */
  readonly deliver: (symbol: PairSymbol, delivery: TradeDelivery) => void;
  /** Whether trades are missing has changed. */
  readonly stateChanged: (symbol: PairSymbol) => void;
}

const PAGE = 1_000;
/** Pages of one gap: a gap of more trades is not worth the wait. */
const MAX_PAGES = 100;
/** Pages before the tape that a reader may ask for: twenty thousand trades. */
const MAX_HISTORY_PAGES = 20;
/** Answers in a row that bring nothing: REST lags, fails, or does not know these trades. About a minute. */
const MAX_ATTEMPTS = 8;
const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 16_000;

/**
 * Trades from the socket, with what the socket missed fetched by REST: each is delivered once and in order, or
 * the gap is named.
 */
export class TradeFeed {
  readonly #options: TradeFeedOptions;
  /** Pairs whose missing trades are being fetched. */
  readonly #repairing = new Set<PairSymbol>();
  readonly #sleepers = new Set<() => void>();
  /** Histories that are being fetched: whoever asks for the same waits for the same. */
  readonly #histories = new Map<string, Promise<readonly TradeUpdate[] | undefined>>();
  #stopped = false;

  constructor(options: TradeFeedOptions) {
    this.#options = options;
  }

  receive(message: TradeMessage, receivedAt: number): void {
    // As a rule all rows are of one pair; a snapshot may mix them.
    for (const [symbol, rows] of groupBy(message.data, row => row.symbol)) {
      if (!this.#options.accepts(symbol, receivedAt, message.type)) continue;
      this.#settle(symbol, this.#options.trades.apply(symbol, rows, receivedAt, message.type));
    }
  }

  /** Whether trades of this pair are missing, and on their way. */
  isRepairing(symbol: PairSymbol): boolean {
    return this.#repairing.has(symbol);
  }

  resume(): void {
    this.#stopped = false;
  }

  /** No more fetching. What is missing then is found missing again by the next snapshot. */
  stop(): void {
    this.#stopped = true;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Waits, but not longer than until {@link stop}. */
  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        cancel();
        this.#sleepers.delete(wake);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, wake);
      this.#sleepers.add(wake);
    });
  }

  #settle(symbol: PairSymbol, { deliveries, missing, renumbered, odd }: TradeOutcome): void {
    if (odd > 0) this.#options.dropped(symbol, odd);
    if (renumbered) this.#options.logger.warn({ symbol }, 'trade ids have begun anew');
    for (const delivery of deliveries) {
      const { gap } = delivery;
      if (gap !== undefined) this.#options.logger.error({ symbol, ...gap }, 'trades could not be recovered');
      this.#options.deliver(symbol, delivery);
    }
    if (missing === undefined || this.#repairing.has(symbol)) return;
    this.#repair(symbol).catch((error: unknown) => {
      // The next trade finds what is missing again.
      this.#repairing.delete(symbol);
      this.#options.logger.error({ symbol, err: error }, 'fetching missing trades failed');
    });
  }

  async #repair(symbol: PairSymbol): Promise<void> {
    const { trades, clock, logger } = this.#options;
    this.#repairing.add(symbol);
    this.#options.stateChanged(symbol);
    let attempts = 0;
    let pages = 0;
    let since: string | undefined;
    while (!this.#stopped) {
      const tape = trades.tape(symbol);
      const missing = tape?.missing;
      if (tape === undefined || missing === undefined) break;
      if (attempts === 0 && pages === 0) logger.info({ symbol, ...missing }, 'trades are missing');
      try {
        const page = await this.#fetch(symbol, since ?? sinceBefore(tape.latest?.timestamp), 'urgent');
        if (this.#stopped) break;
        if (trades.tape(symbol) !== tape) {
          // Nobody wanted it any more meanwhile; if somebody does again, that is another tape.
          attempts = 0;
          pages = 0;
          since = undefined;
          continue;
        }
        pages += 1;
        const { lastId } = tape;
        const wanted = page.rows.filter(
          row => row.trade_id > (lastId ?? 0) && row.trade_id <= missing.toTradeId,
        );
        this.#settle(symbol, trades.apply(symbol, wanted, clock.now(), 'rest'));
        if (tape.lastId !== lastId) {
          attempts = 0;
          since = undefined;
          if (pages < MAX_PAGES) continue;
        } else if (page.size >= PAGE && pages < MAX_PAGES) {
          // A whole page of what is known: more trades share one instant than a page holds.
          since = page.last;
          continue;
        }
        // REST knows later ones and not these: it never will.
        if (wanted.length > 0 || pages >= MAX_PAGES) attempts = MAX_ATTEMPTS;
      } catch (error) {
        logger.warn({ symbol, reason: (error as Error).message }, 'missing trades could not be fetched');
        if (error instanceof RestQueueFull) attempts -= 1;
        else if (isFinal(error)) attempts = MAX_ATTEMPTS;
      }
      attempts += 1;
      if (attempts > MAX_ATTEMPTS) {
        this.#settle(symbol, trades.giveUp(symbol));
        attempts = 0;
        pages = 0;
        continue;
      }
      const delayMs = fullJitterDelayMs(attempts, RETRY_BASE_MS, RETRY_MAX_MS, clock.random());
      await this.#sleep(RETRY_BASE_MS + delayMs);
    }
    this.#repairing.delete(symbol);
    this.#options.stateChanged(symbol);
  }

  /**
   * Trades after a known one, up to where the tape begins: what has to be put before what is kept to go on from there.
   *
   * @param timestamp of the known trade
   * @returns undefined when they can not be had whole: too many, or REST does not know them
   * @throws {RestError}
   */
  history(
    symbol: PairSymbol,
    tradeId: number,
    timestamp: string,
  ): Promise<readonly TradeUpdate[] | undefined> {
    const key = `${symbol} ${tradeId} ${timestamp}`;
    const underWay =
      this.#histories.get(key) ??
      this.#history(symbol, tradeId, timestamp).finally(() => this.#histories.delete(key));
    this.#histories.set(key, underWay);
    return underWay;
  }

  async #history(
    symbol: PairSymbol,
    tradeId: number,
    timestamp: string,
  ): Promise<readonly TradeUpdate[] | undefined> {
    const { trades, clock } = this.#options;
    const found: TradeUpdate[] = [];
    let since = sinceBefore(timestamp);
    for (let page = 0; page < MAX_HISTORY_PAGES; page += 1) {
      const { rows, size, last } = await this.#fetch(symbol, since);
      const known = found.length;
      for (const row of rows.toSorted((a, b) => a.trade_id - b.trade_id)) {
        const next = tradeId + found.length + 1;
        if (row.trade_id > next) return undefined;
        if (row.trade_id === next) found.push(new TradeUpdate(row, clock.now(), true));
      }
      if (trades.tape(symbol)?.after(tradeId + found.length) !== undefined) return found;
      if (size < PAGE) return undefined;
      // Again from the instant of the last one: where a page ends, others may share it.
      const next = found.length > known ? sinceBefore(found.at(-1)?.timestamp) : last;
      if (next === since) return undefined;
      since = next;
    }
    return undefined;
  }

  /**
   * One page of trades at or after a time, oldest first.
   *
   * @param since nanoseconds since the epoch
   * @throws {RestError}
   */
  async #fetch(
    symbol: PairSymbol,
    since: string,
    urgency: 'urgent' | 'patient' = 'patient',
  ): Promise<ReturnType<typeof tradesOf>> {
    const { rest, pair } = this.#options;
    const parameters = { ...restPair(symbol), since, count: String(PAGE) };
    const result = await rest.get('Trades', parameters, urgency);
    return tradesOf(result, symbol, pair(symbol));
  }
}

/** Nanoseconds just before a time: whether REST takes the time itself in is not documented, and trades share times. */
function sinceBefore(timestamp: string | undefined): string {
  if (timestamp === undefined) return '0';
  const [whole = '', fraction = ''] = timestamp.replace('Z', '').split('.');
  const seconds = BigInt(Math.floor(Date.parse(`${whole}Z`) / 1_000));
  return String(seconds * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0')) - 1_000n);
}
