import { crc32 } from 'node:zlib';

interface Level {
  readonly price: string;
  readonly qty: string;
}

/** A result of `bookUpdates` with every member. */
export type BookEventResult =
  | {
      readonly __typename: 'BookSnapshot';
      readonly reason: string;
      readonly book: {
        readonly symbol: string;
        readonly bids: readonly Level[];
        readonly asks: readonly Level[];
        readonly checksum: number;
        readonly sequence: number;
      };
    }
  | {
      readonly __typename: 'BookDelta';
      readonly symbol: string;
      readonly bids: readonly Level[];
      readonly asks: readonly Level[];
      readonly checksum: number;
      readonly sequence: number;
      readonly previousSequence: number;
    }
  | { readonly __typename: 'BookInterruption'; readonly symbol: string; readonly state: string };

export const BOOK_UPDATES = `subscription ($symbols: [Symbol!]!, $depth: Int!) {
  bookUpdates(symbols: $symbols, depth: $depth) {
    __typename
    ... on BookSnapshot { reason book { symbol bids { price qty } asks { price qty } checksum sequence } }
    ... on BookDelta { symbol bids { price qty } asks { price qty } checksum sequence previousSequence timestamp }
    ... on BookInterruption { symbol state at }
  }
}`;

/** A book as a front-end keeps it, from the events alone. */
export class Mirror {
  readonly depth: number;
  #bids = new Map<string, string>();
  #asks = new Map<string, string>();
  sequence = -1;
  checksum = 0;
  stale = true;
  /** What should never be. */
  readonly problems: string[] = [];
  readonly reasons: string[] = [];
  readonly interruptions: string[] = [];
  deltas = 0;

  constructor(depth: number) {
    this.depth = depth;
  }

  apply(event: BookEventResult): void {
    if (event.__typename === 'BookInterruption') {
      this.stale = true;
      this.interruptions.push(event.state);
      return;
    }
    if (event.__typename === 'BookSnapshot') {
      const { bids, asks, sequence, checksum } = event.book;
      this.#bids = new Map(bids.map(({ price, qty }) => [price, qty]));
      this.#asks = new Map(asks.map(({ price, qty }) => [price, qty]));
      this.reasons.push(event.reason);
      this.stale = false;
      this.#settle(sequence, checksum);
      return;
    }
    if (this.stale) this.problems.push(`a delta to ${event.sequence} while interrupted`);
    if (event.previousSequence !== this.sequence) {
      this.problems.push(`a delta from ${event.previousSequence} to a book at ${this.sequence}`);
    }
    this.deltas += 1;
    for (const [side, changes] of [[this.#bids, event.bids] as const, [this.#asks, event.asks] as const]) {
      for (const { price, qty } of changes) {
        if (Number(qty) === 0) side.delete(price);
        else side.set(price, qty);
      }
    }
    this.#settle(event.sequence, event.checksum);
  }

  get bids(): readonly Level[] {
    return this.#sorted(this.#bids, -1);
  }

  get asks(): readonly Level[] {
    return this.#sorted(this.#asks, 1);
  }

  #sorted(side: ReadonlyMap<string, string>, direction: 1 | -1): readonly Level[] {
    return [...side]
      .map(([price, qty]) => ({ price, qty }))
      .sort((a, b) => (Number(a.price) - Number(b.price)) * direction);
  }

  #settle(sequence: number, checksum: number): void {
    this.sequence = sequence;
    this.checksum = checksum;
    const [bids, asks] = [this.bids.slice(0, this.depth), this.asks.slice(0, this.depth)];
    this.#bids = new Map(bids.map(({ price, qty }) => [price, qty]));
    this.#asks = new Map(asks.map(({ price, qty }) => [price, qty]));
    if (this.depth >= 10 && checksumOf(asks, bids) !== checksum)
      this.problems.push(`checksum at ${sequence}`);
  }
}

function checksumOf(asks: readonly Level[], bids: readonly Level[]): number {
  const strip = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const digits = (side: readonly Level[]): string =>
    side
      .slice(0, 10)
      .map(({ price, qty }) => strip(price) + strip(qty))
      .join('');
  return crc32(digits(asks) + digits(bids));
}
