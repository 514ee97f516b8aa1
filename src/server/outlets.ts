import type { ExecutionResult } from 'graphql';
import type { Outlet } from '../hub/outlet.ts';
import type { Result } from '../hub/result.ts';
import type { Cancel } from '../lib/clock.ts';
import type { FrameWriter } from './frame-writer.ts';

/** An open GraphQL subscription, in the form that transports know: it ends when the broadcast ends. */
export interface SubscriptionStream extends AsyncIterableIterator<ExecutionResult> {
  return(): Promise<IteratorResult<ExecutionResult>>;
}

const DONE: IteratorResult<ExecutionResult> = { done: true, value: undefined };

/** Results that a stream's reader has not taken yet before it counts as slow, */
const CONGESTED_AT = 16;
/** and characters of them. */
const CONGESTED_CHARACTERS = 256 * 1024;

/**
 * Results through an async iterable, for transports that pull: server-sent events. Every reader gets the same
 * serialised text. At {@link CONGESTED_AT} results, or {@link CONGESTED_CHARACTERS} of them, the hub stops sending, and goes on
 * with the latest when all are taken.
 */
export class StreamOutlet implements Outlet, SubscriptionStream {
  #queue: Result[] = [];
  #characters = 0;
  #waiting: ((result: IteratorResult<ExecutionResult>) => void) | undefined;
  #drained: (() => void) | undefined;
  #ended = false;
  #wasCongested = false;
  readonly #onReturn: () => void;

  /** @param onReturn called once, when the reader goes or nothing more will come */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  get congested(): boolean {
    const congested = this.#queue.length >= CONGESTED_AT || this.#characters >= CONGESTED_CHARACTERS;
    this.#wasCongested ||= congested;
    return congested;
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  send(results: readonly Result[]): void {
    for (const result of results) {
      this.#queue.push(result);
      this.#characters += result.length;
    }
    const resolve = this.#waiting;
    const taken = resolve === undefined ? undefined : this.#take();
    if (resolve === undefined || taken === undefined) return;
    this.#waiting = undefined;
    resolve(taken);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.(DONE);
    this.#waiting = undefined;
    this.#onReturn();
  }

  next(): Promise<IteratorResult<ExecutionResult>> {
    const taken = this.#take() ?? (this.#ended ? DONE : undefined);
    if (taken !== undefined) return Promise.resolve(taken);
    return new Promise(resolve => {
      this.#waiting = resolve;
    });
  }

  #take(): IteratorResult<ExecutionResult> | undefined {
    const result = this.#queue.shift();
    this.#characters -= result?.length ?? 0;
    if (this.#wasCongested && this.#queue.length === 0) {
      this.#wasCongested = false;
      this.#drained?.();
    }
    return result === undefined ? undefined : { done: false, value: serialised(result) };
  }

  return(): Promise<IteratorResult<ExecutionResult>> {
    this.#queue = [];
    this.#characters = 0;
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A result that is text already: yoga writes what `stringify` returns. */
function serialised(text: Result): ExecutionResult {
  return { stringify: () => text } as ExecutionResult;
}

/**
 * The iterable that graphql-ws gets for a subscription whose results are written elsewhere: it yields nothing,
 * and ends when the broadcast ends or the client completes.
 */
export class Completion implements SubscriptionStream {
  readonly #end = Promise.withResolvers<IteratorResult<ExecutionResult>>();
  readonly #onReturn: () => void;
  #ended = false;

  /** @param onReturn called once, when the client completes or goes, or nothing more will come */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end.resolve(DONE);
    this.#onReturn();
  }

  next(): Promise<IteratorResult<ExecutionResult>> {
    return this.#end.promise;
  }

  return(): Promise<IteratorResult<ExecutionResult>> {
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** What every message of an operation begins with. */
export function prefixOf(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)}`);
}

/** An operation on a WebSocket: its results are frames of the socket's writer, behind the operation's id. */
export class SocketOutlet implements Outlet {
  readonly #writer: FrameWriter;
  readonly #prefix: Buffer;
  readonly #completion: Completion;
  #forgetDrain: Cancel | undefined;

  constructor(writer: FrameWriter, id: string, completion: Completion) {
    this.#writer = writer;
    this.#prefix = prefixOf(id);
    this.#completion = completion;
  }

  get congested(): boolean {
    return this.#writer.congested;
  }

  onDrain(drained: () => void): void {
    this.#forgetDrain = this.#writer.onDrain(drained);
  }

  send(results: readonly Result[]): void {
    this.#writer.write(this.#prefix, results);
  }

  end(): void {
    // What was sent leaves before graphql-ws writes `complete`.
    this.#writer.flush();
    this.#completion.end();
  }

  /** Nothing more is sent: the client completed, or is gone. */
  leave(): void {
    this.#forgetDrain?.();
  }
}
