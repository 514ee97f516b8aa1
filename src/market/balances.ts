import type { BalancesMessage, LedgerRow, WalletRow } from '../kraken/messages.ts';
import type { Hold } from '../kraken/rest-rows.ts';
import type { Asset } from '../kraken/symbols.ts';
import { type DecimalText, negated, sum } from '../lib/decimal-text.ts';
import { BalanceUpdate } from './balance-update.ts';

interface Holding {
  readonly assetClass: string | undefined;
  readonly balance: DecimalText;
  readonly wallets: readonly WalletRow[];
  readonly timestamp: string | undefined;
  readonly receivedAt: number;
}

/** What one message did. */
export interface BalancesOutcome {
  readonly changed: readonly Asset[];
  /** Why a new snapshot is needed; undefined if none is. */
  readonly broken?: string;
}

type Holds = ReadonlyMap<Asset, Hold | undefined>;

/** Ledger entries that are remembered, so that one that comes again is not applied again. */
const REMEMBERED_LEDGER_IDS = 10_000;
const NOTHING = '0' as DecimalText;
const NO_HOLD: Hold = { held: NOTHING, credit: undefined };

/**
 * The account: a snapshot, and ledger entries that each set the balance of one wallet. Messages are numbered; one
 * that does not follow the last is not applied, and nothing is until a new snapshot comes.
 */
export class Balances {
  readonly #holdings = new Map<Asset, Holding>();
  /** Held by open orders, by asset (undefined where REST made no sense); undefined until REST has told. */
  #holds: Holds | undefined;
  readonly #ledgerIds = new Set<string>();
  #sequence: number | undefined;
  #sequenceGaps = 0;
  #whole = false;

  /** Of the last message applied; undefined while a snapshot is awaited. */
  get sequence(): number | undefined {
    return this.#sequence;
  }

  /** Whether the last snapshot was understood in all its rows, and everything since followed. */
  get whole(): boolean {
    return this.#whole && this.#sequence !== undefined;
  }

  /** Times that a message did not follow the one before it. */
  get sequenceGaps(): number {
    return this.#sequenceGaps;
  }

  /** Assets with any balance ever told, in alphabetical order. */
  assets(): readonly Asset[] {
    return [...this.#holdings.keys()].sort();
  }

  balance(asset: Asset): BalanceUpdate | undefined {
    const holding = this.#holdings.get(asset);
    if (holding === undefined) return undefined;
    const hold = this.#holds && holdOf(this.#holds, asset);
    return new BalanceUpdate({ asset, holdTrade: hold?.held, credit: hold?.credit, ...holding });
  }

  apply(message: BalancesMessage, receivedAt: number): BalancesOutcome {
    if (message.type === 'snapshot') return this.#applySnapshot(message, receivedAt);
    const expected = this.#sequence === undefined ? undefined : this.#sequence + 1;
    if (message.sequence !== expected) {
      this.#sequence = undefined;
      // What comes between a break and its snapshot is part of the same break.
      if (expected === undefined) return { changed: [] };
      this.#sequenceGaps += 1;
      return { changed: [], broken: `sequence ${message.sequence} came in place of ${expected}` };
    }
    if (message.skipped.length > 0) {
      // Which wallet would be wrong from now on is not known for certain.
      this.#sequence = undefined;
      this.#sequenceGaps += 1;
      return { changed: [], broken: `an entry of message ${message.sequence} was not understood` };
    }
    this.#sequence = message.sequence;
    const changed = new Set<Asset>();
    for (const row of message.data) {
      if (this.#ledgerIds.has(row.ledger_id)) continue;
      this.#remember(row.ledger_id);
      this.#enter(row, receivedAt);
      changed.add(row.asset);
    }
    return { changed: [...changed] };
  }

  /** What is held by open orders, for every asset. */
  setHolds(holds: Holds): readonly Asset[] {
    const before = this.#holds;
    this.#holds = holds;
    return this.assets().filter(
      asset => before === undefined || !isSameHold(holdOf(before, asset), holdOf(holds, asset)),
    );
  }

  /** What orders hold is not known any more. */
  forgetHolds(): void {
    this.#holds = undefined;
  }

  /** Another connection: its messages are numbered anew, and begin with a snapshot; orders may have come and gone. */
  expectSnapshot(): void {
    this.#sequence = undefined;
    this.#holds = undefined;
  }

  #applySnapshot(
    { data, skipped, sequence }: BalancesMessage & { readonly type: 'snapshot' },
    receivedAt: number,
  ): BalancesOutcome {
    this.#sequence = sequence;
    this.#whole = skipped.length === 0;
    const told = new Set(data.map(row => row.asset));
    const changed = new Set(told);
    for (const [asset, holding] of this.#holdings) {
      // A row that was not understood may be of any asset that no other row is of.
      if (told.has(asset) || !this.#whole) continue;
      // The snapshot lists every asset with a balance: the rest has none any more.
      this.#holdings.set(asset, { ...holding, balance: NOTHING, wallets: [], receivedAt });
      changed.add(asset);
    }
    for (const { asset, asset_class, balance, wallets } of data) {
      const timestamp = this.#holdings.get(asset)?.timestamp;
      this.#holdings.set(asset, { assetClass: asset_class, balance, wallets, timestamp, receivedAt });
    }
    if (this.#whole) return { changed: [...changed] };
    return { changed: [...changed], broken: 'a row of the snapshot was not understood' };
  }

  #enter(row: LedgerRow, receivedAt: number): void {
    const known = this.#holdings.get(row.asset);
    const wallet = { type: row.wallet_type, id: row.wallet_id, balance: row.balance };
    const before = known?.wallets.find(isSame(wallet));
    const others = known?.wallets.filter(one => !isSame(wallet)(one)) ?? [];
    const wallets =
      before === undefined ? [...others, wallet] : known?.wallets.map(one => (one === before ? wallet : one));
    this.#holdings.set(row.asset, {
      assetClass: row.asset_class ?? known?.assetClass,
      balance: this.#totalAfter(row, known, before),
      // A wallet among others that are not known would pass for the whole.
      wallets: known !== undefined && onlyTotalKnown(known) ? [] : (wallets ?? [wallet]),
      timestamp: row.timestamp ?? known?.timestamp,
      receivedAt,
    });
  }

  #totalAfter(row: LedgerRow, known: Holding | undefined, before: WalletRow | undefined): DecimalText {
    if (known !== undefined && onlyTotalKnown(known)) {
      return sum([known.balance, row.amount, negated(row.fee)]);
    }
    const others = known?.wallets.filter(one => one !== before).map(one => one.balance) ?? [];
    return sum([row.balance, ...others]);
  }

  #remember(ledgerId: string): void {
    this.#ledgerIds.add(ledgerId);
    if (this.#ledgerIds.size <= REMEMBERED_LEDGER_IDS) return;
    const [oldest] = this.#ledgerIds;
    if (oldest !== undefined) this.#ledgerIds.delete(oldest);
  }
}

/** REST lists every asset with a hold: one that it leaves out has none. */
function holdOf(holds: Holds, asset: Asset): Hold | undefined {
  return holds.has(asset) ? holds.get(asset) : NO_HOLD;
}

function isSameHold(one: Hold | undefined, other: Hold | undefined): boolean {
  return one?.held === other?.held && one?.credit === other?.credit;
}

/** Older snapshots name no wallets. */
function onlyTotalKnown(known: Holding): boolean {
  return known.wallets.length === 0 && Number(known.balance) !== 0;
}

function isSame(wallet: WalletRow): (other: WalletRow) => boolean {
  return other => other.type === wallet.type && other.id === wallet.id;
}
