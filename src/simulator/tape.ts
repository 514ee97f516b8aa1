import type { SimulatedPair } from './pairs.ts';
import { fixed, microseconds, nanoseconds } from './wire.ts';

/** One trade; price in ticks, quantity in lots. */
export interface SimulatedTrade {
  readonly id: number;
  readonly buy: boolean;
  readonly market: boolean;
  readonly ticks: number;
  readonly lots: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

interface Candle {
  readonly beginMs: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  lots: number;
  /** Sum of ticks times lots. */
  turnover: number;
  trades: number;
}

export const INTERVALS: readonly number[] = [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600];
const MINUTE_MS = 60_000;
const KEPT_TRADES = 100_000;
const KEPT_CANDLES = 720;
const SNAPSHOT_TRADES = 50;
const SNAPSHOT_CANDLES = 10;
/** Trades before the simulation began, so that there is history, and their distance on average. */
const PAST_TRADES = 4_800;
const PAST_GAP_MS = 10_000;
/** How far one of them is from the one before, at the most, and how much of the way it comes back. */
const PAST_STEP = 0.0006;
const PAST_PULL = 0.004;
/** What they are worth, at the most. */
const PAST_DOLLARS = 1_000;
/** Intervals of which there are candles from before these trades, how many, and how far one goes, for a minute. */
const OLDER_FROM_MINUTES = 60;
const OLDER_CANDLES = 300;
const OLDER_REACH = 0.0005;

/** Every trade of one pair, and the candles that they make. */
export class SimulatedTape {
  readonly #pair: SimulatedPair;
  readonly #trades: SimulatedTrade[] = [];
  readonly #candles: ReadonlyMap<number, Candle[]> = new Map(INTERVALS.map(minutes => [minutes, []]));
  #nextId: number;

  constructor(pair: SimulatedPair, random: () => number, nowMs: number) {
    this.#pair = pair;
    this.#nextId = 1_000_000 + Math.floor(random() * 100_000_000);
    for (const trade of past(pair, random, nowMs)) this.record(trade);
    for (const [minutes, candles] of this.#candles) {
      if (minutes >= OLDER_FROM_MINUTES) candles.unshift(...older(candles[0], minutes, random));
    }
  }

  get lastId(): number {
    return this.#nextId - 1;
  }

  /** Every trade that is kept, oldest first. */
  get trades(): readonly SimulatedTrade[] {
    return this.#trades;
  }

  record(trade: Omit<SimulatedTrade, 'id'>): SimulatedTrade {
    const whole = { id: this.#nextId, ...trade };
    this.#nextId += 1;
    this.#trades.push(whole);
    if (this.#trades.length > KEPT_TRADES) this.#trades.splice(0, KEPT_TRADES / 10);
    for (const [minutes, candles] of this.#candles) addTo(candles, whole, minutes * MINUTE_MS);
    return whole;
  }

  /** A row of the trade channel. */
  row({ buy, market, ticks, lots, id, atMs }: SimulatedTrade): object {
    const { symbol, pricePrecision, qtyPrecision } = this.#pair;
    return {
      symbol,
      side: buy ? 'buy' : 'sell',
      price: fixed(ticks, pricePrecision),
      qty: fixed(lots, qtyPrecision),
      ord_type: market ? 'market' : 'limit',
      trade_id: id,
      timestamp: microseconds(atMs),
    };
  }

  /** What a new subscription to the trade channel gets: the last fifty, oldest first. */
  snapshotRows(): readonly object[] {
    return this.#trades.slice(-SNAPSHOT_TRADES).map(trade => this.row(trade));
  }

  /** Rows of the ohlc channel: the latest candle, or those of a snapshot. */
  candleRows(minutes: number, snapshot: boolean): readonly object[] {
    const candles = this.#candles.get(minutes) ?? [];
    return candles.slice(snapshot ? -SNAPSHOT_CANDLES : -1).map(candle => this.#candleRow(candle, minutes));
  }

  /** `GET /0/public/Trades`: at most `count` after a time, oldest first. */
  restTrades(sinceNs: bigint, count: number): { readonly rows: readonly unknown[]; readonly last: string } {
    const { pricePrecision, qtyPrecision } = this.#pair;
    const found: SimulatedTrade[] = [];
    for (const trade of this.#trades) {
      if (toNs(trade.atMs) <= sinceNs) continue;
      found.push(trade);
      if (found.length >= count) break;
    }
    const last = found.at(-1);
    const rows = found.map(({ ticks, lots, atMs, buy, market, id }) => [
      // REST writes prices of every pair with at least five digits.
      fixed(ticks * 10 ** Math.max(0, 5 - pricePrecision), Math.max(5, pricePrecision)).token,
      fixed(lots, qtyPrecision).token,
      atMs / 1_000,
      buy ? 'b' : 's',
      market ? 'm' : 'l',
      '',
      id,
    ]);
    return { rows, last: last === undefined ? String(sinceNs) : String(toNs(last.atMs)) };
  }

  /** `GET /0/public/OHLC`: every interval since the first one kept, those without trades too. */
  restCandles(minutes: number, nowMs: number): { readonly rows: readonly unknown[]; readonly last: number } {
    const { pricePrecision, qtyPrecision } = this.#pair;
    const candles = this.#candles.get(minutes) ?? [];
    const lengthMs = minutes * MINUTE_MS;
    const rows: unknown[][] = [];
    let previous = candles[0];
    for (const candle of candles) {
      for (let beginMs = (previous?.beginMs ?? 0) + lengthMs; beginMs < candle.beginMs; beginMs += lengthMs) {
        const close = fixed(previous?.close ?? 0, pricePrecision).token;
        rows.push([beginMs / 1_000, close, close, close, close, '0.0', fixed(0, qtyPrecision).token, 0]);
      }
      const price = (ticks: number): string => fixed(ticks, pricePrecision).token;
      rows.push([
        candle.beginMs / 1_000,
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        price(candle.turnover / candle.lots),
        fixed(candle.lots, qtyPrecision).token,
        candle.trades,
      ]);
      previous = candle;
    }
    const kept = rows.slice(-KEPT_CANDLES);
    const forming = Math.floor(nowMs / lengthMs) * lengthMs;
    const committed = kept.filter(row => Number(row[0]) * 1_000 < forming).at(-1);
    return { rows: kept, last: Number(committed?.[0] ?? 0) };
  }

  #candleRow(candle: Candle, minutes: number): object {
    const { symbol, pricePrecision, qtyPrecision } = this.#pair;
    return {
      symbol,
      open: fixed(candle.open, pricePrecision),
      high: fixed(candle.high, pricePrecision),
      low: fixed(candle.low, pricePrecision),
      close: fixed(candle.close, pricePrecision),
      trades: candle.trades,
      volume: fixed(candle.lots, qtyPrecision),
      vwap: fixed(candle.turnover / candle.lots, pricePrecision),
      interval_begin: nanoseconds(candle.beginMs),
      interval: minutes,
      timestamp: microseconds(candle.beginMs + minutes * MINUTE_MS),
    };
  }
}

/** A walk that ends where and when the market begins. */
function past(
  { startTicks, pricePrecision, qtyPrecision }: SimulatedPair,
  random: () => number,
  nowMs: number,
): readonly Omit<SimulatedTrade, 'id'>[] {
  const dollar = 10 ** (pricePrecision + qtyPrecision) / startTicks;
  const beganMs = nowMs - PAST_TRADES * PAST_GAP_MS;
  let price: number = startTicks;
  const trades = Array.from({ length: PAST_TRADES }, (_, index) => {
    price += (random() * 2 - 1) * PAST_STEP * startTicks + (startTicks - price) * PAST_PULL;
    const atMs = Math.floor(beganMs + (index + random()) * PAST_GAP_MS);
    const lots = 1 + Math.floor(random() ** 3 * Math.min(1e12, PAST_DOLLARS * dollar));
    return { buy: random() < 0.5, market: random() < 0.5, ticks: price, lots, atMs };
  });
  const missed = startTicks - price;
  return trades.map((trade, index) => {
    const ticks = trade.ticks + (missed * (index + 1)) / trades.length;
    return { ...trade, ticks: Math.max(1, Math.round(ticks)) };
  });
}

/** Candles from before the first trade: a walk back from where it began. */
function older(first: Candle | undefined, minutes: number, random: () => number): readonly Candle[] {
  if (first === undefined) return [];
  const candles: Candle[] = [];
  let close = first.open;
  for (let back = 1; back <= OLDER_CANDLES; back += 1) {
    const reach = close * OLDER_REACH * Math.sqrt(minutes);
    const open = Math.max(1, Math.round(close + (random() * 2 - 1) * reach));
    const high = Math.max(open, close) + Math.floor(random() * reach * 0.5);
    const low = Math.max(1, Math.min(open, close) - Math.floor(random() * reach * 0.5));
    const lots = Math.ceil(first.lots * (0.3 + random()));
    const turnover = (lots * (open + close)) / 2;
    const beginMs = first.beginMs - back * minutes * MINUTE_MS;
    candles.unshift({ beginMs, open, high, low, close, lots, turnover, trades: minutes });
    close = open;
  }
  return candles;
}

function addTo(candles: Candle[], { ticks, lots, atMs }: SimulatedTrade, lengthMs: number): void {
  const beginMs = Math.floor(atMs / lengthMs) * lengthMs;
  const latest = candles.at(-1);
  if (latest?.beginMs === beginMs) {
    latest.high = Math.max(latest.high, ticks);
    latest.low = Math.min(latest.low, ticks);
    latest.close = ticks;
    latest.lots += lots;
    latest.turnover += ticks * lots;
    latest.trades += 1;
    return;
  }
  candles.push({
    beginMs,
    open: ticks,
    high: ticks,
    low: ticks,
    close: ticks,
    lots,
    turnover: ticks * lots,
    trades: 1,
  });
  if (candles.length > KEPT_CANDLES) candles.shift();
}

function toNs(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}
