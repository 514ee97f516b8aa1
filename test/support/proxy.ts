import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What the network does with bytes that are on their way. */
export interface Weather {
  /** Nothing arrives any more, in either direction, and nobody is told: a half-open connection. */
  blackhole: boolean;
  /** Milliseconds that every piece is late. */
  latencyMs: number;
  /** Every byte is a packet of its own. */
  byByte: boolean;
  /** Connections are accepted and reset at once. */
  refusing: boolean;
}

/** The network between two parties, as bad as a test wants it. */
export class TcpProxy implements AsyncDisposable {
  readonly weather: Weather = { blackhole: false, latencyMs: 0, byByte: false, refusing: false };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer(socket => this.#accept(socket));
  }

  /** @param target port on this machine */
  static async to(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Both ends of every connection are told that it is broken. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(near: Socket): void {
    near.on('error', () => {});
    if (this.weather.refusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    this.#join(near, far);
    this.#join(far, near);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => {});
    from.on('data', (bytes: Buffer) => {
      if (this.weather.blackhole) return;
      const pieces = this.weather.byByte ? Array.from(bytes, byte => Buffer.from([byte])) : [bytes];
      if (this.weather.latencyMs === 0) for (const piece of pieces) this.#write(to, piece);
      else this.#later(() => pieces.forEach(piece => void this.#write(to, piece)));
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.weather.blackhole) to.destroy();
    });
  }

  #write(to: Socket, piece: Buffer): void {
    if (!to.destroyed && !this.weather.blackhole) to.write(piece);
  }

  #later(callback: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, this.weather.latencyMs);
    this.#timers.add(timer);
  }
}
