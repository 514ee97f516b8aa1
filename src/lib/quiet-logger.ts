import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Lines of one kind that are written in a window; the rest are counted. */
const ALLOWED = 10;
const WINDOW_MS = 10_000;

interface Window {
  readonly beganMs: number;
  lines: number;
}

/**
 * Keeps a fault that repeats from filling the disk: of each warning and error ten lines in ten seconds. The first line
 * of its kind after that says in `suppressed` how many were left out. Kinds are told apart by their messages, which are
 * constants, and by the pair that they are about; what else varies is in the details.
 */
export function quietLogger(logger: Logger, clock: Clock): Logger {
  const windows = new Map<string, Window>();
  const limited =
    (level: 'warn' | 'error') =>
    (detail: object, message: string): void => {
      const nowMs = clock.monotonicMs();
      const kind = `${level} ${message} ${'symbol' in detail ? String(detail.symbol) : ''}`;
      const window = windows.get(kind);
      if (window !== undefined && nowMs - window.beganMs < WINDOW_MS) {
        window.lines += 1;
        if (window.lines <= ALLOWED) logger[level](detail, message);
        return;
      }
      windows.set(kind, { beganMs: nowMs, lines: 1 });
      const suppressed = Math.max(0, (window?.lines ?? 0) - ALLOWED);
      logger[level](suppressed > 0 ? { ...detail, suppressed } : detail, message);
    };
  return {
    debug: (detail, message) => logger.debug(detail, message),
    info: (detail, message) => logger.info(detail, message),
    warn: limited('warn'),
    error: limited('error'),
  };
}
