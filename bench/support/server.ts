import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Contestant } from './contestants.ts';

/** Of `/proc/<pid>/stat`: clock ticks a second. */
const TICKS = 100;

/** A server under test, as a process of its own. Linux only: its cost is read from `/proc`. */
export class Server {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(
    { file, environment }: Contestant,
    feedUrl: string,
    symbols: readonly string[],
    flags: readonly string[] = [],
  ): Promise<Server> {
    const child = spawn(process.execPath, [...flags, file], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: '0',
        LOG_LEVEL: 'INFO',
        SYMBOLS: symbols[0] ?? '',
        KRAKEN_WS_URL: feedUrl,
        BENCH_PAIRS: String(symbols.length),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise<number>((resolve, reject) => {
      let output = '';
      child.stdout.on('data', chunk => {
        output += String(chunk);
        const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1] ?? /listening on (\d+)/.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.once('exit', () => reject(new Error(`${file} ended before it listened:\n${output}`)));
    });
    return new Server(child, port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Microseconds of CPU, user and system, that all its threads have used. */
  cpuMicroseconds(): number {
    return processCpuMicroseconds(this.pid);
  }

  /** Bytes of memory that it holds. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Microseconds of CPU, user and system, that all threads of a process have used. */
export function processCpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
}
