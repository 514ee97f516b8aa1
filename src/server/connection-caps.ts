import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback, isPrivate } from '../lib/addresses.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { isProbe, pathOf } from './paths.ts';

export interface ConnectionLimits {
  /** TCP connections at once, over all addresses. */
  readonly connections: number;
  /** The same of one public address. Others have no such limit: behind a proxy everyone comes from there. */
  readonly connectionsPerAddress: number;
  /** Places beyond these, on which probes are answered and nothing else. */
  readonly reserve: number;
}

/** Why there is no room. */
export type Cap = 'connections' | 'connectionsPerAddress';

const RETRY_AFTER_SECONDS = 5;
const REFUSAL = `HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: ${RETRY_AFTER_SECONDS}\r\nContent-Length: 0\r\n\r\n`;

/** Places in reserve that one public address may take. */
const RESERVED_PER_ADDRESS = 8;
/** On a place in reserve a request has to come within this time, and its answer has to be taken within the same. */
const RESERVED_MS = 2_000;

/** A connection on a place in reserve. */
interface Reserved {
  readonly address: string;
  readonly cap: Cap;
  /** Whether its request has come. */
  hasAsked: boolean;
  cancel: Cancel;
}

/**
 * Counts connections, and refuses those for which there is no room. A few more are held in reserve, so that a server
 * that is merely full still answers its probes: whatever else is asked on such a connection is refused too.
 */
export class ConnectionCaps {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #onRefused: (cap: Cap) => void;
  readonly #byAddress = new Map<string, number>();
  /** Oldest first. */
  readonly #reserved = new Map<Socket, Reserved>();
  #open = 0;

  constructor(limits: ConnectionLimits, clock: Clock, onRefused: (cap: Cap) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onRefused = onRefused;
  }

  /** A client has connected. */
  opened(socket: Socket): void {
    const address = groupOf(socket.remoteAddress ?? '');
    const cap = this.#reached(address);
    if (cap !== undefined) {
      this.#reserve(socket, address, cap);
      return;
    }
    this.#open += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    socket.once('close', () => this.#closed(address));
  }

  /** Whether a request is to be answered. If not, it has been refused. */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const reserved = this.#reserved.get(socket);
    if (reserved === undefined) return true;
    reserved.hasAsked = true;
    reserved.cancel();
    reserved.cancel = this.#clock.after(RESERVED_MS, () => socket.destroy());
    response.setHeader('Connection', 'close');
    if (isProbe(pathOf(request))) return true;
    this.#onRefused(reserved.cap);
    response.writeHead(503, { 'Retry-After': RETRY_AFTER_SECONDS, 'Content-Length': 0 });
    response.end();
    return false;
  }

  /** The same for a request that wants to speak another protocol, which no probe does. */
  admitsUpgrade({ socket }: IncomingMessage): boolean {
    const reserved = this.#reserved.get(socket);
    if (reserved !== undefined) this.#refuse(socket, reserved.cap);
    return reserved === undefined;
  }

  #reached(address: string): Cap | undefined {
    const { connections, connectionsPerAddress } = this.#limits;
    if (this.#open >= connections) return 'connections';
    const isFull = !isPrivate(address) && (this.#byAddress.get(address) ?? 0) >= connectionsPerAddress;
    return isFull ? 'connectionsPerAddress' : undefined;
  }

  #reserve(socket: Socket, address: string, cap: Cap): void {
    socket.on('error', () => socket.destroy());
    if (!this.#hasReserve(address)) {
      this.#refuse(socket, cap);
      return;
    }
    const cancel = this.#clock.after(RESERVED_MS, () => this.#refuse(socket, cap));
    const reserved = { address, cap, hasAsked: false, cancel };
    this.#reserved.set(socket, reserved);
    socket.once('close', () => {
      reserved.cancel();
      this.#reserved.delete(socket);
    });
  }

  /** Who has not asked anything yet makes room: a probe asks at once. */
  #hasReserve(address: string): boolean {
    let ofAddress = 0;
    let idle: Socket | undefined;
    for (const [socket, reserved] of this.#reserved) {
      if (reserved.address === address) ofAddress += 1;
      if (!reserved.hasAsked) idle ??= socket;
    }
    if (!isPrivate(address) && ofAddress >= RESERVED_PER_ADDRESS) return false;
    if (this.#reserved.size < this.#limits.reserve) return true;
    const evicted = idle && this.#reserved.get(idle);
    if (idle === undefined || evicted === undefined) return false;
    this.#refuse(idle, evicted.cap);
    return true;
  }

  /** In this very turn, so that the descriptor is free for the next connection. */
  #refuse(socket: Socket, cap: Cap): void {
    this.#onRefused(cap);
    this.#reserved.get(socket)?.cancel();
    this.#reserved.delete(socket);
    socket.write(REFUSAL);
    socket.destroy();
  }

  #closed(address: string): void {
    this.#open -= 1;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}

/** Who counts as one: an IPv4 address, or the network of an IPv6 address, of which one person has 2^64. */
export function groupOf(remoteAddress: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1];
  if (mapped !== undefined) return mapped;
  if (!remoteAddress.includes(':') || isLoopback(remoteAddress)) return remoteAddress;
  const [head = '', tail] = remoteAddress.split('::', 2);
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  const groups = tail === undefined ? first : [...first, ...zeros, ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
