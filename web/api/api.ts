import { createClient } from 'graphql-ws/client';
import type { TypedDocumentString } from '../generated/operations.ts';
import { ApiError, errorOf } from './error.ts';
import { Link } from './link.ts';

/** Ends a subscription. */
export type Stop = () => void;

export interface Sink<Result> {
  next(result: Result): void;
  /** What is wrong. Unless it {@link ApiError.isFinal | is final}, it is tried again and values may follow. */
  failed(error: ApiError): void;
}

/** A server that says nothing for this long after it was asked is gone. */
const PING_EVERY_MS = 5_000;
const PONG_WITHIN_MS = 4_000;
/** Between attempts to connect: doubles from the first to the last, with jitter. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** Before a subscription that ended is asked for again. */
const AGAIN_AFTER_MS = 1_000;
const CLOSE_BAD_TOKEN = 4403;

/** The GraphQL API of the server that this page came from: subscriptions over one WebSocket, queries over HTTP. */
export class Api {
  readonly link = new Link();
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #client: ReturnType<typeof createClient>;

  /** @param token grants balances; it is kept nowhere but here */
  constructor(path: string, token?: string) {
    this.#path = path;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    let pong: ReturnType<typeof setTimeout> | undefined;
    let socket: WebSocket | undefined;
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
        opened: opened => {
          socket = opened as WebSocket;
        },
        ping: received => {
          if (!received) pong = setTimeout(() => socket?.close(4408, 'no answer to a ping'), PONG_WITHIN_MS);
        },
        pong: received => {
          if (received) clearTimeout(pong);
        },
        closed: () => clearTimeout(pong),
      },
    });
    this.link.follow(this.#client);
  }

  /**
   * Subscribes, and again whenever the subscription ends by anything but a final error.
   *
   * @param variables asked for anew each time that the server is
   */
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: () => Variables,
    sink: Sink<Result>,
  ): Stop {
    let stopped = false;
    let leave: Stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ended = (cause: unknown): void => {
      if (stopped) return;
      const error = cause === undefined ? undefined : this.#explain(cause);
      if (error !== undefined) sink.failed(error);
      if (!error?.isFinal) timer = setTimeout(begin, AGAIN_AFTER_MS);
    };
    const begin = (): void => {
      const payload = {
        query: String(document),
        get variables() {
          return variables() as Record<string, unknown>;
        },
      };
      leave = this.#client.subscribe<Result>(payload, {
        next: ({ data, errors }) => {
          if (stopped) return;
          if (errors !== undefined) sink.failed(errorOf(errors));
          else if (data != null) sink.next(data);
        },
        error: ended,
        complete: () => ended(undefined),
      });
    };
    begin();
    return () => {
      stopped = true;
      clearTimeout(timer);
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
    }).catch((error: unknown) => {
      throw errorOf(error);
    });
    const { data, errors } = (await response.json()) as { data?: Result | null; errors?: unknown[] };
    if (errors !== undefined) throw errorOf(errors);
    if (data == null) throw new ApiError(`The server answered with status ${response.status}`);
    return data;
  }

  /** Ends what is under way and leaves the server. */
  close(): void {
    void this.#client.dispose();
  }

  #explain(cause: unknown): ApiError {
    if ((cause as { code?: unknown } | null)?.code !== CLOSE_BAD_TOKEN) return errorOf(cause);
    return new ApiError('This is not the access token of the server', { code: 'UNAUTHENTICATED' });
  }
}
