import { Api, type Stop } from '../api/api.ts';
import type { ApiError } from '../api/error.ts';
import {
  AccountBalancesDocument,
  type AccountBalancesSubscription,
  AccountValueDocument,
  type AccountValueQuery,
} from '../generated/operations.ts';
import { Model } from '../lib/model.ts';
import { type Standing, standingOf } from './freshness.ts';

export type Balance = AccountBalancesSubscription['balances'];
export type Portfolio = AccountValueQuery['portfolio'];

/** How often what the account is worth is asked for. */
const VALUE_EVERY_MS = 5_000;

/** The account, from when a token was given until it is taken away. The token is kept in memory alone. */
export class Account extends Model {
  readonly balances = new Map<string, Balance>();
  /** Of the balance that was heard of last. */
  standing: Standing | undefined;
  portfolio: Portfolio | undefined;
  currency = 'USD';
  /** Why there are no balances, and why there is no value. */
  error: ApiError | undefined;
  valueError: ApiError | undefined;
  readonly #path: string;
  #api: Api | undefined;
  #stop: Stop = () => {};

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

  unlock(token: string): void {
    this.lock();
    const api = new Api(this.#path, token);
    this.#api = api;
    const stopBalances = api.subscribe(AccountBalancesDocument, () => ({}), {
      next: ({ balances }) => {
        // What it is worth is nobody's before the token has been found right.
        if (this.balances.size === 0) this.#value();
        this.balances.set(balances.asset, balances);
        this.standing = standingOf(balances.freshness);
        this.error = undefined;
        this.changed();
      },
      failed: error => {
        if (error.code === 'UNAUTHENTICATED') this.lock();
        this.error = error;
        this.changed();
      },
    });
    const timer = setInterval(() => {
      if (this.balances.size > 0) this.#value();
    }, VALUE_EVERY_MS);
    this.#stop = () => {
      clearInterval(timer);
      stopBalances();
      api.close();
    };
    this.changed();
  }

  /** Forgets the token, and everything that it showed. */
  lock(): void {
    this.#stop();
    this.#stop = () => {};
    this.#api = undefined;
    this.balances.clear();
    this.standing = undefined;
    this.portfolio = undefined;
    this.error = undefined;
    this.valueError = undefined;
    this.changed();
  }

  valueIn(currency: string): void {
    this.currency = currency;
    this.portfolio = undefined;
    this.changed();
    this.#value();
  }

  #value(): void {
    const [api, currency] = [this.#api, this.currency];
    if (api === undefined) return;
    const isAsked = (): boolean => this.#api === api && this.currency === currency;
    api.query(AccountValueDocument, { currency }).then(
      ({ portfolio }) => {
        if (!isAsked()) return;
        this.portfolio = portfolio;
        this.valueError = undefined;
        this.changed();
      },
      (error: ApiError) => {
        if (!isAsked()) return;
        this.valueError = error;
        this.changed();
      },
    );
  }
}
