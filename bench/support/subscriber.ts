import type { Socket } from 'node:net';
import { clientFrame, FrameReader } from './frames.ts';
import { upgrade } from './upgrade.ts';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;

const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const ACKNOWLEDGED = Buffer.from('"connection_ack"');
/** The member that a run counts by: it is in every value, and in nothing else. */
const TRADE_ID = Buffer.from('"tradeId":');

/** One operation of a subscriber. */
export interface Operation {
  readonly id: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface SubscriberHandlers {
  /** A value, as bytes; its trade's id begins at `idAt`. */
  next(subscriber: number, chunk: Buffer, start: number, idAt: number): void;
  /** Anything else that is no part of a healthy run. */
  trouble(what: string): void;
}

/** A client of graphql-transport-ws over a bare TCP socket: reading costs it as little as can be. */
export class Subscriber {
  readonly #socket: Socket;
  readonly #handlers: SubscriberHandlers;
  readonly #index: number;
  #acknowledged: () => void = () => {};
  #closing = false;

  private constructor(socket: Socket, index: number, handlers: SubscriberHandlers) {
    this.#socket = socket;
    this.#index = index;
    this.#handlers = handlers;
    const reader = new FrameReader((opcode, chunk, start, end) => this.#onFrame(opcode, chunk, start, end));
    socket.on('data', (bytes: Buffer) => reader.read(bytes));
    socket.on('error', error => handlers.trouble(error.message));
    socket.on('close', () => {
      if (!this.#closing) handlers.trouble('the server closed a socket');
    });
  }

  /** Connects, says `connection_init` and waits for its answer, and subscribes. */
  static async open(
    port: number,
    path: string,
    index: number,
    operations: readonly Operation[],
    handlers: SubscriberHandlers,
  ): Promise<Subscriber> {
    const socket = await upgrade(port, path);
    const subscriber = new Subscriber(socket, index, handlers);
    await new Promise<void>(resolve => {
      subscriber.#acknowledged = resolve;
      socket.write(clientFrame('{"type":"connection_init"}'));
    });
    for (const { id, query, variables } of operations) {
      socket.write(clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })));
    }
    return subscriber;
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #onFrame(opcode: number, chunk: Buffer, start: number, end: number): void {
    if (opcode === TEXT) {
      const mark = chunk.indexOf(TRADE_ID, start);
      if (mark >= 0 && mark < end) this.#handlers.next(this.#index, chunk, start, mark + TRADE_ID.length);
      else if (chunk.subarray(start, end).includes(ACKNOWLEDGED)) this.#acknowledged();
      else this.#handlers.trouble(chunk.toString('utf8', start, end));
    } else if (opcode === PING) {
      this.#socket.write(PONG);
    } else if (opcode === CLOSE) {
      this.#handlers.trouble(`close frame: ${chunk.toString('utf8', start + 2, end)}`);
    }
  }
}
