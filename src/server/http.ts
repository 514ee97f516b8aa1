import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Context, Services } from '../graphql/context.ts';
import { maskError, toGraphQLError } from '../graphql/errors.ts';
import type { Grant } from '../graphql/grant.ts';
import { Loaders } from '../graphql/loaders.ts';
import { readinessOf } from '../hub/health.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { Containment } from '../lib/containment.ts';
import type { Logger } from '../lib/logger.ts';
import type { Access } from './access.ts';
import { type Caller, preparationCost } from './admission.ts';
import type { Callers } from './callers.ts';
import type { ConnectionCaps } from './connection-caps.ts';
import { loadDashboard } from './dashboard.ts';
import { Documents } from './documents.ts';
import { loadGraphiQL } from './graphiql.ts';
import { CONNECTION_LIMITS, operationLimits } from './limits.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { HeaderCheck } from './origins.ts';
import { StreamOutlet } from './outlets.ts';
import type { Page } from './page.ts';
import { pageHeaders } from './page-headers.ts';
import { isProbe, pathOf } from './paths.ts';
import { notSupportedIfPersisted } from './persisted-queries.ts';
import { boundedText } from './results.ts';
import { refuseAtShutdown, sendAnswer } from './send-answer.ts';
import { serverOptions } from './server-options.ts';
import type { Shutdown } from './shutdown.ts';
import type { StalledSockets } from './stalled-sockets.ts';
import type { OpenSubscription } from './subscriptions.ts';
import { type RequestParameters, Validation } from './validation.ts';
import type { WrongTokens } from './wrong-tokens.ts';

export const GRAPHQL_PATH = '/graphql';

export interface HttpOptions {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly logger: Logger;
  readonly openSubscription: OpenSubscription;
  readonly allowedOrigins: readonly string[];
  readonly allowsOrigin: HeaderCheck;
  readonly allowsHost: HeaderCheck;
  readonly access: Access;
  readonly wrongTokens: WrongTokens;
  readonly droppedLogLines: () => number;
  readonly caps: ConnectionCaps;
  readonly callers: Callers;
  readonly containment: Containment;
  readonly stalled: StalledSockets;
  readonly shutdown: Shutdown;
  readonly keepAliveTimeoutMs: number;
  /** Whether the server has begun to shut down. */
  readonly isDraining: () => boolean;
}

/** What a transport knows of whoever asks. */
export interface ServerContext {
  readonly grant: Grant;
  readonly caller: Caller;
}

export interface HttpServer {
  readonly server: Server;
  readonly yoga: YogaServerInstance<ServerContext, Context>;
  /** Units that a validated request costs. */
  readonly costOf: (request: RequestParameters) => number;
}

export function createHttpServer(options: HttpOptions): HttpServer {
  const { services } = options;
  const validation = new Validation(
    operationLimits(services.maxResultBytes),
    () => services.client.market.instruments.generation,
  );
  const yoga = createGraphQL(options, validation);
  const graphiql = kept(() => loadGraphiQL(GRAPHQL_PATH, options.services.client.hasAccount));
  const dashboard = kept(loadDashboard);
  const metrics = createMetrics(services, {
    contained: () => options.containment.counts,
    wrongTokens: () => options.wrongTokens.count,
    droppedLogLines: options.droppedLogLines,
  });
  const server = createServer(serverOptions(options.keepAliveTimeoutMs), (request, response) => {
    if (!options.caps.admits(request, response)) return;
    route(request, response, { ...options, yoga, graphiql, dashboard, metrics }).catch((error: unknown) => {
      options.containment.contain('request', error);
      if (!response.headersSent) send(response, 500, 'text/plain', 'Internal server error\n');
      else response.destroy();
    });
  });
  server.on('connection', socket => {
    options.caps.opened(socket);
    options.stalled.watch(socket);
  });
  return { server, yoga, costOf: request => validation.costOf(request) };
}

/** What is made when somebody asks for it first, and kept; what was not there, or failed, is looked for again. */
function kept<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return async () => {
    const asked = made ?? make();
    made = asked;
    const value = await asked.catch(() => undefined);
    if (value === undefined && made === asked) made = undefined;
    return asked;
  };
}

/** GraphQL over HTTP and server-sent events. WebSockets use it to parse, validate and execute alike. */
function createGraphQL(
  options: HttpOptions,
  validation: Validation,
): YogaServerInstance<ServerContext, Context> {
  const { schema, services, openSubscription, logger, allowedOrigins } = options;
  const documents = new Documents();
  const parse = documents.parse.bind(documents);
  const refusal = ({ caller, params }: Operation) => caller.refusal(validation.costOf(params));
  return createYoga<ServerContext, Context>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ grant, caller: { share, key: clientKey } }) => ({
      services,
      grant,
      share,
      clientKey,
      loaders: new Loaders(services, share),
    }),
    // Replaced by caches that are bounded in bytes, and know that what is valid depends on the list of pairs.
    parserAndValidationCache: false,
    maskedErrors: { maskError: error => maskError(error, services.reportUnexpected) },
    cors: { origin: [...allowedOrigins], credentials: true },
    graphiql: false,
    landingPage: false,
    multipart: false,
    maxRequestBodySize: CONNECTION_LIMITS.bytes,
    logging: {
      debug: (...args: unknown[]) => logger.debug({ args }, 'yoga'),
      info: (...args: unknown[]) => logger.info({ args }, 'yoga'),
      warn: (...args: unknown[]) => logger.warn({ args }, 'yoga'),
      // What users did wrong. What we did wrong is reported where errors are masked.
      error: (...args: unknown[]) => logger.debug({ args }, 'yoga'),
    },
    plugins: [
      {
        async onParams({ params, request, context, setResult }: ParamsHook) {
          const error = notSupportedIfPersisted(params);
          if (error !== undefined) throw error;
          // A body in chunks did not say before how long it is.
          if (request.method !== 'POST' || request.headers.has('content-length')) return;
          const length = JSON.stringify(params).length;
          const refused = await context.caller.refusal(preparationCost(length));
          if (refused !== undefined) setResult(refused);
        },
        onParse({ setParseFn }: { setParseFn: (parse: unknown) => void }) {
          setParseFn(parse);
        },
        onValidate({ context, setValidationFn }: ValidateHook) {
          setValidationFn(validation.for(context.params ?? {}));
        },
        // graphql-js itself, so that queries say the same over HTTP as subscriptions do.
        onExecute({ setExecuteFn }: { setExecuteFn: (run: unknown) => void }) {
          setExecuteFn(
            async (args: ExecutionArgs & { contextValue: Operation }) =>
              (await refusal(args.contextValue)) ?? execute(args),
          );
        },
        onSubscribe({ setSubscribeFn }: { setSubscribeFn: (subscribe: unknown) => void }) {
          setSubscribeFn(async (args: ExecutionArgs & { contextValue: Operation & { request: Request } }) => {
            const { contextValue } = args;
            if (!acceptsEvents(contextValue.request)) return { errors: [NOT_EVENTS] };
            return (
              (await refusal(contextValue)) ??
              openSubscription(
                args,
                handlers => eventStream(services, handlers),
                () => (contextValue.request.signal.aborted ? { errors: [] } : undefined),
                contextValue.request.signal,
              )
            );
          });
        },
        onExecutionResult({ result, setResult }: ResultHook) {
          if (result === undefined || Symbol.asyncIterator in result) return;
          setResult({ ...result, stringify: whole => boundedText(whole, services.maxResultBytes) });
        },
      },
    ],
  });
}

/** The part of yoga's hook that is used. */
interface ValidateHook {
  readonly context: { readonly params?: RequestParameters };
  readonly setValidationFn: (validate: unknown) => void;
}

/** What an operation brings along from its transport. */
interface Operation {
  readonly caller: Caller;
  readonly params: RequestParameters;
}

interface ParamsHook {
  readonly params: unknown;
  readonly request: Request;
  readonly context: ServerContext;
  readonly setResult: (result: ExecutionResult) => void;
}

/** The part of yoga's hook that is used. */
interface ResultHook {
  readonly result: ExecutionResult | AsyncIterable<ExecutionResult> | undefined;
  readonly setResult: (
    result: ExecutionResult & { readonly stringify: (result: ExecutionResult) => string },
  ) => void;
}

const NOT_EVENTS = toGraphQLError(
  new CodedError(
    'BAD_USER_INPUT',
    'Subscriptions are served as text/event-stream, or over WebSocket: accept one of them',
  ),
);

/** Whether the answer may be an event stream; nothing else can carry a subscription over HTTP. */
function acceptsEvents(request: Request): boolean {
  return (request.headers.get('accept') ?? '').includes('text/event-stream');
}

/** An outlet of server-sent events, counted as a connection while it is open. */
function eventStream(services: Services, { onReturn }: { onReturn: () => void }) {
  const closed = services.hub.countConnection();
  const stream = new StreamOutlet(() => {
    closed();
    onReturn();
  });
  return { outlet: stream, stream };
}

interface Routes extends HttpOptions {
  readonly yoga: YogaServerInstance<ServerContext, Context>;
  readonly graphiql: () => Promise<Page>;
  readonly dashboard: () => Promise<Page | undefined>;
  readonly metrics: Metrics;
}

const ALLOWED = 'ALLOWED_ORIGINS lists the origins that are allowed';

async function route(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const pathname = pathOf(request);
  if (routes.shutdown.begun) response.setHeader('Connection', 'close');
  if (!routes.allowsHost(request)) {
    send(response, 403, 'text/plain', `This server is not called that: ${ALLOWED}\n`);
    return;
  }
  if (isProbe(pathname)) response.setHeader('Cache-Control', 'no-store');
  switch (pathname) {
    case '/':
      await dashboardPage(response, routes);
      return;
    case '/health':
      send(response, 200, 'application/json', '{"status":"ok"}\n');
      return;
    case '/ready':
      ready(response, routes);
      return;
    case '/metrics':
      await metrics(request, response, routes);
      return;
    case GRAPHQL_PATH:
      if (wantsPage(request)) {
        response.setHeaders(GRAPHIQL_HEADERS);
        send(response, 200, HTML, (await routes.graphiql()).html);
        return;
      }
      if (!routes.allowsOrigin(request)) {
        const error = toGraphQLError(new CodedError('FORBIDDEN', `This origin is not allowed: ${ALLOWED}`));
        sendError(response, 403, error);
        return;
      }
      await answer(request, response, routes);
      return;
    default:
      await asset(pathname, request, response, routes);
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  if (routes.shutdown.begun) {
    refuseAtShutdown(request, response);
    return;
  }
  const grant = await grantOf(request, response, routes);
  if (grant === undefined) return;
  // What a page may send anywhere without asking (a form, plain text) is not taken.
  if (request.method === 'POST' && !JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    const error = new GraphQLError('A POST is application/json', { extensions: { code: 'BAD_REQUEST' } });
    sendError(response, 415, error);
    return;
  }
  const caller = routes.callers.of(request);
  await routes.callers.inLine(request, response);
  const length = Number(request.headers['content-length'] ?? request.url?.length);
  const refusal = await caller.refusal(preparationCost(length));
  if (refusal !== undefined) {
    refuse(response, refusal.errors[0]);
    return;
  }
  const context = { req: request, res: response, grant, caller };
  const result = await routes.yoga.handleNodeRequestAndResponse(request, response, context);
  await sendAnswer(result, request, response, routes.shutdown);
}

function sendError(response: ServerResponse, status: number, error: GraphQLError): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify({ errors: [error] })}\n`);
}

/** Too many operations for now. */
function refuse(response: ServerResponse, error: GraphQLError): void {
  const { retryAfterMs } = error.extensions;
  if (typeof retryAfterMs === 'number') response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1_000));
  sendError(response, 429, error);
}

/** What the sender of a request may read; undefined when its token is wrong and it has been told so. */
async function grantOf(
  request: IncomingMessage,
  response: ServerResponse,
  { access, wrongTokens }: Routes,
): Promise<Grant | undefined> {
  const grant = access(request.headers.authorization);
  if (grant !== undefined) return grant;
  await wrongTokens.seen(request);
  response.setHeader('WWW-Authenticate', 'Bearer');
  const error = toGraphQLError(new CodedError('UNAUTHENTICATED', 'The access token is not valid'));
  sendError(response, 401, error);
  return undefined;
}

async function metrics(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const grant = await grantOf(request, response, routes);
  if (grant === undefined) return;
  send(response, 200, routes.metrics.contentType, await routes.metrics.text(grant));
}

const JSON_TYPE = /^application\/json *(;|$)/i;

function wantsPage(request: IncomingMessage): boolean {
  return request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
}

function ready(response: ServerResponse, { isDraining, services }: Routes): void {
  const { ready: live, reason } = isDraining()
    ? { ready: false, reason: 'shutting down' }
    : readinessOf(services.client);
  send(response, live ? 200 : 503, 'application/json', `${JSON.stringify({ ready: live, reason })}\n`);
}

const HTML = 'text/html; charset=utf-8';
const GRAPHIQL_HEADERS = pageHeaders({ inlineStyles: true });
const DASHBOARD_HEADERS = pageHeaders({ inlineStyles: false });

async function dashboardPage(response: ServerResponse, { dashboard }: Routes): Promise<void> {
  const page = await dashboard();
  if (page === undefined) {
    send(
      response,
      503,
      'text/plain',
      'The dashboard is not built: npm ci && npm run build:web. The API is at /graphql\n',
    );
    return;
  }
  response.setHeaders(DASHBOARD_HEADERS);
  send(response, 200, HTML, page.html);
}

async function asset(
  pathname: string,
  { headers }: IncomingMessage,
  response: ServerResponse,
  { graphiql, dashboard }: Routes,
): Promise<void> {
  const page = pathname.startsWith(`${GRAPHQL_PATH}/assets/`)
    ? graphiql
    : pathname.startsWith('/assets/')
      ? dashboard
      : undefined;
  const found = (await page?.())?.assets.get(pathname);
  if (found === undefined) {
    send(response, 404, 'text/plain', 'Not found\n');
    return;
  }
  const { type, body, gzipped } = found;
  const compressed = /\bgzip\b/.test(headers['accept-encoding'] ?? '') ? gzipped : undefined;
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': (compressed ?? body).length,
    ...(compressed && { 'Content-Encoding': 'gzip' }),
    Vary: 'Accept-Encoding',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'public, max-age=31536000, immutable',
  });
  response.end(compressed ?? body);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'X-Content-Type-Options': 'nosniff',
    // Pages bring a header of their own.
    ...(!response.hasHeader('Cache-Control') && { 'Cache-Control': 'no-store' }),
  });
  response.end(body);
}
