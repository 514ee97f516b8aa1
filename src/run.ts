import { randomBytes } from 'node:crypto';
import { type App, createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { proxySecrets } from './lib/proxy.ts';
import { Redactor } from './lib/redactor.ts';
import { complain, createLogger, droppedLines, say } from './logging.ts';

/** A second signal this soon is the same Ctrl-C, which reaches a process twice. */
const SAME_SIGNAL_MS = 500;
/** What holds the process for longer than this, once the server has begun to close, is not worth waiting for. */
const SHUTDOWN_DEADLINE_MS = 9_000;

export interface RunOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** What else to end at shutdown, after the server. */
  readonly alsoClose?: () => Promise<void>;
}

/**
 * Runs the server as this process. SIGTERM and SIGINT end it: `/ready` says so for as long as the configuration asks, and
 * then the server closes. SIGHUP is ignored. Unhandled errors end it with code 1.
 */
export async function run({ environment, alsoClose }: RunOptions): Promise<App> {
  const config = withAccessToken(readConfigOrExit(environment));
  const redactor = new Redactor([
    config.apiKey,
    config.apiSecret,
    config.accessToken,
    ...proxySecrets(config),
  ]);
  const logger = createLogger(config.logLevel, redactor);
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, 'unhandled error');
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.on('SIGHUP', signal => logger.info({ signal }, 'signal ignored'));

  const app = await createApp({ config, logger, droppedLogLines: droppedLines }).catch((error: unknown) => {
    complain(redactor.redact(error instanceof Error ? error.message : String(error)));
    process.exit(1);
  });
  logger.info({ url: app.url, graphql: `${app.url}/graphql` }, 'listening');

  let firstSignalMs: number | undefined;
  const shutDown = (signal: NodeJS.Signals): void => {
    if (firstSignalMs !== undefined) {
      if (performance.now() - firstSignalMs > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    firstSignalMs = performance.now();
    const { shutdownDelayMs } = config;
    logger.info({ signal, shutdownDelayMs }, 'shutting down');
    app.drain();
    setTimeout(close, shutdownDelayMs);
  };
  const close = (): void => {
    setTimeout(() => process.exit(0), SHUTDOWN_DEADLINE_MS).unref();
    app
      .close()
      .then(() => alsoClose?.())
      .then(() => {
        logger.info({}, 'shut down');
        process.exit(0);
      }, fail);
  };
  process.on('SIGTERM', shutDown);
  process.on('SIGINT', shutDown);
  return app;
}

/** One line that says what is wrong is all that a bad environment gets. */
function readConfigOrExit(environment: NodeJS.ProcessEnv): ReturnType<typeof readConfig> {
  try {
    return readConfig(environment);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/** With an API key there is something to protect: without a token of the operator's one is made, and shown this once. */
function withAccessToken(config: Config): Config {
  if (config.apiKey === '' || config.accessToken !== '') return config;
  const accessToken = randomBytes(32).toString('base64url');
  say(`ACCESS_TOKEN=${accessToken} (made for this run: balances need it, as a bearer token)\n`);
  return { ...config, accessToken };
}
