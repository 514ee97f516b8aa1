/** One thing that a client may read besides the market. */
export type Scope =
  | 'balances:read'
  /** Orders and fills of the account. */
  | 'orders:read'
  /** What the status tells of the account. */
  | 'status:read';

const SCOPES: readonly Scope[] = ['balances:read', 'orders:read', 'status:read'];

/** What a client may read besides the market. */
export class Grant {
  readonly #scopes: ReadonlySet<Scope>;
  /** Equal for equal grants, however they came about: part of the key by which subscriptions are shared. */
  readonly key: string;

  constructor(scopes: Iterable<Scope>) {
    this.#scopes = new Set(scopes);
    this.key = SCOPES.filter(scope => this.#scopes.has(scope)).join(' ');
  }

  has(scope: Scope): boolean {
    return this.#scopes.has(scope);
  }
}

/** The market alone. */
export const PUBLIC_GRANT = new Grant([]);
export const FULL_GRANT = new Grant(SCOPES);
