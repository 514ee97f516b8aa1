import type { Socket } from 'node:net';
import { isLoopback, isPrivate } from '../lib/addresses.ts';

export interface ConnectionLimits {
  /** TCP connections at once, over all addresses. */
  readonly connections: number;
  /** The same of one public address. Others have no such limit: behind a proxy everyone comes from there. */
  readonly connectionsPerAddress: number;
}

const REFUSAL =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n';

/** Counts connections, and turns away those for which there is no room, before a byte of theirs is read. */
export class ConnectionCaps {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  readonly #onRefused: () => void;
  #open = 0;

  constructor(limits: ConnectionLimits, onRefused: () => void) {
    this.#limits = limits;
    this.#onRefused = onRefused;
  }

  /** A client has connected. */
  opened(socket: Socket): void {
    const address = groupOf(socket.remoteAddress ?? '');
    if (!this.#hasRoom(address)) {
      this.#onRefused();
      socket.on('error', () => socket.destroy());
      socket.end(REFUSAL, () => socket.destroy());
      return;
    }
    this.#open += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    socket.once('close', () => this.#closed(address));
  }

  #hasRoom(address: string): boolean {
    const { connections, connectionsPerAddress } = this.#limits;
    if (this.#open >= connections) return false;
    return isPrivate(address) || (this.#byAddress.get(address) ?? 0) < connectionsPerAddress;
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
