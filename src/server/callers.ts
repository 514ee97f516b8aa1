import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Hub } from '../hub/hub.ts';
import type { Admission, Caller } from './admission.ts';
import { groupOf } from './connection-caps.ts';

/** The caller behind each TCP connection, whichever protocol is spoken on it. */
export class Callers {
  readonly #admission: Admission;
  readonly #hub: Hub;
  readonly #callers = new WeakMap<Socket, Caller>();
  /** Resolves when the latest answer on a connection has left, or its connection has. */
  readonly #answers = new WeakMap<Socket, Promise<unknown>>();

  constructor(admission: Admission, hub: Hub) {
    this.#admission = admission;
    this.#hub = hub;
  }

  of({ socket }: Pick<IncomingMessage, 'socket'>): Caller {
    const known = this.#callers.get(socket);
    if (known !== undefined) return known;
    const caller = this.#admission.caller(groupOf(socket.remoteAddress ?? ''), this.#hub.share());
    this.#callers.set(socket, caller);
    socket.once('close', () => caller.gone());
    if (socket.destroyed) caller.gone();
    return caller;
  }

  /** Waits until every earlier answer on this connection has left: requests may be sent without waiting for answers. */
  async inLine({ socket }: IncomingMessage, response: ServerResponse): Promise<void> {
    const before = this.#answers.get(socket);
    this.#answers.set(socket, new Promise(resolve => response.once('close', resolve)));
    await before;
  }
}
