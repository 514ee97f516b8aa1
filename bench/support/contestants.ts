import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A server that can be measured: all serve the same subscription, in the same bytes. */
export interface Contestant {
  readonly name: string;
  readonly file: string;
  readonly path: string;
  /** Whether it needs what is installed in `bench/peers`. */
  readonly needsPeers?: true;
  readonly environment?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const peer = (file: string): string => `${root}bench/peers/${file}`;

export const OURS: Contestant = { name: 'kraken-graphql', file: `${root}src/main.ts`, path: '/graphql' };
export const YOGA: Contestant = {
  name: 'yoga + graphql-ws',
  file: peer('yoga.js'),
  path: '/graphql',
  needsPeers: true,
};
export const MERCURIUS: Contestant = {
  name: 'Mercurius + JIT',
  file: peer('mercurius.js'),
  path: '/graphql',
  needsPeers: true,
};
export const WS_SEND: Contestant = { name: 'ws.send', file: peer('ws-send.js'), path: '/' };
export const COALESCED: Contestant = { name: 'coalesced', file: peer('coalesced.js'), path: '/' };
export const COALESCED_5_MS: Contestant = {
  ...COALESCED,
  name: 'coalesced, 5 ms',
  environment: { BENCH_FLUSH_MS: '5' },
};

/** Whether `npm ci` has been run in `bench/peers`. */
export function havePeers(): boolean {
  return existsSync(`${root}bench/peers/node_modules`);
}
