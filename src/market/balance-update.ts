import type { WalletRow } from '../kraken/messages.ts';
import type { Plain } from '../kraken/plain.ts';
import type { Asset } from '../kraken/symbols.ts';
import { Decimal, type DecimalText, negated, sum } from '../lib/decimal-text.ts';

/** What a {@link BalanceUpdate} is made of. */
export type BalanceState = Omit<BalanceUpdate, 'freeBalance' | 'freeBalanceText' | 'totalBalance' | 'toJSON'>;

/**
 * What the account has of one asset, in units of that asset, with the digits of the wire.
 *
 * @see https://docs.kraken.com/api/docs/websocket-v2/balances
 */
export class BalanceUpdate {
  readonly asset: Asset;
  /** `currency`, `tokenized_asset`; undefined where Kraken sent none. */
  readonly assetClass: string | undefined;
  /** Over all wallets. */
  readonly balance: DecimalText;
  /** Held by open spot orders, as REST tells; undefined until it has. */
  readonly holdTrade: DecimalText | undefined;
  /** Credit that may be used besides, as REST tells; undefined for an account without credit, or until REST has told. */
  readonly credit: DecimalText | undefined;
  /** Each wallet as last told; empty where Kraken tells only the total. */
  readonly wallets: readonly WalletRow[];
  /** Exchange time of the last ledger entry, RFC 3339; undefined before one came. */
  readonly timestamp: string | undefined;
  /** Wall-clock milliseconds at which it arrived here. */
  readonly receivedAt: number;

  constructor(plain: Plain<BalanceState>) {
    const state = plain as BalanceState;
    this.asset = state.asset;
    this.assetClass = state.assetClass;
    this.balance = state.balance;
    this.holdTrade = state.holdTrade;
    this.credit = state.credit;
    this.wallets = state.wallets;
    this.timestamp = state.timestamp;
    this.receivedAt = state.receivedAt;
  }

  /**
   * balance + credit - holdTrade; undefined while the hold is not known. Over all wallets: of an asset that earns too, look at
   * {@link wallets} for what can be traded at once.
   */
  get freeBalance(): Decimal | undefined {
    if (this.holdTrade === undefined) return undefined;
    return new Decimal(this.balance).plus(this.credit ?? 0).minus(this.holdTrade);
  }

  /** The same as text, with as many digits after the point as the longest of its parts. */
  get freeBalanceText(): DecimalText | undefined {
    if (this.holdTrade === undefined) return undefined;
    return sum([this.balance, negated(this.holdTrade), ...(this.credit === undefined ? [] : [this.credit])]);
  }

  get totalBalance(): Decimal {
    return new Decimal(this.balance);
  }

  toJSON(): object {
    const { asset, assetClass, balance, holdTrade, credit, freeBalanceText, wallets, timestamp } = this;
    return {
      asset,
      assetClass,
      balance,
      holdTrade,
      credit,
      freeBalance: freeBalanceText,
      totalBalance: balance,
      wallets,
      timestamp,
    };
  }
}
