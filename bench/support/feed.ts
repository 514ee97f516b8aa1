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
  readonly #heartbeat: NodeJS.Timeout;

  constructor(snapshot: (channel: string, symbol: string) => string | undefined = () => undefined) {
    this.#snapshot = snapshot;
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
      const result = { channel, symbol: one, snapshot: true, ...(params.depth && { depth: params.depth }) };
      yield JSON.stringify({ method, result, success: true, req_id });
    }
    if (method !== 'subscribe') return;
    for (const one of symbol) {
      const snapshot = this.#snapshot(channel, one);
      if (snapshot !== undefined) yield snapshot;
    }
  }
}
