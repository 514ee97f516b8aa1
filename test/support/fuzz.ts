import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Feed } from '../../bench/support/feed.ts';
import { clientFrame } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { eventually, query } from './client.ts';
import { startServer } from './server.ts';

/** What became of frames that make no sense. */
export interface FuzzReport {
  readonly frames: number;
  /** Bytes of heap in use after garbage collection, where it can be asked for; before and after. */
  readonly heap: readonly [before: number, after: number];
  /** What should not have been. */
  readonly problems: readonly string[];
}

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
}

/** Random edits of a text: what line noise, old versions and bad intentions make of it. */
export function mutate(text: string, random: () => number): string {
  const pieces = '{}[]":,.-+0123456789eE \n\\\u0000é'
    .split('')
    .concat('null', '1e400', '9'.repeat(40), '"__proto__"', '\ud800');
  let mutated = text;
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits -= 1) {
    const at = Math.floor(random() * (mutated.length + 1));
    const removed = random() < 0.5 ? Math.floor(random() * 6) : 0;
    const inserted = random() < 0.7 ? pieces[Math.floor(random() * pieces.length)] : '';
    mutated = mutated.slice(0, at) + inserted + mutated.slice(at + removed);
  }
  return random() < 0.1 ? mutated.slice(0, Math.floor(random() * mutated.length)) : mutated;
}

/** Frames that one socket sends before it is the next one's turn: below what the limit of messages allows at once. */
const FRAMES_A_SOCKET = 50;
const SOCKETS = 20;

/** Messages and bytes of clients that are nearly right. Afterwards nobody is left, and a right client is served as ever. */
export async function fuzzClients({ frames: count, seed }: FuzzOptions): Promise<FuzzReport> {
  const random = seededRandom(seed);
  const feed = new Feed();
  const app = await startServer(await feed.start());
  const problems: string[] = [];
  const documents = [
    ...exampleOperations(),
    'subscription { status(maxRate: 5) { uptimeSeconds } }',
    '{ __schema { types { name } } }',
  ];
  const messages = documents
    .map((text, index) =>
      JSON.stringify({
        id: `${index}`,
        type: 'subscribe',
        payload: { query: text, variables: { symbols: ['BTC/USD'], symbol: 'BTC/USD', depth: 10 } },
      }),
    )
    .concat(
      '{"type":"ping"}',
      '{"type":"pong"}',
      '{"id":"1","type":"complete"}',
      '{"type":"connection_init"}',
    );
  let sent = 0;
  const session = async (): Promise<void> => {
    const socket = await upgrade(Number(new URL(app.url).port));
    socket.resume();
    socket.write(clientFrame('{"type":"connection_init"}'));
    for (let index = 0; index < FRAMES_A_SOCKET && !socket.destroyed; index += 1) {
      const text = messages[Math.floor(random() * messages.length)] ?? '';
      const frame = clientFrame(random() < 0.5 ? text : mutate(text, random));
      // Now and then the frame itself is wrong: its opcode, its length, its mask.
      if (random() < 0.02)
        frame[Math.floor(random() * Math.min(6, frame.length))] = Math.floor(random() * 256);
      socket.write(frame);
      sent += 1;
    }
    if (random() < 0.5) socket.resetAndDestroy();
    else socket.end();
    if (!socket.destroyed)
      await Promise.race([once(socket, 'close'), new Promise(resolve => setTimeout(resolve, 200))]);
    socket.destroy();
  };
  try {
    for (let index = 0; index < SOCKETS; index += 1) await session();
    const before = heapUsed();
    const worker = async (): Promise<void> => {
      while (sent < count) await session();
    };
    await Promise.all(Array.from({ length: SOCKETS }, worker));
    await eventually(
      async () =>
        (await query(app.url, '{ status { clients { connections subscriptions broadcasts } } }')).data.status
          .clients,
      ({ connections, subscriptions, broadcasts }) => connections + subscriptions + broadcasts === 0,
    );
    return { frames: sent, heap: [before, heapUsed()], problems };
  } finally {
    await app.close();
    feed.stop();
  }
}

const FOLDER = new URL('../../schema/operations/', import.meta.url);

function exampleOperations(): readonly string[] {
  return readdirSync(FOLDER)
    .filter(name => name.endsWith('.graphql'))
    .map(name => readFileSync(new URL(name, FOLDER), 'utf8'));
}

export function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
