import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bookChecksum, checksumDigits } from '../../src/kraken/checksum.ts';
import { Exchange } from '../../src/simulator/exchange.ts';
import { microseconds, nanoseconds, Raw, write } from '../../src/simulator/wire.ts';
import { eventually } from './client.ts';

/** Price and quantity, in the digits in which they are sent. */
type Level = readonly [price: string, qty: string];

/** A pair that a test makes up, at the edges of what an exchange may list. */
export interface OddPair {
  readonly symbol: string;
  readonly pricePrecision: number;
  readonly qtyPrecision: number;
  readonly status?: string;
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
  /** Oldest first. */
  readonly trades: readonly Level[];
  /** Of candles, how many minutes ago they began, and their close, oldest first; one of now where there are trades. */
  readonly candles?: readonly (readonly [minutesAgo: number, close: string])[];
}

/** Pages ask for no other interval unless told to. */
const MINUTE = 1;
const CHANNELS = ['ticker', 'book', 'trade', 'ohlc'] as const;

/** An exchange that lists pairs of a test's own, and has for each what the test says and no more. */
export class OddExchange implements AsyncDisposable {
  readonly exchange = new Exchange({ replay: [], replayIntervalMs: 0 });
  readonly #rest: Server;
  readonly #pairs = new Map<string, OddPair>();

  private constructor() {
    this.#rest = createServer((request, response) => {
      // Of a pair that was never traded there are no candles, and no trades.
      const pair = new URL(request.url ?? '/', 'http://rest').searchParams.get('pair') ?? '';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ error: [], result: { [pair]: [], last: 0 } }));
    });
  }

  static async with(...pairs: readonly OddPair[]): Promise<OddExchange> {
    const odd = new OddExchange();
    await odd.exchange.start();
    await new Promise<void>(resolve => odd.#rest.listen(0, '127.0.0.1', resolve));
    for (const pair of pairs) odd.#pairs.set(pair.symbol, pair);
    return odd;
  }

  get restUrl(): string {
    return `http://127.0.0.1:${(this.#rest.address() as AddressInfo).port}`;
  }

  /** Tells the list of pairs, once somebody follows it. */
  async list(): Promise<void> {
    await this.#subscribed('instrument', '', 0);
    this.exchange.broadcast(
      write({
        channel: 'instrument',
        type: 'snapshot',
        data: { assets: [], pairs: [...this.#pairs.values()].map(listed) },
      }),
    );
  }

  /** Lists a pair, or changes one that is listed. */
  change(pair: OddPair): void {
    this.#pairs.set(pair.symbol, pair);
    const data = { assets: [], pairs: [listed(pair)] };
    this.exchange.broadcast(write({ channel: 'instrument', type: 'update', data }));
  }

  /** Tells all that there is of a pair, once it is all subscribed. */
  async tell(symbol: string): Promise<void> {
    for (const channel of CHANNELS) await this.#subscribed(channel, symbol, channel === 'ohlc' ? MINUTE : 0);
    const pair = this.#pairs.get(symbol);
    if (pair === undefined) throw new Error(`no pair ${symbol}`);
    for (const [channel, data] of Object.entries(snapshots(pair))) {
      const timestamp = channel === 'ohlc' ? { timestamp: nanoseconds(Date.now()) } : {};
      this.exchange.broadcast(write({ channel, type: 'snapshot', ...timestamp, data }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.exchange.stop();
    this.#rest.closeAllConnections();
    await new Promise(resolve => this.#rest.close(resolve));
  }

  async #subscribed(channel: string, symbol: string, interval: number): Promise<void> {
    await eventually(
      async () =>
        [...this.exchange.sessions].some(session => session.isSubscribed(channel, symbol, interval)),
      is => is,
    );
  }
}

function listed({ symbol, pricePrecision, qtyPrecision, status = 'online' }: OddPair): object {
  const [base, quote] = symbol.split('/');
  const step = (places: number): Raw => new Raw(places === 0 ? '1' : `0.${'1'.padStart(places, '0')}`);
  return {
    symbol,
    base,
    quote,
    status,
    qty_precision: qtyPrecision,
    qty_increment: step(qtyPrecision),
    price_precision: pricePrecision,
    cost_precision: 5,
    marginable: false,
    has_index: false,
    cost_min: new Raw('0.50'),
    tick_size: step(pricePrecision),
    price_increment: step(pricePrecision),
    qty_min: step(qtyPrecision),
  };
}

/** Channel → data of its snapshot. */
function snapshots(pair: OddPair): Record<string, unknown> {
  const { symbol, asks, bids, trades, pricePrecision } = pair;
  const zero = new Raw(pricePrecision === 0 ? '0' : `0.${'0'.repeat(pricePrecision)}`);
  const raw = (text: string | undefined): Raw => (text === undefined ? zero : new Raw(text));
  const levels = (side: readonly Level[]): object[] =>
    side.map(([price, qty]) => ({ price: raw(price), qty: raw(qty) }));
  const checked = (side: readonly Level[]): { digits: string }[] =>
    side.map(([price, qty]) => ({ digits: checksumDigits(price, qty) }));
  const [price, qty] = trades.at(-1) ?? [];
  const candles = pair.candles ?? (price === undefined ? [] : [[0, price] as const]);
  const nowMs = Date.now();
  return {
    ticker: [
      {
        symbol,
        bid: raw(bids[0]?.[0]),
        bid_qty: raw(bids[0]?.[1]),
        ask: raw(asks[0]?.[0]),
        ask_qty: raw(asks[0]?.[1]),
        last: raw(price),
        volume: raw(qty),
        vwap: raw(price),
        low: raw(price),
        high: raw(price),
        change: zero,
        change_pct: new Raw('0.00'),
      },
    ],
    book: [
      {
        symbol,
        bids: levels(bids),
        asks: levels(asks),
        checksum: bookChecksum(checked(asks), checked(bids)),
        timestamp: microseconds(nowMs),
      },
    ],
    trade: trades.map(([price, qty], index) => ({
      symbol,
      side: index % 2 ? 'buy' : 'sell',
      price: raw(price),
      qty: raw(qty),
      ord_type: 'limit',
      trade_id: 1_000 + index,
      timestamp: microseconds(nowMs - 1_000 * (trades.length - index)),
    })),
    ohlc: candles.map(([minutesAgo, close]) => {
      const beginMs = (Math.floor(nowMs / 60_000) - minutesAgo) * 60_000;
      return {
        symbol,
        open: raw(close),
        high: raw(close),
        low: raw(close),
        close: raw(close),
        trades: 1,
        volume: raw(qty),
        vwap: raw(close),
        interval_begin: nanoseconds(beginMs),
        interval: MINUTE,
        timestamp: microseconds(beginMs + 60_000),
      };
    }),
  };
}
