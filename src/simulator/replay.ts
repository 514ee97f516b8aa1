import { readFileSync } from 'node:fs';
import type { Source } from './session.ts';
import { write } from './wire.ts';

/**
 * Recorded frames, served byte for byte. Every subscription is accepted; the frames are sent one after the
 * other to whoever is connected, when {@link next} is called or at an interval.
 *
 * A file holds one frame a line. In a recorded session, lines begin with `< ` (received) or `> ` (sent by the
 * recorder, and left out here).
 */
export class Recording implements Source {
  readonly #frames: readonly string[];
  readonly #status: string;
  #position = 0;

  constructor(files: readonly string[]) {
    const lines = files.flatMap(file => readFileSync(file, 'utf8').split('\n'));
    this.#frames = lines
      .filter(line => line !== '' && !line.startsWith('> '))
      .map(line => (line.startsWith('< ') ? line.slice(2) : line));
    this.#status =
      this.#frames.find(frame => frame.includes('"channel":"status"')) ??
      write({
        channel: 'status',
        type: 'update',
        data: [{ version: '2.0.10', system: 'online', api_version: 'v2' }],
      });
  }

  get length(): number {
    return this.#frames.length;
  }

  /** The next frame to send, undefined when all are sent. */
  next(): string | undefined {
    const frame = this.#frames[this.#position];
    this.#position += 1;
    return frame;
  }

  status(): string {
    return this.#status;
  }

  lists(): boolean {
    return true;
  }

  refusal(): undefined {
    return undefined;
  }

  snapshot(): undefined {
    return undefined;
  }
}
