/** Frames of the exchange as faults, old versions and bad intentions make them. */
import { frames } from './fixtures.ts';
import { mutate } from './fuzz.ts';

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** The pair that suffers; see {@link HEALTHY}. */
export const HOSTILE = 'BTC/USD';
/** No frame here is about it. */
export const HEALTHY = 'ETH/USD';

const RECORDED = [
  'book',
  'trade',
  'ticker',
  'ohlc',
  'instrument',
  'status-heartbeat',
  'acks-and-errors',
  'balances',
  'executions',
];
const SYMBOLS = [
  ...Array.from({ length: 20 }, () => HOSTILE),
  'SOL/USD',
  'NO/SUCH',
  '__proto__',
  'constructor/toString',
  'BTC',
  '',
];
/** Between at signs: written without quotes. */
const VALUES: readonly Json[] = [
  null,
  true,
  '',
  'NaN',
  'never',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'x'.repeat(300),
  '@1e400@',
  '@-0@',
  '@1e-7@',
  '@-1@',
  '@99999999999999999999@',
  '@4294967296@',
  '@9007199254740991@',
  '@0.1@',
  '2026-02-30T00:00:00.000000Z',
  '2099-01-01T00:00:00.000000Z',
  '2010-01-01T00:00:00.000000Z',
  '1970-01-01T00:00:00Z',
  [],
  {},
  [[[[]]]],
  { toString: null, length: -1 },
];
/** What times become. */
const TIMES = VALUES.filter(value => typeof value === 'string' && !value.startsWith('@'));
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'data', 'symbol'];

/** Ever other frames: recorded ones and present ones, of which something is wrong, or nothing. */
export class HostileFrames {
  readonly #random: () => number;
  // Whole lists of instruments are large, and say the same as their beginnings.
  readonly #recorded = RECORDED.flatMap(name => frames(`${name}.jsonl`)).filter(
    text => text.length < 4_000 && !text.includes(HEALTHY),
  );
  #tradeId = 1_000_000;
  #sequence = 1;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): string {
    const dice = this.#random();
    if (dice < 0.25) return mutate(this.#pick(this.#recorded), this.#random).replaceAll(HEALTHY, HOSTILE);
    const base = dice < 0.5 ? (JSON.parse(this.#pick(this.#recorded)) as Json) : this.#present();
    for (let times = Math.floor(this.#random() * 3); times > 0; times -= 1) this.#spoil(base);
    const text = JSON.stringify(base).replace(/"@([^@"]*)@"/g, '$1');
    const member = /"(symbol|data|timestamp|bids|price|asset|type|channel)":/;
    return this.#random() < 0.05 ? text.replace(member, `"${this.#pick(NAMES)}":`) : text;
  }

  /** A frame as it could come now. */
  #present(): Json {
    const timestamp = new Date().toISOString().replace('Z', '000Z');
    const symbol = this.#pick(SYMBOLS);
    const type = this.#random() < 0.8 ? 'update' : 'snapshot';
    const amount = `@${(this.#random() * 1_000).toFixed(4)}@`;
    const all = (...names: readonly string[]): { [member: string]: Json } =>
      Object.fromEntries(names.map(name => [name, amount]));
    switch (Math.floor(this.#random() * 7)) {
      case 0: {
        const side = ['bid', 'bid_qty', 'ask', 'ask_qty', 'last', 'volume', 'vwap', 'low', 'high'];
        const row = { symbol, ...all(...side, 'change', 'change_pct'), trades: 7, timestamp };
        return { channel: 'ticker', type, data: [row] };
      }
      case 1: {
        const levels = [all('price', 'qty')];
        return {
          channel: 'book',
          type,
          data: [{ symbol, bids: levels, asks: levels, checksum: 7, timestamp }],
        };
      }
      case 2: {
        const rows = Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => {
          this.#tradeId += this.#random() < 0.9 ? 1 : Math.floor((this.#random() - 0.5) * 100_000);
          const trade_id = Math.max(1, this.#tradeId);
          return { symbol, side: 'buy', ...all('price', 'qty'), ord_type: 'limit', trade_id, timestamp };
        });
        return { channel: 'trade', type, data: rows };
      }
      case 3: {
        const interval_begin = `${timestamp.slice(0, 16)}:00.000000000Z`;
        const prices = all('open', 'high', 'low', 'close', 'volume', 'vwap');
        const row = {
          symbol,
          ...prices,
          trades: Math.floor(this.#random() * 1e6),
          interval_begin,
          interval: 1,
        };
        return { channel: 'ohlc', type, timestamp, data: [row] };
      }
      case 4: {
        this.#sequence += 1;
        const row = { asset: 'BTC', asset_class: 'currency', ...all('amount', 'fee', 'balance'), timestamp };
        const wallet = { ledger_id: String(this.#random()), wallet_type: 'spot', wallet_id: 'main' };
        const wallets = [{ type: 'spot', id: 'main', ...all('balance') }];
        const data = [{ ...row, ...wallet, type: 'trade', wallets }];
        return { channel: 'balances', type, data, sequence: this.#sequence };
      }
      case 5:
        return { channel: 'executions', type, data: [{ order_id: 'O' }], sequence: this.#sequence };
      default: {
        const increments = all('qty_increment', 'qty_min', 'price_increment', 'cost_min');
        const digits = { qty_precision: 8, price_precision: 1 };
        const pair = { symbol, base: 'BTC', quote: 'USD', status: 'online', ...digits, ...increments };
        const assets = [{ id: 'BTC', status: 'enabled', precision: 10 }];
        return { channel: 'instrument', type: 'update', data: { assets, pairs: [pair] } };
      }
    }
  }

  /** Changes something, anywhere. */
  #spoil(value: Json): void {
    if (typeof value !== 'object' || value === null) return;
    // What is wrong with an envelope is found soon; most of what can be wrong is in the rows.
    const key = 'data' in value && this.#random() < 0.9 ? 'data' : this.#pick(Object.keys(value));
    if (key === undefined) return;
    const target = value as { [member: string]: Json };
    const inside = target[key];
    if (typeof inside === 'object' && inside !== null && this.#random() < 0.9) {
      this.#spoil(inside);
      return;
    }
    switch (Math.floor(this.#random() * 6)) {
      case 0:
        if (Array.isArray(value)) value.splice(Number(key), 1);
        else delete target[key];
        return;
      case 1:
        if (Array.isArray(value)) value.push(structuredClone(inside ?? null));
        else target[key] = [structuredClone(inside ?? null)];
        return;
      case 2:
        target[key] = key === 'symbol' ? this.#pick(SYMBOLS) : { [this.#pick(NAMES)]: inside ?? null };
        return;
      default:
        target[key] = structuredClone(this.#pick(/begin|time/.test(key) ? TIMES : VALUES));
    }
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)] as Value;
  }
}
