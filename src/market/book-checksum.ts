import { CHECKSUM_LEVELS } from '../kraken/checksum.ts';
import type { BookLevel } from './book-side.ts';

const DOT = 46;
const ZERO = 48;

/** Of CRC32, for each byte. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * The checksum of one book as it changes: what `kraken/checksum.ts` defines, without its strings. A CRC is computed from
 * left to right, so what it was after each level is kept, and a message costs no more than the levels from the first one
 * on that it changed.
 */
export class BookChecksum {
  /** After so many levels, asks first. */
  readonly #after = new Int32Array(2 * CHECKSUM_LEVELS + 1).fill(-1);

  /**
   * @param asks best first
   * @param firstAsk the first that is not what it was at the last call; bids alike
   */
  of(asks: readonly BookLevel[], bids: readonly BookLevel[], firstAsk: number, firstBid: number): number {
    const askCount = Math.min(CHECKSUM_LEVELS, asks.length);
    const bidCount = Math.min(CHECKSUM_LEVELS, bids.length);
    for (let index = firstAsk; index < askCount; index += 1) this.#add(index, asks[index] as BookLevel);
    // Behind other asks every bid counts anew.
    const from = firstAsk < CHECKSUM_LEVELS ? 0 : firstBid;
    for (let index = from; index < bidCount; index += 1)
      this.#add(askCount + index, bids[index] as BookLevel);
    return ~(this.#after[askCount + bidCount] as number) >>> 0;
  }

  #add(place: number, { price, qty }: BookLevel): void {
    this.#after[place + 1] = addDigits(addDigits(this.#after[place] as number, price), qty);
  }
}

/** The digits without the point, and without the zeros that they begin with. */
function addDigits(state: number, number: string): number {
  let crc = state;
  let index = 0;
  let code = number.charCodeAt(0);
  while (code === ZERO || code === DOT) code = number.charCodeAt(++index);
  for (; index < number.length; code = number.charCodeAt(++index)) {
    if (code !== DOT) crc = (TABLE[(crc ^ code) & 255] as number) ^ (crc >>> 8);
  }
  return crc;
}
