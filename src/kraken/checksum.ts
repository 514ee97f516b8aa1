import { crc32 } from 'node:zlib';

/** A price level as far as the checksum looks at it. */
export interface ChecksumLevel {
  /** {@link checksumDigits} of the level. */
  readonly digits: string;
}

/** The checksum covers this many levels a side. */
export const CHECKSUM_LEVELS = 10;

const ZERO = 48;

/**
 * What one level adds to the checksum's input: price and quantity as sent, each without its point and without
 * leading zeros. `0.031348` at `0.03740000` gives `313483740000`.
 */
export function checksumDigits(price: string, qty: string): string {
  return strip(price) + strip(qty);
}

/**
 * Kraken's CRC32 of a book: the ten best asks, lowest first, then the ten best bids, highest first; fewer where
 * there are fewer.
 *
 * @see https://docs.kraken.com/api/docs/guides/spot-ws-book-v2
 */
export function bookChecksum(asks: readonly ChecksumLevel[], bids: readonly ChecksumLevel[]): number {
  let text = '';
  for (let index = 0; index < CHECKSUM_LEVELS && index < asks.length; index += 1) text += asks[index]?.digits;
  for (let index = 0; index < CHECKSUM_LEVELS && index < bids.length; index += 1) text += bids[index]?.digits;
  return crc32(text);
}

function strip(number: string): string {
  const point = number.indexOf('.');
  const digits = point < 0 ? number : number.slice(0, point) + number.slice(point + 1);
  let start = 0;
  while (start < digits.length && digits.charCodeAt(start) === ZERO) start += 1;
  return digits.slice(start);
}
