import type { WebSocket } from 'ws';
import { TokenBucket } from '../lib/token-bucket.ts';
import { acknowledgement, type ParsedRequest, parseRequest, pong, refusal } from './protocol.ts';
import { write } from './wire.ts';

/** Where a session's data come from: the wandering market, or a recording. */
export interface Source {
  /** The first frame of every connection. */
  status(connectionId: string): string;
  /** Whether the symbol can be subscribed to. */
  lists(channel: string, symbol: string): boolean;
  /** What a new subscription gets first; undefined for nothing. */
  snapshot(channel: string, symbol: string, depth: number): string | undefined;
}

const HEARTBEAT_MS = 1_000;
const HEARTBEAT = write({ channel: 'heartbeat' });
/** Kraken names no number; clients that stay below this in the field are left alone. */
const REQUESTS_PER_SECOND = 20;
const REQUESTS_AT_ONCE = 50;
const RATE_EXCEEDED = write({ Error: 'Exceeded msg rate' });

/** One client of the simulated exchange: its socket and what it is subscribed to. */
export class Session {
  readonly #socket: WebSocket;
  readonly #source: Source;
  readonly #endpoint: 'public' | 'private';
  /** `channel symbol` → depth, 0 where there is none. */
  readonly #subscriptions = new Map<string, number>();
  readonly #allowance = new TokenBucket(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE, Date.now());
  #heartbeat: NodeJS.Timeout | undefined;
  /** Texts of the requests received, in order. */
  readonly requests: string[] = [];

  constructor(socket: WebSocket, source: Source, endpoint: 'public' | 'private', connectionId: string) {
    this.#socket = socket;
    this.#source = source;
    this.#endpoint = endpoint;
    socket.on('message', data => this.#receive(String(data)));
    socket.on('close', () => clearInterval(this.#heartbeat));
    socket.on('error', () => socket.terminate());
    this.send(source.status(connectionId));
  }

  /** Sends one frame, whatever it is. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
  }

  isSubscribed(channel: string, symbol = ''): boolean {
    return this.#subscriptions.has(`${channel} ${symbol}`);
  }

  /** The depth of its subscription to this book; 0 without one. */
  bookDepth(symbol: string): number {
    return this.#subscriptions.get(`book ${symbol}`) ?? 0;
  }

  /** Ends the connection without a closing handshake. */
  drop(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    this.requests.push(text);
    const receivedMs = Date.now();
    if (this.#allowance.take(receivedMs) > 0) {
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

  #subscribe(request: ParsedRequest & { kind: 'subscribe' | 'unsubscribe' }, receivedMs: number): void {
    const { channel, reqId, snapshot, echo } = request;
    const accepted: string[] = [];
    for (const symbol of request.symbols.length > 0 ? request.symbols : ['']) {
      const known = symbol === '' || this.#source.lists(channel, symbol);
      const error = !known
        ? `Currency pair not supported ${symbol}`
        : this.isSubscribed(channel, symbol)
          ? 'Already subscribed'
          : undefined;
      if (error !== undefined) {
        this.send(
          refusal({ method: 'subscribe', reqId, error, receivedMs, ...(symbol !== '' && { symbol }) }),
        );
        continue;
      }
      this.#subscriptions.set(`${channel} ${symbol}`, request.depth);
      accepted.push(symbol);
      const named = symbol === '' ? undefined : symbol;
      this.send(
        acknowledgement({ method: 'subscribe', reqId, channel, symbol: named, snapshot, echo, receivedMs }),
      );
    }
    if (accepted.length > 0) this.#startHeartbeat();
    if (!snapshot) return;
    for (const symbol of accepted) {
      const text = this.#source.snapshot(channel, symbol, request.depth);
      if (text !== undefined) this.send(text);
    }
  }

  #unsubscribe(request: ParsedRequest & { kind: 'subscribe' | 'unsubscribe' }, receivedMs: number): void {
    const { channel, reqId, echo } = request;
    for (const symbol of request.symbols.length > 0 ? request.symbols : ['']) {
      const named = symbol === '' ? {} : { symbol };
      const key = `${channel} ${symbol}`;
      // An unsubscribe names the same depth, or it finds nothing.
      if (this.#subscriptions.get(key) !== request.depth || !this.#subscriptions.delete(key)) {
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
