/** Hostile clients against a server that is a process of its own: the long runs of `test/faults/attacks.test.ts`. */
import { setTimeout as delay } from 'node:timers/promises';
import { createSchema } from '../../src/graphql/schema.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { ATTACKS, type Attack } from './attacks.ts';
import { connect, subscribe, subscribeByEvents } from './client.ts';
import { HostileDocuments } from './hostile-documents.ts';
import { type Service, Stand } from './stand.ts';

/** Memory may be this much larger afterwards. */
const MEMORY_GROWTH = 1.2;

interface Report {
  /** How a bystander was served before, during and after. */
  readonly before: Service;
  readonly during: Service;
  readonly after: Service;
  /** Resident memory, MiB. */
  readonly memory: { readonly before: number; readonly most: number; readonly after: number };
  readonly problems: readonly string[];
}

/** What is wrong with a server after it was attacked. */
async function problemsOf(stand: Stand): Promise<string[]> {
  const problems: string[] = [];
  await stand.witness.hasEverything(30).catch((error: Error) => problems.push(error.message));
  const contained = await stand.metric('graphql_contained_errors_total');
  if (contained > 0) problems.push(`${contained} unexpected errors`);
  const failed = /"level":"(fatal|error)"[^\n]*/.exec(stand.server.output)?.[0];
  if (failed !== undefined) problems.push(failed.slice(0, 400));
  return problems;
}

async function attacked(
  stand: Stand,
  seconds: { before: number; after: number },
  attack: (serve: (seconds: number) => Promise<Service>) => Promise<Service>,
): Promise<Report> {
  const before = await stand.serve(seconds.before);
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
  const during = await attack(length => stand.serve(length));
  clearInterval(watch);
  await delay(100);
  const after = await stand.serve(seconds.after);
  const memory = { before: memoryBefore, most, after: await stand.memoryMiB() };
  const problems = await problemsOf(stand);
  return { before, during, after, memory, problems };
}

/** One attacker on one socket, doing the worst that the limits allow; the figures of each attack. */
export async function oneAttacker({
  seconds,
}: {
  seconds: number;
}): Promise<{ readonly figures: object; readonly problems: readonly string[] }> {
  const figures: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, attack] of Object.entries(ATTACKS)) {
    await using stand = await Stand.start();
    const report = await attacked(stand, { before: seconds, after: seconds }, async serve => {
      const stop = new AbortController();
      const attacking = attack(stand.url, stop.signal);
      const served = await serve(seconds);
      stop.abort();
      await attacking;
      return served;
    });
    const { before, during, after, memory } = report;
    figures[name] = { before, during, after, memory };
    problems.push(...report.problems.map(problem => `${name}: ${problem}`));
    if (during.share < 0.9) problems.push(`${name}: ${during.share} of the values came`);
    if (during.p99Ms > 100) problems.push(`${name}: p99 ${during.p99Ms} ms`);
  }
  return { figures, problems };
}

/** All attacks at once, on a server with little memory. */
export async function allAttacks({ minutes }: { minutes: number }): Promise<Report> {
  await using stand = await Stand.start({}, ['--max-old-space-size=256']);
  const report = await attacked(stand, { before: 10, after: 20 }, async serve => {
    const stop = new AbortController();
    const attacking = Promise.all(
      Object.values<Attack>(ATTACKS).map(attack => attack(stand.url, stop.signal)),
    );
    const served = await serve(60 * minutes);
    stop.abort();
    await attacking;
    return served;
  });
  return report;
}

/** Documents that a generator makes of the schema, over HTTP, WebSocket and event streams. */
export async function hostileDocuments({
  documents,
  seed,
}: {
  documents: number;
  seed: number;
}): Promise<Report & { readonly documents: number; readonly answers: Readonly<Record<string, number>> }> {
  await using stand = await Stand.start();
  const generator = new HostileDocuments(
    createSchema(text => text as PairSymbol),
    seededRandom(seed),
  );
  const answers: Record<string, number> = {};
  const masked: string[] = [];
  const note = (query: string, errors: readonly { readonly extensions?: object }[] | undefined): void => {
    const codes = (errors ?? []).map(({ extensions }) => String((extensions as { code?: string })?.code));
    for (const code of codes.length === 0 ? ['data'] : new Set(codes))
      answers[code] = (answers[code] ?? 0) + 1;
    if (codes.includes('INTERNAL_SERVER_ERROR')) masked.push(query.slice(0, 300));
  };
  let sent = 0;
  const byHttp = async (): Promise<void> => {
    const { query, variables } = generator.next();
    const response = await fetch(`${stand.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { errors } = JSON.parse(await response.text());
    note(query, errors);
  };
  const byWebSocket = async (client: ReturnType<typeof connect>): Promise<void> => {
    const { query, variables } = generator.next();
    const values = subscribe(client, query, variables);
    await Promise.race([
      values.next().then(
        ({ errors }) => note(query, errors),
        (reason: unknown) => note(query, Array.isArray(reason) ? reason : []),
      ),
      delay(100),
    ]);
    await values.stop();
  };
  const byEvents = async (): Promise<void> => {
    const { query, variables } = generator.next();
    const values = subscribeByEvents(stand.url, query, variables);
    await Promise.race([
      values.next().then(
        ({ errors }) => note(query, errors),
        () => {},
      ),
      delay(100),
    ]);
    await values.stop();
  };
  const worker = async (kind: number): Promise<void> => {
    let client = connect(stand.url);
    while (sent < documents) {
      sent += 1;
      if (kind < 4) await byHttp();
      else if (kind < 7) await byWebSocket(client);
      else await byEvents();
      if (sent % 200 === 0) {
        await client.dispose();
        client = connect(stand.url);
      }
    }
    await client.dispose();
  };
  // Once, so that what is made at first use is not taken for what is kept.
  for (let index = 0; index < 50; index += 1) await byHttp();
  const report = await attacked(stand, { before: 5, after: 5 }, async serve => {
    const working = Promise.all(Array.from({ length: 8 }, (_, kind) => worker(kind)));
    let last = await serve(1);
    let done = false;
    void working.then(() => {
      done = true;
    });
    while (!done) last = worse(last, await serve(5));
    await working;
    return last;
  });
  const { memory, problems } = report;
  if (memory.after > memory.before * MEMORY_GROWTH) {
    return {
      ...report,
      documents: sent,
      answers,
      problems: [...problems, `memory went from ${memory.before} to ${memory.after} MiB`],
    };
  }
  return { ...report, documents: sent, answers, problems: [...problems, ...masked] };
}

function worse(a: Service, b: Service): Service {
  return b.p99Ms > a.p99Ms ? b : a;
}
