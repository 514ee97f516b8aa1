import { createHash, createHmac } from 'node:crypto';
import { restNameOf } from './names.ts';
import { assetPrecision } from './pairs.ts';
import { microseconds, Raw } from './wire.ts';

/** The key of the simulated account; worth nothing anywhere else. */
export const SIMULATED_KEY = 'simulated-key';
export const SIMULATED_SECRET = 'c2ltdWxhdGVkLXNlY3JldC1vZi10aGUta3Jha2VuLXNpbXVsYXRvcg==';

/** What a key may be allowed to do. */
export type Permission = 'websockets' | 'funds' | 'orders';

interface Order {
  readonly id: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly qty: string;
  readonly price: string;
  readonly heldAsset: string;
  readonly held: bigint;
}

/** A message for the private channels. */
export interface AccountMessage {
  readonly channel: 'balances' | 'executions';
  readonly rows: readonly object[];
}

const TOKEN_LIFE_MS = 900_000;
/** What a wallet is called: type and id. */
const SPOT = 'spot main';

/** The account of the simulated exchange: wallets, open orders, key, nonce and tokens. */
export class SimulatedAccount {
  readonly #now: () => number;
  readonly permissions = new Set<Permission>(['websockets', 'funds', 'orders']);
  /** Units of the asset's last digit, by asset and wallet. */
  readonly #wallets = new Map<string, Map<string, bigint>>([
    ['USD', new Map([[SPOT, 254_352_100n]])],
    ['EUR', new Map([[SPOT, 10_000_000n]])],
    ['BTC', new Map([[SPOT, 12_435_000_000n]])],
    [
      'ETH',
      new Map([
        [SPOT, 300_000_000_000n],
        ['earn flex', 200_000_000_000n],
      ]),
    ],
    ['USDT.M', new Map([['earn flex', 5_000_000n]])],
  ]);
  readonly #orders = new Map<string, Order>();
  readonly #tokens = new Map<string, number>();
  #lastNonce = 0n;
  #nextId = 1;
  /** Requests that were signed well, by method. */
  readonly calls: string[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  // ── What happens to it ───────────────────────────────────────────────────────────────────────────────

  /** Puts an amount into a wallet, or takes it out: one ledger entry. */
  move(asset: string, amount: string, type: string, wallet = SPOT): AccountMessage {
    const wallets = this.#wallets.get(asset) ?? new Map<string, bigint>();
    this.#wallets.set(asset, wallets);
    const balance = (wallets.get(wallet) ?? 0n) + unitsOf(asset, amount);
    wallets.set(wallet, balance);
    const [wallet_type, wallet_id] = wallet.split(' ');
    const row = {
      ledger_id: this.#id('L'),
      ref_id: this.#id('R'),
      timestamp: microseconds(this.#now()),
      type,
      asset,
      asset_class: 'currency',
      category: type,
      wallet_type,
      wallet_id,
      amount: raw(asset, unitsOf(asset, amount)),
      fee: raw(asset, 0n),
      balance: raw(asset, balance),
    };
    return { channel: 'balances', rows: [row] };
  }

  /** Opens a limit order, which holds what it may cost. */
  placeOrder(
    symbol: string,
    side: 'buy' | 'sell',
    qty: string,
    price: string,
  ): { id: string; messages: readonly AccountMessage[] } {
    const [base = '', quote = ''] = symbol.split('/');
    const heldAsset = side === 'sell' ? base : quote;
    const held = side === 'sell' ? unitsOf(base, qty) : unitsOf(quote, String(Number(qty) * Number(price)));
    const order = { id: this.#id('O'), symbol, side, qty, price, heldAsset, held };
    this.#orders.set(order.id, order);
    const opened = {
      timestamp: microseconds(this.#now()),
      order_status: 'new',
      exec_type: 'new',
      order_userref: 0,
      order_id: order.id,
    };
    const rows = [this.#orderRow(order, 'pending_new'), opened];
    return { id: order.id, messages: rows.map(row => ({ channel: 'executions', rows: [row] })) };
  }

  /** Closes an order: nothing is held for it any more. */
  cancelOrder(id: string): AccountMessage {
    this.#orders.delete(id);
    const row = {
      timestamp: microseconds(this.#now()),
      order_status: 'canceled',
      exec_type: 'canceled',
      cum_qty: new Raw('0.00000000'),
      cum_cost: new Raw('0.00000'),
      fee_usd_equiv: new Raw('0.0000'),
      avg_price: new Raw('0.0'),
      cancel_reason: 'User requested',
      reason: 'User requested',
      order_id: id,
    };
    return { channel: 'executions', rows: [row] };
  }

  // ── What is told of it ───────────────────────────────────────────────────────────────────────────────

  snapshotRows(channel: string): readonly object[] {
    if (channel === 'executions')
      return [...this.#orders.values()].map(order => this.#orderRow(order, 'new'));
    return [...this.#wallets].map(([asset, wallets]) => ({
      asset,
      asset_class: 'currency',
      wallets: [...wallets].map(([name, units]) => {
        const [type, id] = name.split(' ');
        return { type, id, balance: raw(asset, units) };
      }),
      balance: raw(asset, total(wallets)),
    }));
  }

  /** Every balance in plain digits: the truth to compare with. */
  truth(): ReadonlyMap<string, { readonly balance: string; readonly hold: string }> {
    return new Map(
      [...this.#wallets].map(([asset, wallets]) => [
        asset,
        { balance: raw(asset, total(wallets)).token, hold: raw(asset, this.#heldOf(asset)).token },
      ]),
    );
  }

  // ── REST ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A private call: `result`, or Kraken's words for what is wrong with it. */
  call(
    path: string,
    headers: { readonly key: string | undefined; readonly sign: string | undefined },
    body: string,
  ): { readonly result: object } | { readonly error: string } {
    if (headers.key !== SIMULATED_KEY) return { error: 'EAPI:Invalid key' };
    const nonce = nonceOf(body);
    if (nonce === undefined) return { error: 'EAPI:Invalid nonce' };
    const digest = createHash('sha256').update(`${nonce}${body}`).digest();
    const hmac = createHmac('sha512', Buffer.from(SIMULATED_SECRET, 'base64'));
    const expected = hmac.update(Buffer.concat([Buffer.from(path), digest])).digest('base64');
    if (headers.sign !== expected) return { error: 'EAPI:Invalid signature' };
    if (BigInt(nonce) <= this.#lastNonce) return { error: 'EAPI:Invalid nonce' };
    this.#lastNonce = BigInt(nonce);
    const method = path.replace('/0/private/', '');
    this.calls.push(method);
    switch (method) {
      case 'GetWebSocketsToken':
        return this.#ifAllowed('websockets', () => ({
          token: this.#issueToken(),
          expires: TOKEN_LIFE_MS / 1_000,
        }));
      case 'BalanceEx':
        return this.#ifAllowed('funds', () => this.#balanceEx());
      case 'Balance':
        return this.#ifAllowed('funds', () =>
          Object.fromEntries([...this.truth()].map(([asset, { balance }]) => [restNameOf(asset), balance])),
        );
      default:
        return { error: 'EGeneral:Unknown method' };
    }
  }

  /** Whether a subscription may be made with this token; Kraken's words if not. */
  refusal(channel: string, token: string): string | undefined {
    if ((this.#tokens.get(token) ?? 0) <= this.#now()) return 'ESession:Invalid session';
    const needed = channel === 'balances' ? 'funds' : 'orders';
    return this.permissions.has(needed) ? undefined : 'EGeneral:Permission denied';
  }

  /** Every token that still opens a session. */
  tokens(): Iterable<string> {
    return this.#tokens.keys();
  }

  /** As after an upgrade of the venue: every token is worthless. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  #ifAllowed(permission: Permission, result: () => object): { result: object } | { error: string } {
    return this.permissions.has(permission) ? { result: result() } : { error: 'EGeneral:Permission denied' };
  }

  #issueToken(): string {
    const token = createHash('sha256').update(`token ${this.#nextId}`).digest('base64url');
    this.#nextId += 1;
    this.#tokens.set(token, this.#now() + TOKEN_LIFE_MS);
    return token;
  }

  #balanceEx(): object {
    return Object.fromEntries(
      [...this.truth()].map(([asset, { balance, hold }]) => [
        restNameOf(asset),
        { balance, hold_trade: hold },
      ]),
    );
  }

  #heldOf(asset: string): bigint {
    let held = 0n;
    for (const order of this.#orders.values()) if (order.heldAsset === asset) held += order.held;
    return held;
  }

  #orderRow({ id, symbol, side, qty, price }: Order, exec_type: string): object {
    return {
      order_id: id,
      symbol,
      order_qty: new Raw(qty),
      cum_cost: new Raw('0.00000'),
      time_in_force: 'GTC',
      exec_type,
      side,
      order_type: 'limit',
      limit_price_type: 'static',
      limit_price: new Raw(price),
      stop_price: new Raw('0.0'),
      order_status: exec_type,
      fee_usd_equiv: new Raw('0.0000'),
      fee_ccy_pref: 'fciq',
      timestamp: microseconds(this.#now()),
    };
  }

  #id(prefix: string): string {
    const id = `${prefix}SIM00-${String(this.#nextId).padStart(5, '0')}-XXXXXX`;
    this.#nextId += 1;
    return id;
  }
}

function nonceOf(body: string): string | undefined {
  const nonce = body.startsWith('{')
    ? (JSON.parse(body) as { nonce?: unknown }).nonce
    : new URLSearchParams(body).get('nonce');
  return /^\d+$/.test(String(nonce)) ? String(nonce) : undefined;
}

function total(wallets: ReadonlyMap<string, bigint>): bigint {
  return [...wallets.values()].reduce((sum, units) => sum + units, 0n);
}

function unitsOf(asset: string, amount: string): bigint {
  const [whole = '', fraction = ''] = amount.replace('-', '').split('.');
  const digits = precisionOf(asset);
  const units = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  return amount.startsWith('-') ? -units : units;
}

function raw(asset: string, units: bigint): Raw {
  const digits = precisionOf(asset);
  const text = String(units < 0n ? -units : units).padStart(digits + 1, '0');
  return new Raw(`${units < 0n ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`);
}

function precisionOf(asset: string): number {
  return assetPrecision(asset.split('.')[0] ?? asset);
}
