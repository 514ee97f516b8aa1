import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from './client.ts';

/**
 * As a browser's EventSource: connects again when the stream ends or the network fails, and gives up when it gets anything
 * but an event stream, or is told `complete`, as clients of GraphQL over server-sent events do.
 */
export class EventReader {
  /** Why it reads no more; undefined while it does. */
  ended: string | undefined;
  connections = 0;
  readonly #abort = new AbortController();

  /** @param address asked before each connection */
  constructor(address: () => string, onValue: (value: Result) => void) {
    void this.#run(address, onValue);
  }

  close(): void {
    this.ended ??= 'closed';
    this.#abort.abort();
  }

  async #run(address: () => string, onValue: (value: Result) => void): Promise<void> {
    while (this.ended === undefined) {
      await this.#read(address(), onValue).catch(() => {});
      if (this.ended === undefined) await delay(200 + Math.random() * 400);
    }
  }

  async #read(address: string, onValue: (value: Result) => void): Promise<void> {
    const response = await fetch(address, {
      headers: { accept: 'text/event-stream' },
      signal: this.#abort.signal,
    });
    if (response.status !== 200 || response.headers.get('content-type') !== 'text/event-stream') {
      this.ended ??= `refused with ${response.status}`;
      return;
    }
    this.connections += 1;
    let buffered = '';
    for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      buffered += chunk;
      const events = buffered.split('\n\n');
      buffered = events.pop() ?? '';
      for (const event of events) {
        if (/^event: complete/m.test(event)) this.ended ??= 'complete';
        const data = /^data: ?(.+)$/m.exec(event)?.[1];
        if (data !== undefined) onValue(JSON.parse(data) as Result);
      }
    }
  }
}
