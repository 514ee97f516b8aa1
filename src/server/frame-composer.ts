/** Bytes that frames are composed in while sockets take them at once. */
const ROOM_BYTES = 16 * 1024;
/** More than this is not kept for the next time. */
const MOST_ROOM_BYTES = 256 * 1024;

const TEXT_FRAME = 0x81;

/**
 * Puts WebSocket frames together in memory that is used again and again: one text frame for each pair of a prefix and a
 * tail. When the next socket gets the same tails, which is the rule, nothing is copied but its prefixes.
 */
export class FrameComposer {
  #room = Buffer.alloc(0);
  /** What the room holds: frames of these tails, behind prefixes that end here. */
  #composed = Buffer.alloc(0);
  readonly #tails: Buffer[] = [];
  readonly #prefixLengths: number[] = [];
  readonly #prefixesAt: number[] = [];

  /** The frames, in order; they stand until the next call. `prefixes` and `tails` are of the same number. */
  compose(prefixes: readonly Buffer[], tails: readonly Buffer[]): Buffer {
    if (!this.#isLaidOut(prefixes, tails)) this.#layOut(prefixes, tails);
    for (let index = 0; index < prefixes.length; index += 1) {
      this.#room.set(prefixes[index] as Buffer, this.#prefixesAt[index] as number);
    }
    return this.#composed;
  }

  /** What was composed last is still being read: the next is composed elsewhere. */
  leave(): void {
    this.#room = Buffer.alloc(0);
    this.#tails.length = 0;
  }

  #isLaidOut(prefixes: readonly Buffer[], tails: readonly Buffer[]): boolean {
    if (tails.length !== this.#tails.length) return false;
    for (let index = 0; index < tails.length; index += 1) {
      if (tails[index] !== this.#tails[index]) return false;
      if ((prefixes[index] as Buffer).length !== this.#prefixLengths[index]) return false;
    }
    return true;
  }

  #layOut(prefixes: readonly Buffer[], tails: readonly Buffer[]): void {
    const count = tails.length;
    let bytes = 0;
    // A header has 2 to 10 bytes.
    for (let index = 0; index < count; index += 1) {
      bytes += (prefixes[index] as Buffer).length + (tails[index] as Buffer).length + 10;
    }
    if (bytes > this.#room.length || this.#room.length > MOST_ROOM_BYTES) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(bytes, ROOM_BYTES));
    }
    this.#tails.length = count;
    this.#prefixLengths.length = count;
    this.#prefixesAt.length = count;
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      const tail = tails[index] as Buffer;
      const prefixLength = (prefixes[index] as Buffer).length;
      at = writeHeader(this.#room, at, prefixLength + tail.length);
      this.#tails[index] = tail;
      this.#prefixLengths[index] = prefixLength;
      this.#prefixesAt[index] = at;
      this.#room.set(tail, at + prefixLength);
      at += prefixLength + tail.length;
    }
    this.#composed = this.#room.subarray(0, at);
  }
}

/** Of a whole text frame that is not masked, as servers send them. Returns where it ends. */
function writeHeader(buffer: Buffer, start: number, length: number): number {
  let at = start;
  buffer[at++] = TEXT_FRAME;
  if (length < 126) {
    buffer[at++] = length;
  } else if (length < 65_536) {
    buffer[at++] = 126;
    at = buffer.writeUInt16BE(length, at);
  } else {
    buffer[at++] = 127;
    at = buffer.writeUInt32BE(Math.floor(length / 2 ** 32), at);
    at = buffer.writeUInt32BE(length >>> 0, at);
  }
  return at;
}
