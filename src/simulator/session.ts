import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { TokenBucket } from '../lib/token-bucket.ts';
import type { Faults } from './faults.ts';
import { acknowledgement, type ParsedRequest, parseRequest, pong, refusal } from './protocol.ts';
import { INTERVALS } from './tape.ts';
import { write } from './wire.ts';

/** Where a session's data come from: the wandering market, or a recording. */
export interface Source {
  /** The first frame of every connection. */
  status(connectionId: string): string;
  /** Whether the symbol can be subscribed to. */
  lists(channel: string, symbol: string): boolean;
  /** Kraken's words for what is wrong with a token; undefined if nothing is. */
  refusal(channel: string, token: string): string | undefined;
  /** What a new subscription gets first; undefined for nothing. */
  snapshot(request: SnapshotRequest): SnapshotContent | undefined;
}

/** @see {@link Source.snapshot} */
export interface SnapshotRequest {
  readonly channel: string;
  readonly symbol: string;
  readonly depth: number;
  readonly interval: number;
  readonly tokenized: boolean;
}

/** Text that is sent as it is, or rows of a private channel, which need a sequence. */
export type SnapshotContent = string | { readonly rows: readonly object[] };

/** How a connection is cut. */
export type DropKind = 'fin' | 'rst' | 'end';

type Subscription = ParsedRequest & { readonly kind: 'subscribe' | 'unsubscribe' };

const HEARTBEAT_MS = 1_000;
const HEARTBEAT = write({ channel: 'heartbeat' });
/** Kraken names no number; clients that stay below this in the field are left alone. */
const REQUESTS_PER_SECOND = 20;
const REQUESTS_AT_ONCE = 50;
const RATE_EXCEEDED = write({ Error: 'Exceeded msg rate' });
/** Whoever subscribes to nothing is closed. */
const IDLE_MS = { private: 15_000, public: 60_000 } as const;

/** One client of the simulated exchange: its socket and what it is subscribed to. */
export class Session {
  readonly #socket: WebSocket;
  readonly #tcp: Socket;
  readonly #source: Source;
  readonly #faults: Faults;
  readonly #endpoint: 'public' | 'private';
  readonly #connectionId: string;
  /** By {@link keyOf}. */
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #sequences = new Map<string, number>();
  readonly #allowance = new TokenBucket(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE, Date.now());
  #heartbeat: NodeJS.Timeout | undefined;
  /** Texts of the requests received, in order. */
  readonly requests: string[] = [];

  constructor(
    socket: WebSocket,
    tcp: Socket,
    source: Source,
    faults: Faults,
    endpoint: 'public' | 'private',
    connectionId: string,
  ) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#source = source;
    this.#faults = faults;
    this.#endpoint = endpoint;
    this.#connectionId = connectionId;
    const idle = setTimeout(() => this.#closeIfIdle(), IDLE_MS[endpoint]);
    socket.on('message', data => this.#receive(String(data)));
    socket.on('close', () => {
      clearInterval(this.#heartbeat);
      clearTimeout(idle);
    });
    socket.on('error', () => socket.terminate());
    this.sendStatus();
  }

  /** Tells how the trading engine is. */
  sendStatus(): void {
    this.send(this.#source.status(this.#connectionId));
  }

  /** Holds back what is sent until {@link uncork}, so that it leaves at once. */
  cork(): void {
    this.#tcp.cork();
  }

  uncork(): void {
    this.#tcp.uncork();
  }

  /** Sends one frame, whatever it is. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#faults.stalled) return;
    this.#socket.send(text);
  }

  /** Sends rows of a private channel with the next number of its sequence, if it is subscribed. */
  sendRows(channel: string, type: 'snapshot' | 'update', data: readonly object[]): void {
    if (!this.isSubscribed(channel)) return;
    const step = type === 'snapshot' ? 1 : this.#faults.takeSequenceStep(channel);
    const sequence = (type === 'snapshot' ? 0 : (this.#sequences.get(channel) ?? 0)) + step;
    this.#sequences.set(channel, sequence);
    if (this.#faults.isMuted(channel, '')) return;
    this.send(write({ channel, type, data, sequence }));
  }

  isSubscribed(channel: string, symbol = '', interval = 0): boolean {
    return this.#subscriptions.has(keyOf(channel, symbol, interval));
  }

  /** Whether it sees trades of this pair, as such or as candles. */
  followsTrades(symbol: string): boolean {
    return [0, ...INTERVALS].some(interval =>
      this.isSubscribed(interval === 0 ? 'trade' : 'ohlc', symbol, interval),
    );
  }

  /** The depth of its subscription to this book; 0 without one. */
  bookDepth(symbol: string): number {
    return Number(this.#subscriptions.get(keyOf('book', symbol, 0))?.variant ?? 0);
  }

  /** What makes it get a ticker of this pair, `trades` or `bbo`; undefined without a subscription. */
  tickerTrigger(symbol: string): string | number | undefined {
    return this.#subscriptions.get(keyOf('ticker', symbol, 0))?.variant;
  }

  /** Whether its list of pairs has those of tokenized assets. */
  get wantsTokenized(): boolean {
    return this.#subscriptions.get(keyOf('instrument', '', 0))?.tokenized ?? false;
  }

  /** Ends the connection without a closing handshake: `fin` and `end` say goodbye to TCP alone, `rst` not even that. */
  drop(kind: DropKind = 'end'): void {
    if (kind === 'rst') this.#tcp.resetAndDestroy();
    else if (kind === 'fin') this.#tcp.end();
    else this.#socket.terminate();
  }

  #closeIfIdle(): void {
    if (this.#subscriptions.size === 0) this.#socket.close(1000);
  }

  #receive(text: string): void {
    if (this.#faults.stalled) return;
    this.requests.push(text);
    const receivedMs = Date.now();
    if (this.#faults.takeRateLimit() || this.#allowance.take(receivedMs) > 0) {
      this.send(RATE_EXCEEDED);
      return;
    }
    const request = parseRequest(text, this.#endpoint, receivedMs);
    switch (request.kind) {
      case 'answer':
        this.send(request.text);
        return;
      case 'ping':
        this.send(pong(request.reqId, receivedMs));
        return;
      case 'subscribe':
        this.#subscribe(request, receivedMs);
        return;
      case 'unsubscribe':
        this.#unsubscribe(request, receivedMs);
        return;
    }
  }

  #subscribe(request: Subscription, receivedMs: number): void {
    const { channel, reqId, snapshot, echo, interval, tokenized } = request;
    const depth = Number(request.variant);
    const invalid = this.#invalidToken(request);
    if (invalid !== undefined) {
      this.send(refusal({ method: 'subscribe', reqId, error: invalid, receivedMs, channel }));
      return;
    }
    const accepted: string[] = [];
    for (const symbol of request.symbols.length > 0 ? request.symbols : ['']) {
      const known = symbol === '' || this.#source.lists(channel, symbol);
      const error = !known
        ? `Currency pair not supported ${symbol}`
        : this.isSubscribed(channel, symbol, interval)
          ? 'Already subscribed'
          : undefined;
      if (error !== undefined) {
        this.send(
          refusal({ method: 'subscribe', reqId, error, receivedMs, ...(symbol !== '' && { symbol }) }),
        );
        continue;
      }
      this.#subscriptions.set(keyOf(channel, symbol, interval), request);
      accepted.push(symbol);
      const named = symbol === '' ? undefined : symbol;
      this.send(
        acknowledgement({ method: 'subscribe', reqId, channel, symbol: named, snapshot, echo, receivedMs }),
      );
    }
    if (accepted.length > 0) this.#startHeartbeat();
    if (!snapshot) return;
    const send = (): void => {
      for (const symbol of accepted) this.#sendSnapshot({ channel, symbol, depth, interval, tokenized });
    };
    if (this.#faults.snapshotDelayMs > 0) setTimeout(send, this.#faults.snapshotDelayMs);
    else send();
  }

  #invalidToken({ channel, token }: Subscription): string | undefined {
    if (token === undefined) return undefined;
    return this.#faults.takeTokenRejection()
      ? 'ESession:Invalid session'
      : this.#source.refusal(channel, token);
  }

  #sendSnapshot(request: SnapshotRequest): void {
    const { channel, symbol, interval } = request;
    if (!this.isSubscribed(channel, symbol, interval) || this.#faults.isMuted(channel, symbol)) return;
    const content = this.#source.snapshot(request);
    if (typeof content === 'string') this.send(content);
    else if (content !== undefined) this.sendRows(channel, 'snapshot', content.rows);
  }

  #unsubscribe(request: Subscription, receivedMs: number): void {
    const { channel, reqId, echo, interval } = request;
    for (const symbol of request.symbols.length > 0 ? request.symbols : ['']) {
      const named = symbol === '' ? {} : { symbol };
      const key = keyOf(channel, symbol, interval);
      // An unsubscribe names the same trigger, depth or interval, or it finds nothing.
      if (this.#subscriptions.get(key)?.variant !== request.variant || !this.#subscriptions.delete(key)) {
        this.send(
          refusal({ method: 'unsubscribe', reqId, error: 'Subscription Not Found', receivedMs, ...named }),
        );
        continue;
      }
      this.send(
        acknowledgement({
          method: 'unsubscribe',
          reqId,
          channel,
          symbol: symbol === '' ? undefined : symbol,
          snapshot: undefined,
          echo,
          receivedMs,
        }),
      );
    }
  }

  /** Once a second from the first subscription on, whatever else is sent. */
  #startHeartbeat(): void {
    if (this.#heartbeat !== undefined) return;
    this.send(HEARTBEAT);
    this.#heartbeat = setInterval(() => this.send(HEARTBEAT), HEARTBEAT_MS);
  }
}

/** What makes two subscriptions of one connection the same; two depths of a book are, and two triggers of a ticker. */
function keyOf(channel: string, symbol: string, interval: number): string {
  return `${channel} ${symbol} ${interval}`;
}
