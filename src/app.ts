import type { AddressInfo } from 'node:net';
import { KrakenWebSocketV2 } from './client.ts';
import { type Config, VARIABLES } from './config.ts';
import type { Services } from './graphql/context.ts';
import { CursorSigner } from './graphql/cursor.ts';
import { loadCursorKey } from './graphql/cursor-key.ts';
import { Executor } from './graphql/execution.ts';
import { createSchema } from './graphql/schema.ts';
import { createReplayLine } from './graphql/trade-replay.ts';
import { Hub } from './hub/hub.ts';
import type { PairSymbol } from './kraken/symbols.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { CodedError } from './lib/coded-error.ts';
import { Containment, containedClock } from './lib/containment.ts';
import { type Logger, silentLogger } from './lib/logger.ts';
import { useProxy, withoutCredentials } from './lib/proxy.ts';
import { quietLogger } from './lib/quiet-logger.ts';
import { createAccess } from './server/access.ts';
import { Admission } from './server/admission.ts';
import { Callers } from './server/callers.ts';
import { ConnectionCaps } from './server/connection-caps.ts';
import { descriptors, fitted } from './server/descriptors.ts';
import { createHttpServer, GRAPHQL_PATH } from './server/http.ts';
import { createHostCheck, createOriginCheck } from './server/origins.ts';
import { createRefusalLog } from './server/refusals.ts';
import { Shutdown } from './server/shutdown.ts';
import { StalledSockets } from './server/stalled-sockets.ts';
import { createOpenSubscription } from './server/subscriptions.ts';
import { WrongTokens } from './server/wrong-tokens.ts';
import { serveWebSockets } from './server/ws.ts';
import { packageVersion } from './version.ts';

/** A running server. */
export interface App {
  /** Where it listens: `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly client: KrakenWebSocketV2;
  /** `/ready` turns 503, and nothing else changes. */
  drain(): void;
  /**
   * `/ready` turns 503, new operations are refused, WebSockets close with 1001 and event streams end, without a word
   * about their subscriptions: clients subscribe again elsewhere. Then the exchange is left. Resolves when nothing is
   * open any more, at the latest after five seconds.
   */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  /** Silent if absent. */
  readonly logger?: Logger;
  /** Lines of its log that could not be written. */
  readonly droppedLogLines?: () => number;
  readonly clock?: Clock;
}

/** Connections that have not ended by themselves when the server closes are cut after this. */
const CLOSE_GRACE_MS = 5_000;

/**
 * Puts the server together and starts it: client → hub → GraphQL → HTTP and WebSocket.
 *
 * @throws when the address can not be listened on
 */
export async function createApp({
  config,
  logger: given = silentLogger,
  clock: givenClock = systemClock,
  droppedLogLines = () => 0,
}: AppOptions): Promise<App> {
  const logger = quietLogger(given, givenClock);
  const containment = new Containment(logger);
  const localClock = containedClock(givenClock, containment);
  const proxy = useProxy(config);
  if (proxy !== undefined) {
    const { httpsProxy, httpProxy, noProxy } = config;
    const shown = { https: withoutCredentials(httpsProxy), http: withoutCredentials(httpProxy), noProxy };
    given.info(shown, 'Kraken is reached through a proxy');
  }
  const client = new KrakenWebSocketV2(config.apiKey || undefined, config.apiSecret || undefined, {
    publicUrl: config.krakenWsUrl,
    privateUrl: config.krakenWsAuthUrl,
    restUrl: config.krakenRestUrl,
    connectTimeoutMs: config.connectTimeoutMs,
    pingIntervalMs: config.pingIntervalMs,
    pingTimeoutMs: config.pingTimeoutMs,
    heartbeatTimeoutMs: config.heartbeatTimeoutMs,
    reconnectDelayMs: config.reconnectDelayMs,
    reconnectMaxDelayMs: config.reconnectMaxDelayMs,
    subscribeRate: config.subscribeRate,
    subscriptionLingerMs: config.subscriptionLingerMs,
    tokenRefreshMs: config.tokenRefreshMs,
    restRate: config.restRate,
    connectionAttempts: config.connectionAttempts,
    messageQueueSize: config.messageQueueSize,
    agent: proxy?.agent,
    logger: given,
    clock: localClock,
  });
  // From here on time is the exchange's.
  const { clock } = client;
  const hub = new Hub(client, clock, {
    broadcasts: config.maxBroadcasts,
    upstreamSubscriptions: config.maxUpstreamSubscriptions,
    lingerMs: config.subscriptionLingerMs,
  });
  const services: Services = {
    client,
    hub,
    clock,
    version: packageVersion(),
    startedAt: clock.now(),
    startedMs: clock.monotonicMs(),
    cursors: new CursorSigner(loadCursorKey(config.dataDir, logger)),
    replays: createReplayLine(),
    maxResultBytes: config.maxResultBytes,
    reportUnexpected: (error, compartment = 'operation') => containment.contain(compartment, error),
  };

  const openSubscription = createOpenSubscription(
    hub,
    new Executor(createSchema(text => text as PairSymbol)),
  );
  const allowsOrigin = createOriginCheck(config.allowedOrigins);
  const allowsHost = createHostCheck(config.allowedOrigins, config.host);
  const access = createAccess(config.accessToken);
  const wrongTokens = new WrongTokens(clock, logger);
  const capacity = createCapacity(config, logger, clock, () => hub.countRefusal());
  const callers = new Callers(new Admission(clock), hub);
  const stalled = new StalledSockets(clock, () => hub.countStalled());
  const shutdown = new Shutdown(clock);
  let draining = false;
  const { server, yoga, costOf } = createHttpServer({
    schema: createSchema(text => client.resolveSymbol(text)),
    services,
    logger,
    openSubscription,
    allowedOrigins: config.allowedOrigins,
    allowsOrigin,
    allowsHost,
    access,
    wrongTokens,
    droppedLogLines,
    caps: capacity.caps,
    callers,
    stalled,
    containment,
    shutdown,
    keepAliveTimeoutMs: config.keepAliveTimeoutMs,
    isDraining: () => draining,
  });
  serveWebSockets({
    server,
    path: GRAPHQL_PATH,
    yoga,
    hub,
    clock,
    logger,
    openSubscription,
    allowsOrigin,
    allowsHost,
    access,
    callers,
    costOf,
    containment,
    maxResultBytes: config.maxResultBytes,
    shutdown,
    wrongTokens,
    caps: capacity.caps,
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      const message = `HOST=${config.host} PORT=${config.port} can not be listened on: ${error.message}`;
      reject(new CodedError('BAD_USER_INPUT', message, {}, { cause: error }));
    });
    server.listen(config.port, config.host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  capacity.warnIfCut();
  streamAlways(client, config.symbols);
  client.connect();

  return {
    url: urlOf(config.host, (server.address() as AddressInfo).port),
    client,
    drain() {
      draining = true;
    },
    async close() {
      draining = true;
      const cancel = clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
      // Until its clients are gone the server listens, so that `/ready` can say what is happening.
      await shutdown.begin(CLOSE_GRACE_MS);
      const closed = new Promise(resolve => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      stalled.stop();
      cancel();
      // Last: queries that are under way may still need it.
      client.disconnect();
      hub.stop();
      proxy?.restore();
    },
  };
}

/**
 * Keeps these pairs streaming whether or not somebody subscribes; `*` are those that are online, as they come and go,
 * at trades alone until somebody reads one.
 */
function streamAlways(client: KrakenWebSocketV2, symbols: Config['symbols']): void {
  if (symbols !== '*') {
    client.subscribeTicker(symbols);
    return;
  }
  client.registerCallback('instruments', instruments => {
    const online = new Set<PairSymbol>();
    for (const { symbol, status } of instruments.pairs()) if (status === 'online') online.add(symbol);
    const streamed = new Set(client.declaredSymbols('ticker'));
    const gone = [...streamed].filter(symbol => !online.has(symbol));
    const come = [...online].filter(symbol => !streamed.has(symbol));
    if (gone.length > 0) client.unsubscribe('ticker', gone);
    if (come.length > 0) client.subscribeTicker(come, { eventTrigger: 'trades' });
  });
}

/** The caps of the configuration, as far as there are file descriptors for them. */
function createCapacity(
  { maxConnections, maxConnectionsPerAddress }: Config,
  logger: Logger,
  clock: Clock,
  countRefusal: () => void,
): { readonly caps: ConnectionCaps; warnIfCut(): void } {
  const has = descriptors();
  const { connections, reserve, isCut } = fitted(maxConnections, has);
  const { name: variable } = VARIABLES.maxConnections;
  const tell = createRefusalLog(
    {
      connections: { variable, value: maxConnections, allowed: connections },
      connectionsPerAddress: {
        variable: VARIABLES.maxConnectionsPerAddress.name,
        value: maxConnectionsPerAddress,
        allowed: maxConnectionsPerAddress,
      },
    },
    logger,
    clock,
  );
  const caps = new ConnectionCaps(
    { connections, connectionsPerAddress: maxConnectionsPerAddress, reserve },
    clock,
    cap => {
      countRefusal();
      tell(cap);
    },
  );
  return {
    caps,
    warnIfCut() {
      if (!isCut) return;
      logger.warn(
        { variable, value: maxConnections, descriptorLimit: has?.limit, allowed: connections },
        'the limit of file descriptors (ulimit -n) is too low for the connections: raise it, or fewer are accepted',
      );
    },
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
