import { destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';
import type { Redactor } from './lib/redactor.ts';

/** Members that hold secrets wherever they turn up. */
const SECRETS = ['token', 'apiKey', 'apiSecret', 'password', 'authorization', 'Authorization'];

/**
 * Logs to standard output: readable on a terminal, one JSON object a line otherwise. What the redactor knows is in no
 * line, whatever part of the line it would have been.
 */
export function createLogger(level: Config['logLevel'], redactor: Redactor): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: SECRETS.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
  };
  // Written at once: the last lines before an exit are the ones that matter.
  const out = process.stdout.isTTY
    ? pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', sync: true })
    : destination({ dest: 1, sync: true });
  return pino(options, { write: (line: string) => out.write(redactor.redact(line)) });
}
