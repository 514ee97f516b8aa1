/**
 * Hostile clients on a thread of their own, so that what they cost themselves delays no one who is timed: a worker of
 * `hostility.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { ATTACKS, type Attack } from './attacks.ts';
import { connect, subscribe, subscribeByEvents } from './client.ts';
import { HostileDocuments } from './hostile-documents.ts';

export type HostileTask =
  /** Attacks by name, all at once, until a message comes. */
  | { readonly kind: 'attacks'; readonly url: string; readonly names: readonly string[] }
  /** So many generated documents over HTTP, WebSocket and event streams. */
  | { readonly kind: 'documents'; readonly url: string; readonly count: number; readonly seed: number };

export interface HostileResult {
  /** Answers by their code; `data` for one without errors. */
  readonly answers: Readonly<Record<string, number>>;
  /** Documents that were answered with INTERNAL_SERVER_ERROR. */
  readonly masked: readonly string[];
}

async function attack(url: string, names: readonly string[]): Promise<HostileResult> {
  const stop = new AbortController();
  parentPort?.once('message', () => stop.abort());
  await Promise.all(
    Object.entries<Attack>(ATTACKS).map(([name, run]) =>
      names.includes(name) ? run(url, stop.signal) : undefined,
    ),
  );
  return { answers: {}, masked: [] };
}

/** Documents under way at once; of these, those that go over HTTP, and over WebSocket. */
const WORKERS = 8;
const BY_HTTP = 4;
const BY_WEBSOCKET = 3;
/** A subscription that has not answered by then is left. */
const PATIENCE_MS = 100;

async function sendDocuments(url: string, count: number, seed: number): Promise<HostileResult> {
  const generator = new HostileDocuments(
    createSchema(text => text as PairSymbol),
    seededRandom(seed),
  );
  const answers: Record<string, number> = {};
  const masked: string[] = [];
  const note = (query: string, errors: unknown): void => {
    const list = Array.isArray(errors) ? (errors as { extensions?: { code?: string } }[]) : [];
    const codes = new Set(list.map(({ extensions }) => String(extensions?.code)));
    for (const code of codes.size === 0 ? ['data'] : codes) answers[code] = (answers[code] ?? 0) + 1;
    if (codes.has('INTERNAL_SERVER_ERROR')) masked.push(query.slice(0, 300));
  };
  let sent = 0;
  const worker = async (place: number): Promise<void> => {
    let client = connect(url);
    while (sent < count) {
      sent += 1;
      const { query, variables } = generator.next();
      if (place < BY_HTTP) {
        const response = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ query, variables }),
        });
        note(query, JSON.parse(await response.text()).errors);
        continue;
      }
      const values =
        place < BY_HTTP + BY_WEBSOCKET
          ? subscribe(client, query, variables)
          : subscribeByEvents(url, query, variables);
      await Promise.race([
        values.next().then(
          ({ errors }) => note(query, errors),
          (reason: unknown) => note(query, reason),
        ),
        delay(PATIENCE_MS),
      ]);
      await values.stop();
      if (sent % 200 === 0) {
        await client.dispose();
        client = connect(url);
      }
    }
    await client.dispose();
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, place) => worker(place)));
  return { answers, masked };
}

const task = workerData as HostileTask;
const result =
  task.kind === 'attacks'
    ? await attack(task.url, task.names)
    : await sendDocuments(task.url, task.count, task.seed);
parentPort?.postMessage(result);
parentPort?.close();
