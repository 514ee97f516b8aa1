import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Result {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: unknown;
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** One GraphQL operation over HTTP. */
export async function query(
  url: string,
  text: string,
  variables: object = {},
  token?: string,
): Promise<Result> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...bearer(token) },
    body: JSON.stringify({ query: text, variables }),
  });
  return (await response.json()) as Result;
}

/** The values of a subscription, taken one after the other. Waits for what has not come yet, and no longer than 10 s. */
export class Values implements AsyncDisposable {
  readonly #values: Result[] = [];
  #wake: () => void = () => {};
  #end: 'open' | 'complete' | { readonly error: unknown } = 'open';
  readonly #stop: () => void | Promise<void>;

  constructor(
    start: (push: (value: Result) => void, end: (error?: unknown) => void) => () => void | Promise<void>,
  ) {
    this.#stop = start(
      value => {
        this.#values.push(value);
        this.#wake();
      },
      error => {
        this.#end = error === undefined ? 'complete' : { error };
        this.#wake();
      },
    );
  }

  /** Values that have come and were not taken. */
  get waiting(): number {
    return this.#values.length;
  }

  get ended(): boolean {
    return this.#end !== 'open';
  }

  async next(): Promise<Result> {
    const deadline = AbortSignal.timeout(10_000);
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) return value;
      if (typeof this.#end === 'object') throw this.#end.error;
      if (this.#end === 'complete') throw new Error('the subscription is complete');
      if (deadline.aborted) throw new Error('no value came within ten seconds');
      await new Promise<void>(resolve => {
        this.#wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Takes values until one satisfies the condition. */
  async until(condition: (value: Result) => boolean): Promise<Result> {
    for (;;) {
      const value = await this.next();
      if (condition(value)) return value;
    }
  }

  /** Waits until the operation is over. */
  async complete(): Promise<void> {
    await this.until(() => false).catch((error: unknown) => {
      if (this.#end !== 'complete') throw error;
    });
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** graphql-ws's own client, as a front-end uses it. */
export function connect(url: string, token?: string): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    ...(token !== undefined && { connectionParams: { Authorization: `Bearer ${token}` } }),
    retryAttempts: 0,
  });
}

export function subscribe(client: Client, text: string, variables?: Record<string, unknown>): Values {
  return new Values((push, end) =>
    client.subscribe(
      { query: text, ...(variables && { variables }) },
      { next: value => push(value as Result), error: end, complete: () => end() },
    ),
  );
}

/** The same over server-sent events. */
export function subscribeByEvents(url: string, text: string, variables: object = {}, token?: string): Values {
  return new Values((push, end) => {
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(token) },
        body: JSON.stringify({ query: text, variables }),
        signal: abort.signal,
      });
      let buffered = '';
      for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(
        new TextDecoderStream(),
      )) {
        buffered += chunk;
        const events = buffered.split('\n\n');
        buffered = events.pop() ?? '';
        for (const event of events) {
          const data = /^data: ?(.+)$/m.exec(event)?.[1];
          if (/^event: complete/m.test(event)) end();
          else if (data !== undefined) push(JSON.parse(data) as Result);
        }
      }
      end();
    };
    read().catch(end);
    return () => abort.abort();
  });
}

/** Looks again and again until the condition holds, and fails after ten seconds, or when told. */
export async function eventually<Value>(
  look: () => Value | Promise<Value>,
  holds: (value: Value) => boolean,
  withinSeconds = 10,
): Promise<Value> {
  const deadline = performance.now() + withinSeconds * 1_000;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (performance.now() > deadline)
      throw new Error(`still not so after ${withinSeconds} seconds: ${JSON.stringify(value)}`);
    await delay(5);
  }
}
