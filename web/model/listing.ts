import type { ListedFragment } from '../generated/operations.ts';
import { Model } from '../lib/model.ts';

/** What is known of a pair as such. The ticker brings it, and the list of pairs is asked: what was heard last counts. */
export class Listing extends Model {
  /** undefined until it was heard. */
  listed: ListedFragment | undefined;
  #isGone = false;

  /** What the exchange says of a pair that is not traded as usual; undefined of any other. */
  get halt(): string | undefined {
    if (this.#isGone) return 'Delisted';
    const status = this.listed?.status;
    return status === undefined || status === 'online' ? undefined : inWords(status);
  }

  /** @param listed null of a pair that is on the list no more */
  take(listed: ListedFragment | null): void {
    const before = this.listed;
    const wasGone = this.#isGone;
    this.#isGone = listed === null && before !== undefined;
    this.listed = listed ?? before;
    if (wasGone !== this.#isGone || JSON.stringify(before) !== JSON.stringify(this.listed)) this.changed();
  }
}

/** `cancel_only` is `Cancel only`. */
function inWords(status: string): string {
  const text = status.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
