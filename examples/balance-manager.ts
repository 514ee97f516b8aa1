/**
 * A balance manager that other code asks before it spends: what is free of an asset, as the exchange told it last. A
 * circuit breaker opens after failures or when the balances no longer stream, and fresh data close it again.
 *
 *     KRAKEN_API_KEY=... KRAKEN_API_SECRET=... npx node examples/balance-manager.ts
 *
 * In a project of your own, import from 'kraken-graphql'.
 */
import { type BalanceUpdate, KrakenWebSocketV2 } from '../src/index.ts';

/** Failures in a row after which nothing is spent any more. */
const MAX_FAILURES = 3;

export class BalanceManager {
  readonly #kraken: KrakenWebSocketV2;
  #failures = 0;

  constructor(kraken: KrakenWebSocketV2) {
    this.#kraken = kraken;
    // Whatever went wrong before: data that are fresh are reason enough to go on.
    kraken.registerCallback('balance', () => {
      if (kraken.getBalanceStreamingStatus().healthy) this.#failures = 0;
    });
    kraken.registerCallback('error', ({ connection }) => {
      if (connection === 'private') this.reportFailure();
    });
  }

  /** Whether nothing may be spent: too many failures, or balances that are not live. */
  get isOpen(): boolean {
    return this.#failures >= MAX_FAILURES || !this.#kraken.getBalanceStreamingStatus().healthy;
  }

  /** Something that relied on a balance failed, an order say. */
  reportFailure(): void {
    this.#failures += 1;
  }

  /**
   * What of an asset can be spent now, in units of that asset.
   *
   * @throws {Error} while the circuit breaker is open, or before the exchange has told what orders hold
   */
  available(asset: string): NonNullable<BalanceUpdate['freeBalance']> {
    if (this.isOpen) throw new Error(`balances can not be relied on (${this.#failures} failures)`);
    const free = this.#kraken.getBalance(asset)?.freeBalance;
    if (free === undefined) throw new Error(`what is free of ${asset} is not known yet`);
    return free;
  }
}

if (import.meta.main) {
  const { KRAKEN_API_KEY, KRAKEN_API_SECRET } = process.env;
  const kraken = new KrakenWebSocketV2(KRAKEN_API_KEY, KRAKEN_API_SECRET);
  const manager = new BalanceManager(kraken);
  kraken.registerCallback('balance', ({ asset, balance, freeBalance }) => {
    console.log(
      asset,
      balance,
      'free:',
      freeBalance?.toFixed() ?? 'not known yet',
      manager.isOpen ? '(open)' : '',
    );
  });
  kraken.connect({ privateChannels: true });
}
