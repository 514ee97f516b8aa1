import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';

/** What of Node's sockets is not in its types. Null as soon as the socket is destroyed. */
interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

/** A file descriptor that no `write` is tried on: Windows has none for its sockets. */
const NONE = -1;

/**
 * Hands bytes to the kernel at once, past Node's stream, whose bookkeeping costs as much as all else that one more
 * subscriber costs this process (docs/performance.md).
 */
export class DirectWrite {
  readonly #socket: Socket & WithHandle;
  readonly #descriptor: number;

  /** @param socket connected, of plain TCP: on TLS the bytes would be nobody's */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#descriptor = this.#socket._handle?.fd ?? NONE;
  }

  /**
   * Returns how many bytes the kernel took: fewer when its buffer is full, none when the stream holds some that have to
   * go first, or when there is no way around it. The stream then has to take the rest, and finds out what is wrong, if
   * something is.
   */
  write(bytes: Uint8Array): number {
    if (this.#socket.writableLength > 0 || this.#descriptor === NONE) return 0;
    // The number of a closed descriptor may be another socket's by now.
    if (!this.#socket._handle) return 0;
    try {
      return writeSync(this.#descriptor, bytes, 0, bytes.length);
    } catch {
      return 0;
    }
  }
}
