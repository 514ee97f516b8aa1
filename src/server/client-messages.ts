import type { WebSocket } from 'ws';
import type { Cancel, Clock } from '../lib/clock.ts';
import { TokenBucket } from '../lib/token-bucket.ts';
import type { FrameWriter } from './frame-writer.ts';
import { CONNECTION_LIMITS } from './limits.ts';

/** Characters of messages that wait before the socket is read no further. */
const MAX_WAITING_CHARACTERS = 128 * 1024;

/**
 * The messages of one client, no faster than it may send them, and none while what it asked for before waits to be read. A
 * client that is faster than that is read more slowly: TCP tells it so, and nothing of it is lost.
 */
export class ClientMessages {
  readonly #websocket: WebSocket;
  readonly #writer: FrameWriter;
  readonly #clock: Clock;
  readonly #allowance: TokenBucket;
  readonly #waiting: string[] = [];
  #characters = 0;
  #handle: (text: string) => void = () => {};
  #cancelTimer: Cancel | undefined;
  #stopped = false;

  constructor(websocket: WebSocket, writer: FrameWriter, clock: Clock) {
    this.#websocket = websocket;
    this.#writer = writer;
    this.#clock = clock;
    const { messagesPerSecond, messagesAtOnce } = CONNECTION_LIMITS;
    this.#allowance = new TokenBucket(messagesPerSecond, messagesAtOnce, clock.monotonicMs());
    writer.onDrain(() => this.#go());
  }

  /** Sets what is called with each message. */
  onMessage(handle: (text: string) => void): void {
    this.#handle = handle;
    this.#websocket.on('message', data => {
      if (this.#stopped) return;
      const text = String(data);
      this.#waiting.push(text);
      this.#characters += text.length;
      this.#go();
      if (this.#characters > MAX_WAITING_CHARACTERS) this.#websocket.pause();
    });
  }

  /** The socket is closed: what waits is not looked at any more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
    this.#cancelTimer?.();
  }

  #go(): void {
    if (this.#cancelTimer !== undefined) return;
    while (this.#waiting.length > 0 && !this.#stopped) {
      // The writer tells when its reader has taken what waits.
      if (this.#writer.congested) return;
      const waitMs = this.#allowance.take(this.#clock.monotonicMs());
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => {
          this.#cancelTimer = undefined;
          this.#go();
        });
        return;
      }
      const text = this.#waiting.shift() as string;
      this.#characters -= text.length;
      this.#handle(text);
    }
    if (this.#websocket.isPaused && this.#characters <= MAX_WAITING_CHARACTERS / 2) this.#websocket.resume();
  }
}
