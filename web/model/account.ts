import { Api, type Stop } from '../api/api.ts';
import { type ApiError, NOT_REACHED } from '../api/error.ts';
import {
  AccountBalancesDocument,
  type AccountBalancesSubscription,
  AccountStatusDocument,
  type AccountStatusSubscription,
  AccountValueDocument,
  type AccountValueQuery,
} from '../generated/operations.ts';
import { LiveModel } from './freshness.ts';
import { type Trust, trustOf } from './trust.ts';

export type Balance = AccountBalancesSubscription['balances'];
export type Portfolio = AccountValueQuery['portfolio'];

/** How often what the account is worth is asked for. */
const VALUE_EVERY_MS = 5_000;

/** The account, from when a token was given until it is taken away. The token is kept in memory alone. */
export class Account extends LiveModel {
  readonly balances = new Map<string, Balance>();
  /** What it is worth; undefined while that is not known. */
  portfolio: Portfolio | undefined;
  /** How they are kept up to date; undefined while the server does not say. */
  status: AccountStatusSubscription['status'] | undefined;
  currency = 'USD';
  /** Why there is no value. */
  valueError: ApiError | undefined;
  readonly #path: string;
  #api: Api | undefined;
  #stop: Stop = () => {};
  /** What there is no more of is not told: the next balance is the first of all that there are. */
  #isInterrupted = false;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  /** Whether a token was given, right or wrong. */
  get unlocked(): boolean {
    return this.#api !== undefined;
  }

  /** The connection on which balances come, while there is one. */
  get link(): Api['link'] | undefined {
    return this.#api?.link;
  }

  /** Whether the account is known to hold nothing at all: no balance is ever told of it. */
  get isEmpty(): boolean {
    return this.balances.size === 0 && this.portfolio?.positions.length === 0;
  }

  /**
   * How far the balances can be trusted; undefined while they are locked.
   *
   * @param isConnected whether the server hears of the account
   */
  trust(isConnected: boolean): Trust | undefined {
    if (this.link === undefined) return undefined;
    const channel = isConnected ? undefined : ({ state: 'DISCONNECTED', quietSinceMs: undefined } as const);
    const { standing, error, isEmpty } = this;
    return trustOf(standing, { connection: this.link.state, channel, error, empty: isEmpty });
  }

  unlock(token: string): void {
    this.lock();
    const api = new Api(this.#path, token);
    this.#api = api;
    const stopBalances = api.subscribe(
      AccountBalancesDocument,
      {},
      {
        next: ({ balances }) => this.#take(balances),
        interrupted: () => {
          this.#isInterrupted = true;
          this.interrupted();
        },
        failed: error => {
          if (error.code === 'UNAUTHENTICATED') this.lock();
          this.error = error;
          this.interrupted();
          this.changed();
        },
      },
    );
    const stopStatus = api.subscribe(
      AccountStatusDocument,
      {},
      {
        next: ({ status }) => this.#setStatus(status),
        interrupted: () => this.#setStatus(undefined),
        // The balances say what is wrong.
        failed: () => {},
      },
    );
    // What it is worth is no one's before the token has been found right. An account without balances says so here alone.
    const timer = setInterval(() => {
      if (api.link.state === 'connected') this.#value();
    }, VALUE_EVERY_MS);
    const stopListening = api.onConnected(() => this.#value());
    this.#stop = () => {
      clearInterval(timer);
      stopListening();
      stopBalances();
      stopStatus();
      api.close();
    };
    this.changed();
  }

  /** Forgets the token, and everything that it showed. */
  lock(): void {
    this.#stop();
    this.#stop = () => {};
    this.#api = undefined;
    this.#isInterrupted = false;
    this.balances.clear();
    this.standing = undefined;
    this.portfolio = undefined;
    this.status = undefined;
    this.error = undefined;
    this.valueError = undefined;
    this.changed();
  }

  valueIn(currency: string): void {
    this.currency = currency;
    this.portfolio = undefined;
    this.valueError = undefined;
    this.changed();
    this.#value();
  }

  #setStatus(status: Account['status']): void {
    this.status = status;
    this.changed();
  }

  #take(balance: Balance): void {
    if (this.#isInterrupted) this.balances.clear();
    this.#isInterrupted = false;
    if (this.balances.size === 0) this.#value();
    this.balances.set(balance.asset, balance);
    this.heard(balance.freshness);
  }

  #value(): void {
    const [api, currency] = [this.#api, this.currency];
    if (api === undefined) return;
    const answered = (portfolio: Portfolio | undefined, error: ApiError | undefined): void => {
      if (this.#api !== api || this.currency !== currency) return;
      // What was known stays, in grey, while the server is not reached.
      if (error === undefined || error.code !== NOT_REACHED) this.portfolio = portfolio;
      this.valueError = error;
      this.changed();
    };
    api.query(AccountValueDocument, { currency }).then(
      ({ portfolio }) => answered(portfolio, undefined),
      (error: ApiError) => answered(undefined, error),
    );
  }
}
