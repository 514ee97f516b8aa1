import type { Result } from '../hub/result.ts';

/** Results of one operation. */
export interface Batch {
  /** `{"id":"..."` */
  readonly prefix: Buffer;
  readonly results: readonly Result[];
}

/** Bytes that frames are composed in while sockets take them at once. */
const ROOM_BYTES = 16 * 1024;
/** More than this is not kept for the next time. */
const MOST_ROOM_BYTES = 256 * 1024;
/** A header has 2 to 10 bytes. */
const LONGEST_HEADER = 10;

const TEXT_FRAME = 0x81;

/** What stands between an operation's id and its result in a `next` message. */
const BEFORE_RESULT = Buffer.from(',"type":"next","payload":');
const CLOSE_BRACE = 125;
/** UTF-8 has no more for one of JavaScript's characters. */
const MOST_BYTES_A_CHARACTER = 3;
/** Of a message besides its operation's id and its result. */
const AROUND = LONGEST_HEADER + BEFORE_RESULT.length + 1;

/**
 * Puts `next` messages together as WebSocket frames, in memory that is used again and again. When the next socket gets
 * the same results, which is the rule, nothing is copied but its operation's id.
 */
export class FrameComposer {
  #room = Buffer.alloc(0);
  /** The frames that the room holds. */
  #composed = Buffer.alloc(0);
  /** What they are of: undefined when of several operations. */
  #results: readonly Result[] | undefined;
  #prefixLength = 0;
  /** Where the prefix of each frame begins. */
  #prefixesAt: number[] = [];

  /** A frame for each result, in order. They stand until the next call. */
  compose(prefix: Buffer, results: readonly Result[]): Buffer {
    if (results !== this.#results || prefix.length !== this.#prefixLength) {
      this.composeAll([{ prefix, results }]);
      this.#results = results;
      this.#prefixLength = prefix.length;
      return this.#composed;
    }
    for (let index = 0; index < this.#prefixesAt.length; index += 1) {
      this.#room.set(prefix, this.#prefixesAt[index]);
    }
    return this.#composed;
  }

  /** The same of several operations. */
  composeAll(batches: readonly Batch[]): Buffer {
    this.#results = undefined;
    this.#prefixesAt = [];
    this.#makeRoom(batches);
    let at = 0;
    for (const { prefix, results } of batches) {
      for (const result of results) at = this.#add(at, prefix, result);
    }
    this.#composed = this.#room.subarray(0, at);
    return this.#composed;
  }

  #add(start: number, prefix: Buffer, result: Result): number {
    const room = this.#room;
    const length = prefix.length + BEFORE_RESULT.length + Buffer.byteLength(result) + 1;
    let at = writeHeader(room, start, length);
    this.#prefixesAt.push(at);
    room.set(prefix, at);
    at += prefix.length;
    room.set(BEFORE_RESULT, at);
    at += BEFORE_RESULT.length;
    at += room.write(result, at);
    room[at] = CLOSE_BRACE;
    return at + 1;
  }

  #makeRoom(batches: readonly Batch[]): void {
    const isUsual = this.#room.length <= MOST_ROOM_BYTES;
    if (isUsual && bytesOf(batches, text => MOST_BYTES_A_CHARACTER * text.length) <= this.#room.length)
      return;
    const bytes = bytesOf(batches, Buffer.byteLength);
    const isTooLarge = !isUsual && bytes <= MOST_ROOM_BYTES;
    if (bytes > this.#room.length || isTooLarge) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(bytes, ROOM_BYTES));
    }
  }
}

/** Bytes that frames take at the most, if a result takes so many. */
function bytesOf(batches: readonly Batch[], bytesOfResult: (result: Result) => number): number {
  let bytes = 0;
  for (const { prefix, results } of batches) {
    for (const result of results) bytes += AROUND + prefix.length + bytesOfResult(result);
  }
  return bytes;
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
