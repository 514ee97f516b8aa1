import type { Client } from 'graphql-ws';
import { Model } from '../lib/model.ts';

/** The page's own connection to the server: below it nothing is live, whatever was heard before. */
export class Link extends Model {
  state: 'connecting' | 'connected' | 'lost' = 'connecting';
  /** When it entered this state, on the monotonic clock. */
  sinceMs = performance.now();

  follow(client: Client): void {
    client.on('connected', () => this.#enter('connected'));
    client.on('closed', () => this.#enter('lost'));
  }

  #enter(state: Link['state']): void {
    if (state === this.state) return;
    this.state = state;
    this.sinceMs = performance.now();
    this.changed();
  }
}
