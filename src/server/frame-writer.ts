import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Result } from '../hub/result.ts';
import type { Flushable, Turn } from '../hub/turn.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Containment } from '../lib/containment.ts';
import { DirectWrite } from './direct-write.ts';
import type { Batch, FrameComposer } from './frame-composer.ts';

/** Bytes that may wait in a socket before its reader counts as slow. */
const SOFT_BOUND_BYTES = 256 * 1024;
/** Bytes at which the socket is closed: events that must not be lost had nowhere to go. */
const HARD_BOUND_BYTES = 16 * 1024 * 1024;

const NOTHING: readonly Result[] = [];

export interface FrameWriterEnvironment {
  readonly turn: Turn;
  readonly clock: Clock;
  readonly composer: FrameComposer;
  readonly containment: Containment;
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
  readonly #composer: FrameComposer;
  readonly #containment: Containment;
  readonly #direct: DirectWrite;
  readonly #drained = new Set<() => void>();
  /** What came first in this turn; as a rule there is no more. */
  #prefix: Buffer | undefined;
  #results = NOTHING;
  /** What else came. */
  #more: Batch[] = [];
  /** Of this turn, near enough: a character is a byte but for names in other scripts. */
  #bytes = 0;
  /** Whether more than the soft bound waited after the last write; until the socket has drained. */
  #behind = false;

  /** @param environment shared by all writers: each uses the composer for the length of one write */
  constructor(
    websocket: WebSocket,
    socket: Socket,
    { turn, clock, composer, containment }: FrameWriterEnvironment,
  ) {
    this.#websocket = websocket;
    this.#socket = socket;
    this.#turn = turn;
    this.#clock = clock;
    this.#composer = composer;
    this.#containment = containment;
    this.#direct = new DirectWrite(socket);
    socket.on('drain', () => this.#onDrain());
  }

  /** Whether so much waits to be read that nothing should be added. */
  get congested(): boolean {
    return this.#behind || this.#bytes > SOFT_BOUND_BYTES || this.#socket.writableLength > SOFT_BOUND_BYTES;
  }

  /** Calls `drained` whenever all that waited was taken; the returned function ends that. */
  onDrain(drained: () => void): Cancel {
    this.#drained.add(drained);
    return () => this.#drained.delete(drained);
  }

  /** Adds a `next` message for each result. @param prefix `{"id":"..."` */
  write(prefix: Buffer, results: readonly Result[]): void {
    if (results.length === 0) return;
    for (let index = 0; index < results.length; index += 1) {
      this.#bytes += prefix.length + (results[index] as Result).length;
    }
    if (this.#prefix !== undefined) {
      this.#more.push({ prefix, results });
      return;
    }
    this.#prefix = prefix;
    this.#results = results;
    this.#turn.touched(this);
  }

  flush(): void {
    const prefix = this.#prefix;
    if (prefix === undefined) return;
    const frames =
      this.#more.length === 0
        ? this.#composer.compose(prefix, this.#results)
        : this.#composer.composeAll([{ prefix, results: this.#results }, ...this.#more]);
    if (this.#more.length > 0) this.#more = [];
    const wasCongested = this.congested;
    this.#prefix = undefined;
    this.#results = NOTHING;
    this.#bytes = 0;
    if (this.#websocket.readyState === this.#websocket.OPEN) this.#send(frames);
    // Whoever was told that this turn had become too much is told that it is over. The stream tells it only of what waits
    // in the stream.
    if (wasCongested && !this.#behind && !this.#socket.writableNeedDrain) {
      this.#clock.endOfTurn(() => this.#onDrain());
    }
  }

  /** Its frames could not be made or written: the socket ends, and with it its subscriptions. */
  failed(error: unknown): void {
    this.#containment.contain('socket', error);
    this.#prefix = undefined;
    this.#results = NOTHING;
    this.#more = [];
    this.#websocket.terminate();
  }

  #send(frames: Buffer): void {
    const socket = this.#socket;
    const taken = this.#direct.write(frames);
    // The kernel has its copy, and the memory of the frames is free again.
    if (taken === frames.length) return;
    socket.write(Buffer.from(frames.subarray(taken)));
    if (socket.writableLength > HARD_BOUND_BYTES) this.#websocket.terminate();
    else if (socket.writableLength > SOFT_BOUND_BYTES) this.#behind = true;
  }

  #onDrain(): void {
    this.#behind = false;
    for (const drained of this.#drained) this.#containment.guard('socket', drained)();
  }
}
