import { writeSync } from 'node:fs';
import { type Clock, systemClock } from './clock.ts';

/** Writes some of the bytes and returns how many; throws as `fs.writeSync` does. */
export type Write = (bytes: Uint8Array) => number;

/** Bytes that wait for a reader that takes its time; beyond them lines are dropped. */
const MAX_WAITING = 1_048_576;
/** When to try again what a slow reader had no room for, if no line comes before that. */
const RETRY_MS = 100;

export interface LineWriterHandlers {
  /** The line that says how many were dropped. */
  notice(dropped: number): string;
  /** Called once, at the first line that is dropped for another reason than a slow reader. */
  failed(code: string): void;
}

/**
 * Writes lines at once, because the last ones before an exit are the ones that matter, and never throws. A line that
 * cannot be written (the disk is full, the reader is gone) is dropped and counted. The first line after that is preceded
 * by one that says how many were dropped. A line of which a part was written is finished before the next one.
 */
export class LineWriter {
  readonly #write: Write;
  readonly #handlers: LineWriterHandlers;
  readonly #clock: Clock;
  /** The rest of a line of which a part was written, and lines that wait for a slow reader. */
  #waiting: Uint8Array = NOTHING;
  /** The code of the error that the last attempt ended with; undefined after a success. */
  #failure: string | undefined;
  #retrying = false;
  #dropped = 0;
  #untold = 0;
  #hasFailed = false;

  constructor(write: Write, handlers: LineWriterHandlers, clock: Clock = systemClock) {
    this.#write = write;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  /** Lines dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param line ends with a line feed */
  write(line: string): void {
    const told = this.#untold;
    const bytes = Buffer.from(told === 0 ? line : `${this.#handlers.notice(told)}${line}`);
    if (this.#take(bytes)) {
      this.#untold -= told;
      if (this.#waiting.length > 0) this.#retryLater();
      return;
    }
    this.#dropped += 1;
    this.#untold += 1;
    if (this.#hasFailed || this.#failure === SLOW) return;
    this.#hasFailed = true;
    this.#handlers.failed(this.#failure ?? '');
  }

  /** Returns whether the bytes were written, or will be. */
  #take(bytes: Uint8Array): boolean {
    if (!this.#flush()) {
      // A reader that is slow gets it later; after any other failure nobody knows whether there will be a later.
      if (this.#failure !== SLOW || this.#waiting.length + bytes.length > MAX_WAITING) return false;
      this.#waiting = Buffer.concat([this.#waiting, bytes]);
      return true;
    }
    this.#waiting = bytes;
    if (this.#flush() || this.#failure === SLOW || this.#waiting.length < bytes.length) return true;
    this.#waiting = NOTHING;
    return false;
  }

  /** Returns whether nothing waits any more. */
  #flush(): boolean {
    try {
      while (this.#waiting.length > 0) this.#waiting = this.#waiting.subarray(this.#write(this.#waiting));
      this.#failure = undefined;
      return true;
    } catch (error) {
      this.#failure = (error as NodeJS.ErrnoException).code ?? String(error);
      return false;
    }
  }

  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#clock.after(RETRY_MS, () => {
      this.#retrying = false;
      if (!this.#flush()) this.#retryLater();
    });
  }
}

const NOTHING = new Uint8Array();
/** A reader is there and has no room: of what does not wait for it. */
const SLOW = 'EAGAIN';

/** Writes to a descriptor of this process. */
export function toDescriptor(descriptor: 1 | 2): Write {
  return bytes => writeSync(descriptor, bytes);
}
