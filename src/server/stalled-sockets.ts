import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../lib/clock.ts';

/** A reader that takes nothing for this long is gone. */
const STALLED_MS = 10_000;
const SWEEP_MS = 1_000;
/** Bytes that may wait for readers, over all sockets; above it those with the most waiting are dropped. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

interface Progress {
  /** Bytes that the kernel had taken. */
  readonly taken: number;
  readonly sinceMs: number;
}

/**
 * Drops sockets whose readers have stopped reading, whatever is written on them: answers, event streams, WebSocket frames.
 * One timer looks at all of them.
 */
export class StalledSockets {
  readonly #clock: Clock;
  readonly #onDropped: () => void;
  readonly #sockets = new Map<Socket, Progress | undefined>();
  #cancel: Cancel;

  /** @param onDropped called for each socket that is dropped */
  constructor(clock: Clock, onDropped: () => void) {
    this.#clock = clock;
    this.#onDropped = onDropped;
    this.#cancel = clock.after(SWEEP_MS, () => this.#sweep());
  }

  /** Looks after a socket until it is closed. */
  watch(socket: Socket): void {
    this.#sockets.set(socket, undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  stop(): void {
    this.#cancel();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    let waiting = 0;
    for (const [socket, progress] of this.#sockets) {
      const { writableLength } = socket;
      if (writableLength === 0) {
        if (progress !== undefined) this.#sockets.set(socket, undefined);
        continue;
      }
      waiting += writableLength;
      const taken = socket.bytesWritten - writableLength;
      if (progress?.taken !== taken) this.#sockets.set(socket, { taken, sinceMs: nowMs });
      else if (nowMs - progress.sinceMs >= STALLED_MS) waiting -= this.#drop(socket);
    }
    if (waiting > MAX_WAITING_BYTES) this.#dropLargest(waiting);
    this.#cancel = this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #dropLargest(bytes: number): void {
    let waiting = bytes;
    const largest = [...this.#sockets.keys()].sort((a, b) => b.writableLength - a.writableLength);
    for (const socket of largest) {
      if (waiting <= MAX_WAITING_BYTES) return;
      waiting -= this.#drop(socket);
    }
  }

  /** Returns how many bytes it held. */
  #drop(socket: Socket): number {
    const { writableLength } = socket;
    this.#sockets.delete(socket);
    this.#onDropped();
    socket.destroy();
    return writableLength;
  }
}
