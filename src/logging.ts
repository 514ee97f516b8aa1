import { writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from './config.ts';
import { LineWriter, toDescriptor } from './lib/line-writer.ts';
import type { Redactor } from './lib/redactor.ts';

/** Members that hold secrets wherever they turn up. */
const SECRETS = ['token', 'apiKey', 'apiSecret', 'password', 'authorization', 'Authorization'];

// To look at it is enough: from then on a pipe or a terminal whose reader has stopped refuses a write, which would block
// the whole process otherwise. The stream itself is not used, because it reports failures as events.
const { isTTY } = process.stdout;
const prettify = isTTY ? prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' }) : undefined;

const output = new LineWriter(toDescriptor(1), {
  notice: dropped =>
    readable(
      `${JSON.stringify({ level: 'warn', time: now(), dropped, msg: 'log lines could not be written' })}\n`,
    ),
  failed: code =>
    complain(
      `Standard output cannot be written to (${code}): lines of the log are dropped, the server goes on`,
    ),
});

/** Lines of standard output that were dropped because they could not be written. */
export function droppedLines(): number {
  return output.dropped;
}

/** Writes text for people to standard output, or drops it. */
export function say(text: string): void {
  output.write(text);
}

/** Writes one line to standard error, or drops it. */
export function complain(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // There is no other place to say it.
  }
}

/**
 * Logs to standard output: readable on a terminal, one JSON object a line otherwise. What the redactor knows is in no
 * line, whatever part of the line it would have been. Logging never throws: a line that cannot be written is dropped.
 */
export function createLogger(level: Config['logLevel'], redactor: Redactor): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${now()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: SECRETS.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
  };
  return pino(options, { write: (line: string) => output.write(redactor.redact(readable(line))) });
}

function readable(line: string): string {
  return prettify?.(line) ?? line;
}

function now(): string {
  return new Date().toISOString();
}
