import { createClient } from 'graphql-ws/client';
import type { TypedDocumentString } from '../generated/operations.ts';
import { ApiError, errorOf, NOT_REACHED, OUTDATED } from './error.ts';
import { Link } from './link.ts';

/** Ends a subscription. */
export type Stop = () => void;

export interface Sink<Result> {
  next(result: Result): void;
  /** The subscription ended, or the connection did: what was heard is the last known, and what comes next is new. */
  interrupted(): void;
  /** What is wrong. Unless it {@link ApiError.isFinal | is final}, it is tried again and values may follow. */
  failed(error: ApiError): void;
}

/** A server that says nothing for this long after it was asked is gone. */
const PING_EVERY_MS = 5_000;
const PONG_WITHIN_MS = 4_000;
/** Between attempts to connect: doubles from the first to the last, with jitter. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** A query that is not answered by then is not any more. */
const ANSWER_WITHIN_MS = 15_000;
/** Before a subscription that ended is asked for again. */
const AGAIN_AFTER_MS = 1_000;
const CLOSE_BAD_TOKEN = 4403;

/** The GraphQL API of the server that this page came from: subscriptions over one WebSocket, queries over HTTP. */
export class Api {
  readonly link = new Link();
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #client: ReturnType<typeof createClient>;
  readonly #leaveLink: Stop;

  /** @param token grants balances; it is kept nowhere but here */
  constructor(path: string, token?: string) {
    this.#path = path;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    let pong: ReturnType<typeof setTimeout> | undefined;
    this.#client = createClient({
      url: new URL(path, location.href.replace(/^http/, 'ws')).href,
      connectionParams: this.#headers,
      keepAlive: PING_EVERY_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: event => (event as { code?: number }).code !== CLOSE_BAD_TOKEN,
      retryWait: retries => {
        const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries);
        return new Promise(resolve => setTimeout(resolve, longestMs * (0.5 + Math.random() / 2)));
      },
      on: {
        ping: received => {
          // Gone at once: a closing handshake would wait for the one that says nothing.
          if (!received) pong = setTimeout(() => this.#client.terminate(), PONG_WITHIN_MS);
        },
        pong: received => {
          if (received) clearTimeout(pong);
        },
        closed: () => clearTimeout(pong),
      },
    });
    this.#leaveLink = this.link.follow(this.#client);
  }

  /** Calls back at each connection, the first and every further one. */
  onConnected(connected: () => void): Stop {
    return this.#client.on('connected', connected);
  }

  /** Subscribes, and again whenever the subscription ends by anything but a final error. */
  subscribe<Result, Variables extends Record<string, unknown>>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    sink: Sink<Result>,
  ): Stop {
    let stopped = false;
    let leave: Stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A final error may come as a result, and the end after it.
    let isFinal = false;
    const stopListening = this.#client.on('closed', () => sink.interrupted());
    const fail = (error: ApiError): void => {
      isFinal = error.isFinal;
      this.#notice(error);
      sink.failed(error);
    };
    const ended = (cause: unknown): void => {
      if (stopped) return;
      sink.interrupted();
      if (cause !== undefined) fail(this.#explain(cause));
      if (!isFinal) timer = setTimeout(begin, AGAIN_AFTER_MS);
    };
    const begin = (): void => {
      leave = this.#client.subscribe<Result>(
        { query: String(document), variables },
        {
          next: ({ data, errors }) => {
            if (stopped) return;
            if (errors !== undefined) fail(errorOf(errors));
            else if (data != null) sink.next(data);
          },
          error: ended,
          complete: () => ended(undefined),
        },
      );
    };
    begin();
    return () => {
      stopped = true;
      clearTimeout(timer);
      stopListening();
      leave();
    };
  }

  /** @throws {ApiError} */
  async query<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(this.#path, {
      method: 'POST',
      headers: { ...this.#headers, 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ query: String(document), variables }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch(() => {
      throw new ApiError('The server is not reached', { code: NOT_REACHED });
    });
    // Whatever else stands there (a proxy's page, say) is no answer.
    const answer: unknown = await response.json().catch(() => undefined);
    const { data, errors } = (answer ?? {}) as { data?: Result | null; errors?: unknown[] };
    if (errors !== undefined) throw this.#notice(errorOf(errors));
    if (data == null) throw new ApiError(`The server answered with status ${response.status}`);
    return data;
  }

  /** Ends what is under way and leaves the server. */
  close(): void {
    this.#leaveLink();
    // It waits for a connection that may never come about.
    Promise.resolve(this.#client.dispose()).catch(() => {});
  }

  /** That the server does not understand what this page asks is said once, whatever was asked. */
  #notice(error: ApiError): ApiError {
    if (error.code === OUTDATED) this.link.outdate(error.reason ?? error.message);
    return error;
  }

  #explain(cause: unknown): ApiError {
    if ((cause as { code?: unknown } | null)?.code !== CLOSE_BAD_TOKEN) return errorOf(cause);
    return new ApiError('This is not the access token of the server', { code: 'UNAUTHENTICATED' });
  }
}
