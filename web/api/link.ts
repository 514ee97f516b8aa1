import type { Client } from 'graphql-ws';
import { Model } from '../lib/model.ts';
import { pageClock } from '../lib/page-clock.ts';

/** `checking`: the socket is open, and whether anyone is at its other end is being found out. */
export type Connection = 'connecting' | 'connected' | 'checking' | 'lost';

/** An answer that takes longer does not come. */
const PONG_WITHIN_MS = 4_000;

/** The page's own connection to the server: below it nothing is live, whatever was heard before. */
export class Link extends Model {
  state: Connection = 'connecting';
  /** When it entered this state, on the page's clock. */
  sinceMs = pageClock.now();
  /** Why the server does not understand this page; undefined while it does. */
  outdated: string | undefined;
  #socket: WebSocket | undefined;
  #probes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @returns ends it */
  follow(client: Client): () => void {
    client.on('connected', socket => {
      this.#socket = socket as WebSocket;
      this.#enter('connected');
    });
    client.on('pong', (received, payload) => {
      if (received && payload?.['probe'] === this.#probes && this.state === 'checking')
        this.#enter('connected');
    });
    client.on('closed', () => {
      this.#socket = undefined;
      this.#enter('lost');
    });
    const stop = pageClock.onDoubt(() => this.#check(client));
    return () => {
      stop();
      clearTimeout(this.#timer);
    };
  }

  /** The server knows another API than the one that this page was made for. */
  outdate(why: string): void {
    if (this.outdated !== undefined) return;
    this.outdated = why;
    this.changed();
  }

  /** Asks for a sign of life. What was sent before it arrives before it: from then on the page knows all there is. */
  #check(client: Client): void {
    if (this.#socket === undefined) return;
    this.#probes += 1;
    this.#enter('checking');
    clearTimeout(this.#timer);
    // Gone at once: a closing handshake would wait for the one that says nothing.
    this.#timer = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: 'ping', payload: { probe: this.#probes } }));
  }

  #enter(state: Connection): void {
    if (state !== 'checking') clearTimeout(this.#timer);
    if (state === this.state) return;
    this.state = state;
    this.sinceMs = pageClock.now();
    this.changed();
  }
}
