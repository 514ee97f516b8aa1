import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Flushable, Turn } from '../hub/turn.ts';
import type { Cancel, Clock } from '../lib/clock.ts';

/** Bytes that may wait in a socket before its reader counts as slow. */
const SOFT_BOUND_BYTES = 1024 * 1024;
/** Bytes at which the socket is closed: events that must not be lost had nowhere to go. */
const HARD_BOUND_BYTES = 16 * 1024 * 1024;
/** A slow reader that takes nothing for this long is gone. */
const STALLED_MS = 10_000;

const TEXT_FRAME = 0x81;

let encodedResult = '';
let encodedTail = Buffer.alloc(0);

/** What follows the operation's id in a `next` message. Encoded once for all who get the same result in a row. */
function tailOf(result: string): Buffer {
  if (result !== encodedResult) {
    encodedResult = result;
    encodedTail = Buffer.from(`,"type":"next","payload":${result}}`);
  }
  return encodedTail;
}

/**
 * Writes `next` messages of one WebSocket: collects the frames of an event-loop turn and hands them to the TCP
 * socket in one write, past the WebSocket library. Only whole frames are written, as the library does, so both
 * may use the socket in turns.
 */
export class FrameWriter implements Flushable {
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #clock: Clock;
  readonly #drained = new Set<() => void>();
  /** Prefix, tail, prefix, tail, ... of the frames of this turn. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #cancelStallCheck: Cancel | undefined;

  constructor(websocket: WebSocket, socket: Socket, turn: Turn, clock: Clock) {
    this.#websocket = websocket;
    this.#socket = socket;
    this.#turn = turn;
    this.#clock = clock;
    socket.on('drain', () => this.#onDrain());
    websocket.on('close', () => this.#cancelStallCheck?.());
  }

  /** Whether so much waits to be read that nothing should be added. */
  get congested(): boolean {
    return this.#socket.writableLength + this.#bytes > SOFT_BOUND_BYTES;
  }

  /** Calls `drained` whenever all that waited was taken; the returned function ends that. */
  onDrain(drained: () => void): Cancel {
    this.#drained.add(drained);
    return () => this.#drained.delete(drained);
  }

  /** Adds a `next` message with this serialised result. @param prefix `{"id":"..."` */
  write(prefix: Buffer, result: string): void {
    const tail = tailOf(result);
    if (this.#parts.length === 0) this.#turn.touched(this);
    this.#parts.push(prefix, tail);
    this.#bytes += prefix.length + tail.length;
  }

  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    // Each frame adds a header of 2 to 10 bytes.
    const buffer = Buffer.allocUnsafe(this.#bytes + (parts.length / 2) * 10);
    this.#bytes = 0;
    if (this.#websocket.readyState !== this.#websocket.OPEN) return;
    let end = 0;
    for (let index = 0; index < parts.length; index += 2) {
      end = appendFrame(buffer, end, parts[index] as Buffer, parts[index + 1] as Buffer);
    }
    this.#socket.write(buffer.subarray(0, end));
    if (this.#socket.writableLength > HARD_BOUND_BYTES) this.#websocket.terminate();
    else if (this.congested) this.#watchForStall();
  }

  #onDrain(): void {
    this.#cancelStallCheck?.();
    this.#cancelStallCheck = undefined;
    for (const drained of this.#drained) drained();
  }

  #watchForStall(): void {
    if (this.#cancelStallCheck !== undefined) return;
    // Bytes that were handed to the kernel; what still waits in the process is not among them.
    const taken = (): number => this.#socket.bytesWritten - this.#socket.writableLength;
    const before = taken();
    this.#cancelStallCheck = this.#clock.after(STALLED_MS, () => {
      this.#cancelStallCheck = undefined;
      if (taken() === before) this.#websocket.terminate();
      else if (this.congested) this.#watchForStall();
    });
  }
}

/** Writes an unmasked text frame made of two parts at `start` and returns where it ends. */
function appendFrame(buffer: Buffer, start: number, prefix: Buffer, tail: Buffer): number {
  const length = prefix.length + tail.length;
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
  at += prefix.copy(buffer, at);
  return at + tail.copy(buffer, at);
}
