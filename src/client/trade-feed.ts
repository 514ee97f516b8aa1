import type { PairRow, TradeMessage } from '../kraken/messages.ts';
import type { Asker, RestClient } from '../kraken/rest.ts';
import { isFinal, RestError } from '../kraken/rest-error.ts';
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
/** Pages before the tape that a reader may ask for: twenty thousand trades. */
const MAX_HISTORY_PAGES = 20;
/** Answers in a row that bring nothing: REST lags, or does not know these trades. About a minute. */
const MAX_ATTEMPTS = 8;
const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 16_000;
/** A lockout is the longest that Kraken asks for. */
const LONGEST_WAIT_MS = 900_000;

/**
 * Trades from the socket, with what the socket missed fetched by REST: each is delivered once and in order, or
 * the gap is named.
 */
export class TradeFeed {
  readonly #options: TradeFeedOptions;
  /** Pairs whose missing trades are being fetched. */
  readonly #repairing = new Set<PairSymbol>();
  readonly #sleepers = new Set<() => void>();
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

  /** Given up is only what REST says it does not know, or what the tape has no more room to wait for. */
  async #repair(symbol: PairSymbol): Promise<void> {
    const { trades, clock, logger } = this.#options;
    this.#repairing.add(symbol);
    this.#options.stateChanged(symbol);
    let tape = trades.tape(symbol);
    /** Answers in a row that brought nothing. */
    let fruitless = 0;
    /** Calls in a row that failed. */
    let failures = 0;
    let since: string | undefined;
    let told = false;
    while (!this.#stopped) {
      if (trades.tape(symbol) !== tape) {
        // Nobody wanted it any more meanwhile; if somebody does again, that is another tape.
        tape = trades.tape(symbol);
        fruitless = 0;
        since = undefined;
        told = false;
      }
      const missing = tape?.missing;
      if (tape === undefined || missing === undefined) break;
      if (!told) logger.info({ symbol, ...missing }, 'trades are missing');
      told = true;
      let waitMs = 0;
      try {
        const page = await this.#fetch(symbol, since ?? sinceBefore(tape.latest?.timestamp), {
          urgency: 'urgent',
        });
        failures = 0;
        if (this.#stopped) break;
        if (trades.tape(symbol) !== tape) continue;
        const { lastId } = tape;
        const wanted = page.rows.filter(
          row => row.trade_id > (lastId ?? 0) && row.trade_id <= missing.toTradeId,
        );
        this.#settle(symbol, trades.apply(symbol, wanted, clock.now(), 'rest'));
        if (tape.lastId !== lastId) {
          fruitless = 0;
          since = undefined;
          continue;
        }
        // A whole page of what is known: more trades share one instant than a page holds.
        if (wanted.length === 0 && page.size >= PAGE && page.last !== since) {
          since = page.last;
          continue;
        }
        // REST knows later ones and not these: it never will.
        fruitless = wanted.length > 0 ? MAX_ATTEMPTS + 1 : fruitless + 1;
      } catch (error) {
        logger.warn({ symbol, reason: (error as Error).message }, 'missing trades could not be fetched');
        if (isFinal(error)) fruitless = MAX_ATTEMPTS + 1;
        failures += 1;
        waitMs = error instanceof RestError ? Math.min(LONGEST_WAIT_MS, error.retryAfterMs) : 0;
      }
      if (fruitless > MAX_ATTEMPTS) {
        this.#settle(symbol, trades.giveUp(symbol));
        fruitless = 0;
        failures = 0;
        since = undefined;
        continue;
      }
      const backoff = fullJitterDelayMs(fruitless + failures, RETRY_BASE_MS, RETRY_MAX_MS, clock.random());
      await this.#sleep(Math.max(waitMs, RETRY_BASE_MS + backoff));
    }
    this.#repairing.delete(symbol);
    this.#options.stateChanged(symbol);
  }

  /**
   * Trades after a known one, up to where the tape begins: what has to be put before what is kept to go on from there.
   *
   * @param timestamp of the known trade
   * @param client who asks
   * @returns undefined when they are not available whole: too many, or REST does not know them
   * @throws {RestError}
   */
  async history(
    symbol: PairSymbol,
    tradeId: number,
    timestamp: string,
    client?: string,
  ): Promise<readonly TradeUpdate[] | undefined> {
    const { trades, clock } = this.#options;
    const found: TradeUpdate[] = [];
    let since = sinceBefore(timestamp);
    for (let page = 0; page < MAX_HISTORY_PAGES; page += 1) {
      const { rows, size, last } = await this.#fetch(symbol, since, { client });
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
  async #fetch(symbol: PairSymbol, since: string, asker: Asker): Promise<ReturnType<typeof tradesOf>> {
    const { rest, pair } = this.#options;
    const parameters = { ...restPair(symbol), since, count: String(PAGE) };
    const result = await rest.get('Trades', parameters, asker);
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
