import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { serverFrame } from './frames.ts';

interface SubscribeRequest {
  readonly method: string;
  readonly req_id?: number;
  readonly params?: {
    readonly channel?: string;
    readonly symbol?: readonly string[];
    readonly depth?: number;
  };
}

/** Frames in one write. */
const BATCH = 200;

const GREETING =
  '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1}]}';

/**
 * As much of the exchange as a benchmark needs: accepts what is subscribed to, and sends what it is given, as fast as
 * sockets take it.
 */
export class Feed {
  readonly #server: Server = createServer();
  readonly #websockets = new WebSocketServer({ server: this.#server, perMessageDeflate: false });
  readonly #sockets = new Set<Socket>();
  /** Sent to whoever subscribes to a channel, for each of its symbols. */
  readonly #snapshot: (channel: string, symbol: string) => string | undefined;
  readonly #lists: (symbol: string) => boolean;
  readonly #subscribed = Promise.withResolvers<void>();
  /** Pairs whose trades someone has subscribed to. */
  readonly trading = new Set<string>();
  readonly #heartbeat: NodeJS.Timeout;

  /** @param lists whether a pair is known here; a subscription to another is refused */
  constructor(
    snapshot: (channel: string, symbol: string) => string | undefined = () => undefined,
    lists: (symbol: string) => boolean = () => true,
  ) {
    this.#snapshot = snapshot;
    this.#lists = lists;
    this.#websockets.on('connection', (websocket, { socket }) => {
      this.#sockets.add(socket);
      websocket.on('close', () => this.#sockets.delete(socket));
      websocket.send(GREETING);
      websocket.on('message', data => {
        for (const answer of this.#answer(JSON.parse(String(data)))) websocket.send(answer);
      });
    });
    this.#heartbeat = setInterval(() => this.send([serverFrame('{"channel":"heartbeat"}')]), 1_000);
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v2`;
  }

  /** Ready-made frames to everyone who is connected, in one write. Returns whether sockets take more. */
  send(frames: readonly Buffer[]): boolean {
    const bytes = Buffer.concat(frames);
    let ready = true;
    for (const socket of this.#sockets) ready = socket.write(bytes) && ready;
    return ready;
  }

  /** Until somebody has subscribed to a channel that has a snapshot. */
  async subscribed(): Promise<void> {
    await this.#subscribed.promise;
  }

  /** Sends so many frames of a source as fast as sockets take them. */
  async pump(source: { next(): Buffer }, count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) {
      const frames = Array.from({ length: Math.min(BATCH, left) }, () => source.next());
      if (!this.send(frames)) await this.#drained();
    }
  }

  /** Sends frames at a steady rate: at each tick of a millisecond what is due. */
  async pace(source: { next(): Buffer }, perSecond: number, seconds: number): Promise<void> {
    const startMs = performance.now();
    const total = Math.round(perSecond * seconds);
    let sent = 0;
    await new Promise<void>(resolve => {
      const tick = setInterval(() => {
        const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1_000) * perSecond));
        const frames = Array.from({ length: due - sent }, () => source.next());
        sent = due;
        if (frames.length > 0) this.send(frames);
        if (due < total) return;
        clearInterval(tick);
        resolve();
      }, 1);
    });
  }

  async #drained(): Promise<void> {
    for (const socket of this.#sockets) if (socket.writableNeedDrain) await once(socket, 'drain');
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    for (const websocket of this.#websockets.clients) websocket.terminate();
    this.#server.close();
  }

  *#answer({ method, req_id, params = {} }: SubscribeRequest): Iterable<string> {
    if (method === 'ping') yield JSON.stringify({ method: 'pong', req_id });
    const { channel, symbol = [] } = params;
    if (channel === undefined) return;
    for (const one of symbol) {
      if (!this.#lists(one)) {
        const error = `Currency pair not supported ${one}`;
        yield JSON.stringify({ error, method, req_id, success: false, symbol: one });
        continue;
      }
      const result = { channel, symbol: one, snapshot: true, ...(params.depth && { depth: params.depth }) };
      yield JSON.stringify({ method, result, success: true, req_id });
    }
    if (method !== 'subscribe') return;
    if (channel === 'trade') for (const one of symbol) this.trading.add(one);
    for (const one of symbol.filter(this.#lists)) {
      const snapshot = this.#snapshot(channel, one);
      if (snapshot === undefined) continue;
      yield snapshot;
      this.#subscribed.resolve();
    }
  }
}
