import { destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';

/** Members that hold secrets wherever they turn up. */
const SECRETS = ['token', 'apiKey', 'apiSecret', 'password', 'authorization', 'Authorization'];

/** Logs to standard output: readable on a terminal, one JSON object a line otherwise. */
export function createLogger(level: Config['logLevel']): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: SECRETS.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
  };
  // Written at once: the last lines before an exit are the ones that matter.
  if (!process.stdout.isTTY) return pino(options, destination({ dest: 1, sync: true }));
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', sync: true }));
}
