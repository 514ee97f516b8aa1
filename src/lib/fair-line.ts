/** Bounds of a line. */
export interface FairLineOptions {
  /** Work under way at once. */
  readonly atOnce: number;
  /** The same of one client. */
  readonly atOnceEach: number;
  /** Work that waits for its turn. */
  readonly waiting: number;
  /** The same of one client. */
  readonly waitingEach: number;
  /** What to throw when there is no more room. */
  readonly full: (allowed: number) => Error;
}

export interface Place {
  /** Who asks: clients take turns. Undefined for this process itself, which has no bound of its own. */
  readonly client?: string | undefined;
  /** Goes before everything that is not. */
  readonly urgent?: boolean;
  /** Whoever asks has gone when it is aborted. */
  readonly gone?: AbortSignal | undefined;
}

/** In whose name what is urgent waits, and what this process wants for itself. */
const URGENT = Symbol('urgent');
const ITSELF = Symbol('itself');
type Owner = string | typeof URGENT | typeof ITSELF;

interface Work<Result> {
  readonly key: string;
  readonly run: (client: string | undefined) => Promise<Result>;
  readonly promise: Promise<Result>;
  readonly settle: (result: Promise<Result>) => void;
  started: boolean;
  /** How many still wait for it, in each name. */
  readonly waiters: Map<Owner, number>;
}

/**
 * Work that waits for its turn. Clients take turns, whatever each has waiting, and what several ask for under one key is
 * done once, in the first of their turns.
 */
export class FairLine<Result> {
  readonly #options: FairLineOptions;
  /** What each client has waiting; whoever is first has the next turn. */
  readonly #queues = new Map<Owner, Set<Work<Result>>>();
  readonly #byKey = new Map<string, Work<Result>>();
  readonly #running = new Map<Owner, number>();
  #underWay = 0;
  #waiting = 0;

  constructor(options: FairLineOptions) {
    this.#options = options;
  }

  /** @throws what `full` makes, and the reason of `gone` */
  async enter(
    key: string,
    run: (client: string | undefined) => Promise<Result>,
    { client, urgent = false, gone }: Place = {},
  ): Promise<Result> {
    gone?.throwIfAborted();
    const owner: Owner = urgent ? URGENT : (client ?? ITSELF);
    const work = this.#join(key, owner, run);
    work.waiters.set(owner, (work.waiters.get(owner) ?? 0) + 1);
    this.#next();
    return gone === undefined ? work.promise : untilGone(work.promise, gone, () => this.#leave(work, owner));
  }

  #join(key: string, owner: Owner, run: Work<Result>['run']): Work<Result> {
    const known = this.#byKey.get(key);
    // What is under way, or waits in this name already, takes no further place.
    if (known?.started || (known !== undefined && this.#queues.get(owner)?.has(known))) return known;
    const { waiting, waitingEach, full } = this.#options;
    const mine = this.#queues.get(owner) ?? new Set();
    const allowed = typeof owner === 'string' ? waitingEach : waiting;
    if (mine.size >= allowed) throw full(allowed);
    if (this.#waiting >= waiting) throw full(waiting);
    const work = known ?? newWork(key, run);
    this.#byKey.set(key, work);
    mine.add(work);
    this.#queues.set(owner, mine);
    this.#waiting += 1;
    return work;
  }

  /** Whoever waited has gone: the place is free at once. */
  #leave(work: Work<Result>, owner: Owner): void {
    const waiters = (work.waiters.get(owner) ?? 1) - 1;
    if (waiters > 0) {
      work.waiters.set(owner, waiters);
      return;
    }
    work.waiters.delete(owner);
    this.#leaveQueue(work, owner);
    if (work.waiters.size === 0 && !work.started) this.#byKey.delete(work.key);
  }

  #leaveQueue(work: Work<Result>, owner: Owner): void {
    const queue = this.#queues.get(owner);
    if (queue?.delete(work)) this.#waiting -= 1;
    if (queue?.size === 0) this.#queues.delete(owner);
  }

  #next(): void {
    while (this.#underWay < this.#options.atOnce) {
      const owner = this.#whoseTurn();
      const [work] = (owner !== undefined && this.#queues.get(owner)) || [];
      if (owner === undefined || work === undefined) return;
      this.#start(owner, work);
    }
  }

  #whoseTurn(): Owner | undefined {
    if (this.#queues.has(URGENT)) return URGENT;
    for (const owner of this.#queues.keys()) {
      if (typeof owner !== 'string' || (this.#running.get(owner) ?? 0) < this.#options.atOnceEach)
        return owner;
    }
    return undefined;
  }

  #start(owner: Owner, work: Work<Result>): void {
    work.started = true;
    for (const name of work.waiters.keys()) this.#leaveQueue(work, name);
    // The others have their turns first.
    const rest = this.#queues.get(owner);
    if (rest !== undefined) {
      this.#queues.delete(owner);
      this.#queues.set(owner, rest);
    }
    this.#underWay += 1;
    this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1);
    const result = work.run(typeof owner === 'string' ? owner : undefined).finally(() => {
      this.#underWay -= 1;
      const running = (this.#running.get(owner) ?? 1) - 1;
      if (running === 0) this.#running.delete(owner);
      else this.#running.set(owner, running);
      this.#byKey.delete(work.key);
      this.#next();
    });
    work.settle(result);
  }
}

function newWork<Result>(key: string, run: Work<Result>['run']): Work<Result> {
  const { promise, resolve: settle } = Promise.withResolvers<Result>();
  // Whoever waited may have gone: then a failure concerns no one.
  promise.catch(() => {});
  return { key, run, promise, settle, started: false, waiters: new Map() };
}

/** The result, or a rejection with the signal's reason as soon as whoever waits has gone. */
export async function untilGone<Result>(
  promise: Promise<Result>,
  gone: AbortSignal,
  leave: () => void = () => {},
): Promise<Result> {
  gone.throwIfAborted();
  let tell = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    tell = () => {
      leave();
      reject(gone.reason as Error);
    };
    gone.addEventListener('abort', tell, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    gone.removeEventListener('abort', tell);
  }
}
