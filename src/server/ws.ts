import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import {
  CloseCode,
  handleProtocols,
  makeServer,
  type WebSocket as ProtocolSocket,
  type SubscribePayload,
} from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Context, Grant } from '../graphql/context.ts';
import type { Hub } from '../hub/hub.ts';
import type { Outlet } from '../hub/outlet.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { TokenBucket } from '../lib/token-bucket.ts';
import type { Access } from './access.ts';
import { FrameComposer } from './frame-composer.ts';
import { FrameWriter } from './frame-writer.ts';
import type { ServerContext } from './http.ts';
import { CONNECTION_LIMITS, exceeded } from './limits.ts';
import type { HeaderCheck } from './origins.ts';
import { Completion, SocketOutlet, type SubscriptionStream } from './outlets.ts';
import { pathOf } from './paths.ts';
import type { OpenSubscription } from './subscriptions.ts';

const KEEP_ALIVE_MS = 12_000;
/** Who does not answer that the socket is to close is dropped after this. */
const CLOSE_TIMEOUT_MS = 5_000;
const CLOSE_GOING_AWAY = 1001;
/** Sockets that are closed at once when the server ends, at the least; */
const SLICE = 20;
/** then it waits for this long, so many times at the most. */
const SLICE_MS = 20;
const MOST_SLICES = 150;
/** As graphql-ws says that there were too many requests to initialise. */
const CLOSE_TOO_MANY = 4429;

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly yoga: YogaServerInstance<ServerContext, Context>;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly openSubscription: OpenSubscription;
  readonly allowsOrigin: HeaderCheck;
  readonly allowsHost: HeaderCheck;
  readonly access: Access;
}

/**
 * GraphQL over WebSocket. graphql-ws speaks the protocol: handshake, validation, ping, complete, errors. The
 * results of subscriptions are written past it, on the upgrade request's socket.
 *
 * @returns how to close: says goodbye to every client with code 1001, and drops those that have not answered within
 * the grace; completes no operation by itself
 */
export function serveWebSockets(options: WebSocketOptions): (graceMs: number) => Promise<void> {
  const { server, path, yoga, hub, clock, logger, openSubscription, allowsOrigin, allowsHost, access } =
    options;
  const websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    // A larger frame closes the socket with code 1009.
    maxPayload: CONNECTION_LIMITS.bytes,
    handleProtocols,
    closeTimeout: CLOSE_TIMEOUT_MS,
  } as ServerOptions);
  const protocol = makeServer<Record<string, unknown>, Client>({
    onConnect: ({ extra, connectionParams }) => {
      const grant = access(connectionParams?.['Authorization'] ?? connectionParams?.['authorization']);
      // graphql-ws closes the socket with 4403.
      if (grant === undefined) return false;
      extra.grant = grant;
      return true;
    },
    onComplete: ({ extra }, id, payload) => {
      if (extra.operations.get(id)?.payload === payload) extra.operations.delete(id);
    },
    onSubscribe: ({ extra, subscriptions }, id, payload) => {
      const open = Object.keys(subscriptions).length;
      const { subscriptions: allowed } = CONNECTION_LIMITS;
      return open > allowed ? [exceeded('subscriptions', open, allowed)] : prepare(yoga, extra, id, payload);
    },
    execute: args => operationOf(args).execute(args),
    subscribe: args => {
      const { client, id } = operationOf(args);
      // A client may complete an id and use it again before graphql-ws has heard of the first.
      client.streams.get(id)?.return();
      return openSubscription(
        args,
        handlers => socketStream(client, id, handlers),
        // The same id may be another operation's by now, and graphql-ws can not tell the two apart: this one says
        // nothing, and whatever ends it ends the other.
        () =>
          client.operations.get(id) === operationOf(args)
            ? undefined
            : new Completion(() => void client.streams.get(id)?.return()),
      );
    },
  });

  const composer = new FrameComposer();
  let closing = false;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request) !== path) return refuse(socket, '404 Not Found');
    if (!allowsOrigin(request) || !allowsHost(request)) return refuse(socket, '403 Forbidden');
    if (closing) return refuse(socket, '503 Service Unavailable');
    websockets.handleUpgrade(request, socket, head, websocket => serve(websocket, request));
  });

  const serve = (websocket: WebSocket, request: IncomingMessage): void => {
    const writer = new FrameWriter(websocket, request.socket, hub.turn, clock, composer);
    const uncount = hub.countConnection();
    const cancelKeepAlive = keepAlive(websocket, clock);
    // Frames too large, not UTF-8, broken: the library closes the socket with the code that says so.
    websocket.on('error', error => logger.debug({ err: error }, 'a client broke the protocol'));
    const streams = new Map<string, SubscriptionStream>();
    const closed = protocol.opened(protocolSocket(websocket, logger, clock), {
      request,
      websocket,
      writer,
      streams,
      operations: new Map(),
      grant: 'none',
    });
    websocket.on('close', (code, reason) => {
      for (const stream of [...streams.values()]) void stream.return();
      uncount();
      cancelKeepAlive();
      void closed(code, String(reason));
    });
  };

  return async graceMs => {
    closing = true;
    const cancel = clock.after(graceMs, () => {
      for (const websocket of websockets.clients) websocket.terminate();
    });
    const clients = [...websockets.clients];
    const gone = clients.map(websocket => new Promise(resolve => websocket.once('close', resolve)));
    // Not all at once: whoever takes over shall not be asked by everyone in the same moment.
    const slice = Math.max(SLICE, Math.ceil(clients.length / MOST_SLICES));
    const closeFrom = (first: number): void => {
      for (const websocket of clients.slice(first, first + slice)) {
        websocket.close(CLOSE_GOING_AWAY, 'Going away');
      }
      if (first + slice < clients.length) clock.after(SLICE_MS, () => closeFrom(first + slice));
    };
    closeFrom(0);
    await Promise.all(gone);
    cancel();
  };
}

/** What every operation of one client has at hand. */
interface Client {
  readonly request: IncomingMessage;
  readonly websocket: WebSocket;
  readonly writer: FrameWriter;
  /** Its open subscriptions, by operation id. */
  readonly streams: Map<string, SubscriptionStream>;
  /** The latest operation of each id that is in use. */
  readonly operations: Map<string, SocketOperation>;
  /** Set by `connection_init`. */
  grant: Grant;
}

/** The socket as graphql-ws wants it. */
function protocolSocket(websocket: WebSocket, logger: Logger, clock: Clock): ProtocolSocket {
  const { messagesPerSecond, messagesAtOnce } = CONNECTION_LIMITS;
  const allowance = new TokenBucket(messagesPerSecond, messagesAtOnce, clock.monotonicMs());
  return {
    protocol: websocket.protocol,
    send: data => {
      if (websocket.readyState === websocket.OPEN) websocket.send(data);
    },
    close: (code, reason) => websocket.close(code, reason),
    onMessage: handle => {
      websocket.on('message', data => {
        if (allowance.take(clock.monotonicMs()) > 0) {
          websocket.close(CLOSE_TOO_MANY, 'Too many messages');
          return;
        }
        handle(String(data)).catch((error: unknown) => {
          logger.error({ err: error }, 'an operation failed outside of GraphQL');
          websocket.close(CloseCode.InternalServerError, 'Internal server error');
        });
      });
    },
  };
}

/** Pings the client now and then, and drops it when it does not answer. */
function keepAlive(websocket: WebSocket, clock: Clock): Cancel {
  let answered = true;
  websocket.on('pong', () => {
    answered = true;
  });
  let cancel: Cancel = () => {};
  const next = (): void => {
    cancel = clock.after(KEEP_ALIVE_MS, () => {
      if (!answered) return websocket.terminate();
      answered = false;
      websocket.ping();
      next();
    });
  };
  next();
  return () => cancel();
}

/** What the two hooks of graphql-ws hand to each other: where an operation's results go. */
interface SocketOperation {
  readonly execute: (args: ExecutionArgs) => ReturnType<typeof import('graphql').execute>;
  readonly client: Client;
  readonly id: string;
  /** Of the message that asked for it: what tells two operations of one id apart. */
  readonly payload: SubscribePayload;
}

function operationOf(args: ExecutionArgs): SocketOperation {
  return args.rootValue as SocketOperation;
}

/** Parses and validates as yoga does for HTTP, so that both transports accept and refuse the same. */
async function prepare(
  yoga: YogaServerInstance<ServerContext, Context>,
  client: Client,
  id: string,
  params: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { schema, execute, contextFactory, parse, validate } = yoga.getEnveloped({
    req: client.request,
    socket: client.websocket,
    params,
    grant: client.grant,
  });
  try {
    const document = parse(params.query);
    const errors = validate(schema, document) as readonly GraphQLError[];
    if (errors.length > 0) return errors.map(withoutHttp);
    const rootValue: SocketOperation = { execute, client, id, payload: params };
    client.operations.set(id, rootValue);
    return {
      schema,
      document,
      operationName: params.operationName ?? null,
      variableValues: params.variables ?? null,
      contextValue: await contextFactory(),
      rootValue,
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [withoutHttp(error)];
    throw error;
  }
}

/** An error without what is meant for HTTP: the status that it would have there. */
function withoutHttp(error: GraphQLError): GraphQLError {
  const { http, ...extensions } = error.extensions;
  if (http === undefined) return error;
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** An outlet that writes on the socket, and the stream that tells graphql-ws when it is over. */
function socketStream(
  { writer, streams }: Client,
  id: string,
  { onReturn }: { onReturn: () => void },
): { outlet: Outlet; stream: SubscriptionStream } {
  const stream = new Completion(() => {
    outlet.leave();
    if (streams.get(id) === stream) streams.delete(id);
    onReturn();
  });
  const outlet = new SocketOutlet(writer, id, stream);
  streams.set(id, stream);
  return { outlet, stream };
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
