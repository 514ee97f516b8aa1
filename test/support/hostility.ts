/** Hostile clients against a server that is a process of its own: the long runs of `test/faults/attacks.test.ts`. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ATTACKS } from './attacks.ts';
import type { HostileResult, HostileTask } from './hostile-client.ts';
import { type Service, Stand } from './stand.ts';

/** Memory may be this much larger afterwards. */
const MEMORY_GROWTH = 1.2;
/** Seconds over which a bystander is watched at a time. */
const STRETCH_S = 5;

interface Report {
  /** How a bystander was served before, during (the worst stretch) and after. */
  readonly before: Service;
  readonly during: Service;
  readonly after: Service;
  /** Resident memory, MiB. */
  readonly memory: { readonly before: number; readonly most: number; readonly after: number };
  readonly problems: readonly string[];
}

class HostileClients {
  readonly #worker: Worker;
  readonly result: Promise<HostileResult>;

  constructor(task: HostileTask) {
    this.#worker = new Worker(new URL('hostile-client.ts', import.meta.url), { workerData: task });
    this.result = once(this.#worker, 'message').then(([result]) => result as HostileResult);
  }

  async stop(): Promise<void> {
    this.#worker.postMessage('stop');
    await this.result;
    await this.#worker.terminate();
  }
}

/** Watches a bystander before, while something happens, and after it. */
async function watched(stand: Stand, happen: () => Promise<Service>): Promise<Report> {
  const before = await stand.serve(STRETCH_S);
  const memoryBefore = await stand.memoryMiB();
  let most = memoryBefore;
  const watch = setInterval(() => {
    stand.memoryMiB().then(
      memory => {
        most = Math.max(most, memory);
      },
      () => {},
    );
  }, 500);
  const during = await happen();
  clearInterval(watch);
  await delay(100);
  const after = await stand.serve(STRETCH_S);
  const memory = { before: memoryBefore, most, after: await stand.memoryMiB() };
  const problems: string[] = [];
  await stand.witness.hasEverything(30).catch((error: Error) => problems.push(error.message));
  const contained = await stand.metric('graphql_contained_errors_total');
  if (contained > 0) problems.push(`${contained} unexpected errors`);
  const failed = /"level":"(fatal|error)"[^\n]*/.exec(stand.server.output)?.[0];
  if (failed !== undefined) problems.push(failed.slice(0, 400));
  return { before, during, after, memory, problems };
}

async function attackedFor(stand: Stand, seconds: number, names: readonly string[]): Promise<Service> {
  const clients = new HostileClients({ kind: 'attacks', url: stand.url, names });
  let worst = await stand.serve(STRETCH_S);
  for (let left = seconds - STRETCH_S; left > 0; left -= STRETCH_S) {
    worst = worse(worst, await stand.serve(Math.min(left, STRETCH_S)));
  }
  await clients.stop();
  return worst;
}

/** One attacker after the other, each doing the worst that the limits allow; the figures of each attack. */
export async function oneAttacker({
  seconds,
}: {
  seconds: number;
}): Promise<{ readonly figures: object; readonly problems: readonly string[] }> {
  const figures: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const name of Object.keys(ATTACKS)) {
    await using stand = await Stand.start();
    const { problems: found, ...report } = await watched(stand, () => attackedFor(stand, seconds, [name]));
    const { before, during, after, memory } = report;
    const text = ({ share, p50Ms, p99Ms }: Service): string => `${share} ${p50Ms}/${p99Ms}`;
    figures[name] =
      `${text(before)} | ${text(during)} | ${text(after)} | ${memory.before}/${memory.most}/${memory.after} MiB`;
    process.stdout.write(`${name}: ${figures[name]}\n`);
    problems.push(...found.map(problem => `${name}: ${problem}`));
    if (during.share < 0.9) problems.push(`${name}: ${during.share} of the values came`);
    if (during.p99Ms > 100) problems.push(`${name}: p99 ${during.p99Ms} ms`);
  }
  return { figures, problems };
}

/** All attacks at once, on a server with little memory. */
export async function allAttacks({ minutes }: { minutes: number }): Promise<Report> {
  await using stand = await Stand.start({}, ['--max-old-space-size=256']);
  return await watched(stand, () => attackedFor(stand, 60 * minutes, Object.keys(ATTACKS)));
}

/** Documents that a generator makes of the schema, over HTTP, WebSocket and event streams. */
export async function hostileDocuments({
  documents,
  seed,
}: {
  documents: number;
  seed: number;
}): Promise<Report & HostileResult> {
  await using stand = await Stand.start();
  // A first round, so that what is made at first use is not taken for what is kept.
  await new HostileClients({ kind: 'documents', url: stand.url, count: documents / 4, seed: seed + 1 })
    .result;
  await stand.serve(STRETCH_S);
  let result: HostileResult = { answers: {}, masked: [] };
  const report = await watched(stand, async () => {
    const clients = new HostileClients({ kind: 'documents', url: stand.url, count: documents, seed });
    let done = false;
    void clients.result.then(() => {
      done = true;
    });
    let worst = await stand.serve(STRETCH_S);
    while (!done) worst = worse(worst, await stand.serve(STRETCH_S));
    result = await clients.result;
    return worst;
  });
  const { before, after } = report.memory;
  const grown = after > before * MEMORY_GROWTH ? [`memory went from ${before} to ${after} MiB`] : [];
  return { ...report, ...result, problems: [...report.problems, ...grown, ...result.masked] };
}

function worse(a: Service, b: Service): Service {
  return b.p99Ms > a.p99Ms ? b : a;
}
