import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processCpuMicroseconds } from './server.ts';

/** A program that reads the feed, and does what it does with it. Forked; answers each message with a {@link Report}. */
export interface Reader {
  readonly name: string;
  readonly file: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a reader tells of itself. */
export interface Report {
  /** Messages of the channel that it has read. */
  readonly messages: number;
  /** Of these, messages that it could not make sense of, or that failed a check. */
  readonly wrong: number;
  /** The 99th percentile of the event loop's delay since the last report, milliseconds. */
  readonly delayP99Ms?: number;
}

const peer = (file: string): string => fileURLToPath(new URL(`../peers/${file}`, import.meta.url));

export const OURS: Reader = {
  name: 'KrakenWebSocketV2',
  file: fileURLToPath(new URL('ingest-ours.ts', import.meta.url)),
};
export const BARE: Reader = { name: 'ws + JSON.parse', file: peer('ingest-bare.js') };
export const CCXT: Reader = { name: 'ccxt pro', file: peer('ingest-ccxt.js') };
export const CCXT_CHECKED: Reader = {
  ...CCXT,
  name: 'ccxt pro, checksums',
  environment: { BENCH_CHECKSUM: 'true' },
};

/** One running reader. */
export class Consumer implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param channel with the words of Kraken: `book`, `ticker`, `trade`, or several with commas between */
  static async start({ file, environment }: Reader, url: string, channel: string): Promise<Consumer> {
    const child = fork(file, {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        KRAKEN_WS_URL: url,
        BENCH_CHANNEL: channel,
        ...environment,
      },
      stdio: 'inherit',
    });
    await once(child, 'message');
    return new Consumer(child);
  }

  async report(): Promise<Report> {
    const answer = once(this.#child, 'message');
    this.#child.send('report');
    const [report] = (await answer) as [Report];
    return report;
  }

  /** Waits until it has read this many messages, at least. */
  async caughtUp(messages: number): Promise<Report> {
    for (;;) {
      const report = await this.report();
      if (report.messages >= messages) return report;
      await setTimeout(20);
    }
  }

  cpuMicroseconds(): number {
    return processCpuMicroseconds(this.#child.pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
