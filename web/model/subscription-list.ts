import type { Api } from '../api/api.ts';
import { type SubscribedFragment, SubscriptionsDocument } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';

const EVERY_MS = 3_000;

/** What is subscribed at Kraken, asked for while somebody looks at it. */
export class SubscriptionList extends Model {
  rows: readonly SubscribedFragment[] = [];
  readonly #api: Api;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  start(): void {
    this.#timer = setInterval(() => this.#ask(), EVERY_MS);
    this.#ask();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #ask(): void {
    this.#api.query(SubscriptionsDocument, {}).then(
      ({ status }) => {
        this.rows = status.subscriptions;
        this.changed();
      },
      // The page says elsewhere that the server is not reached.
      () => {},
    );
  }
}
