import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Exchange } from '../../src/simulator/exchange.ts';
import { eventually } from './client.ts';
import { get } from './scenario.ts';
import { DATA_DIR } from './server.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A program as its own process, with all that it has written. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  #output = '';
  #changed: () => void = () => {};

  constructor(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    folder = ROOT,
  ) {
    this.#child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, DATA_DIR, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', chunk => {
        this.#output += String(chunk);
        this.#changed();
      });
    }
    this.#child.on('exit', () => this.#changed());
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until it has written what matches, at most 20 s, and returns the match. */
  async written(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(20_000);
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (deadline.aborted || this.#child.exitCode !== null)
        throw new Error(`never wrote ${pattern}:\n${this.#output}`);
      await new Promise<void>(resolve => {
        this.#changed = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Waits until a server says where it listens. */
  async listening(): Promise<{ readonly url: string; readonly port: number }> {
    const [, url = '', port] = await this.written(/"url":"(http:\/\/127\.0\.0\.1:(\d+))"/);
    return { url, port: Number(port) };
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code; null when a signal ended it. */
  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Whatever a test did to it, it is gone afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.exit();
  }
}

/** Runs one of our programs with this very Node. */
export function run(
  file: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Program {
  return new Program(process.execPath, [file, ...args], environment);
}

/** An exchange in this process, and a server as its own, which can be started again on its port. */
export async function startBoth(environment: Readonly<Record<string, string>> = {}, readyWithinSeconds = 10) {
  const exchange = new Exchange({ tradesPerSecond: 0 });
  await exchange.start();
  const start = async (port = '0'): Promise<{ server: Program; url: string; port: number }> => {
    const server = run('src/main.ts', [], {
      PORT: port,
      KRAKEN_WS_URL: exchange.publicUrl,
      KRAKEN_REST_URL: exchange.restUrl,
      KRAKEN_REST_RATE: '1000',
      ...environment,
    });
    const { url, port: chosen } = await server.listening();
    await eventually(
      () => get(url, '/ready'),
      ({ status }) => status === 200,
      readyWithinSeconds,
    );
    return { server, url, port: chosen };
  };
  return { exchange, start };
}
