import { once } from 'node:events';
import { WebSocket } from 'ws';
import { eventually } from './client.ts';

/** A client without any of our code: sends text, keeps text. */
export class Probe {
  readonly frames: string[] = [];
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on('message', data => this.frames.push(String(data)));
  }

  /** Sends a request and returns the first answer to it, as sent. */
  async answer(request: object | string): Promise<string> {
    if (this.#socket.readyState !== WebSocket.OPEN) await once(this.#socket, 'open');
    const from = this.frames.length;
    this.#socket.send(typeof request === 'string' ? request : JSON.stringify(request));
    const answer = await eventually(
      () => this.frames.slice(from).find(frame => frame.includes('"time_in"')),
      frame => frame !== undefined,
    );
    return answer ?? '';
  }

  async ask(request: object | string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.answer(request)) as Record<string, unknown>;
  }

  tell(text: string): void {
    this.#socket.send(text);
  }

  /** What has come of a channel since a number of frames, once everything that was sent before has come. */
  async since(from: number, channel: string): Promise<readonly string[]> {
    await this.answer({ method: 'ping' });
    return this.frames.slice(from).filter(frame => frame.startsWith(`{"channel":"${channel}"`));
  }

  close(): void {
    this.#socket.terminate();
  }
}
