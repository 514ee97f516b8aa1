import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import {
  CloseCode,
  handleProtocols,
  makeServer,
  type WebSocket as ProtocolSocket,
  type SubscribePayload,
} from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Context } from '../graphql/context.ts';
import { type Grant, PUBLIC_GRANT } from '../graphql/grant.ts';
import type { Hub } from '../hub/hub.ts';
import type { Outlet } from '../hub/outlet.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Containment } from '../lib/containment.ts';
import type { Logger } from '../lib/logger.ts';
import type { Access } from './access.ts';
import { type Caller, preparationCost } from './admission.ts';
import type { Callers } from './callers.ts';
import { ClientMessages } from './client-messages.ts';
import type { ConnectionCaps } from './connection-caps.ts';
import { FrameComposer } from './frame-composer.ts';
import { FrameWriter } from './frame-writer.ts';
import type { ServerContext } from './http.ts';
import { CONNECTION_LIMITS, exceeded } from './limits.ts';
import type { HeaderCheck } from './origins.ts';
import { Completion, prefixOf, SocketOutlet, type SubscriptionStream } from './outlets.ts';
import { pathOf } from './paths.ts';
import { notSupportedIfPersisted, withQuery } from './persisted-queries.ts';
import { boundedText } from './results.ts';
import type { Shutdown } from './shutdown.ts';
import type { OpenSubscription } from './subscriptions.ts';
import type { RequestParameters } from './validation.ts';
import type { WrongTokens } from './wrong-tokens.ts';

const KEEP_ALIVE_MS = 12_000;
/** Who does not answer that the socket is to close is dropped after this. */
const CLOSE_TIMEOUT_MS = 5_000;
const CLOSE_GOING_AWAY = 1001;

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
  readonly callers: Callers;
  readonly costOf: (request: RequestParameters) => number;
  readonly containment: Containment;
  /** Bytes that one result may have. */
  readonly maxResultBytes: number;
  readonly shutdown: Shutdown;
  readonly wrongTokens: WrongTokens;
  readonly caps: ConnectionCaps;
}

/**
 * GraphQL over WebSocket. graphql-ws speaks the protocol: handshake, validation, ping, complete, errors. The
 * results of subscriptions are written past it, on the upgrade request's socket.
 */
export function serveWebSockets(options: WebSocketOptions): void {
  const { server, path, yoga, hub, clock, logger, openSubscription, allowsOrigin, allowsHost, access } =
    options;
  const { callers, containment, costOf, maxResultBytes, shutdown } = options;
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
      if (grant === undefined) return options.wrongTokens.seen(extra.request).then(() => false);
      extra.grant = grant;
      return true;
    },
    onComplete: ({ extra }, id, payload) => {
      const operation = extra.operations.get(id);
      if (operation?.payload !== payload) return;
      extra.operations.delete(id);
      operation.gone.abort();
    },
    onSubscribe: async (context, id, payload) => {
      const open = Object.keys(context.subscriptions).length;
      const { subscriptions: allowed } = CONNECTION_LIMITS;
      if (open > allowed) return [exceeded('subscriptions', open, allowed)];
      return prepare(yoga, context.extra, id, payload, () => id in context.subscriptions);
    },
    execute: async args => {
      const operation = operationOf(args);
      const refusal = await operation.client.caller.refusal(costOf(operation.payload));
      if (refusal !== undefined) return refusal;
      const { client, execute } = operation;
      const result = await execute(args);
      if (!isCurrent(operation)) return superseded(operation);
      // Past graphql-ws, as subscriptions are: what waits for a reader is bounded and watched in one place.
      client.writer.write(prefixOf(operation.id), [boundedText(result as ExecutionResult, maxResultBytes)]);
      client.writer.flush();
      return completed();
    },
    subscribe: async args => {
      const operation = operationOf(args);
      const refusal = await operation.client.caller.refusal(costOf(operation.payload));
      if (refusal !== undefined) return refusal;
      if (!isCurrent(operation)) return superseded(operation);
      const { client, id } = operation;
      // A client may complete an id and use it again before graphql-ws has heard of the first.
      client.streams.get(id)?.return();
      return openSubscription(
        args,
        handlers => socketStream(client, id, handlers),
        () => (isCurrent(operation) ? undefined : superseded(operation)),
        operation.gone.signal,
      );
    },
  });

  const environment = { turn: hub.turn, clock, composer: new FrameComposer(), containment };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!options.caps.admitsUpgrade(request)) return;
    if (pathOf(request) !== path) return refuse(socket, '404 Not Found');
    if (!allowsOrigin(request) || !allowsHost(request)) return refuse(socket, '403 Forbidden');
    if (shutdown.begun) return refuse(socket, '503 Service Unavailable');
    return websockets.handleUpgrade(request, socket, head, websocket => serve(websocket, request));
  };
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      onUpgrade(request, socket, head);
    } catch (error) {
      containment.contain('socket', error);
      socket.destroy();
    }
  });

  const serve = (websocket: WebSocket, request: IncomingMessage): void => {
    const writer = new FrameWriter(websocket, request.socket, environment);
    const caller = callers.of(request);
    const uncount = hub.countConnection();
    const cancelKeepAlive = keepAlive(websocket, clock);
    // Frames too large, not UTF-8, broken: the library closes the socket with the code that says so.
    websocket.on('error', error => logger.debug({ err: error }, 'a client broke the protocol'));
    const streams = new Map<string, SubscriptionStream>();
    const operations = new Map<string, SocketOperation>();
    const messages = new ClientMessages(websocket, writer, clock);
    const closed = protocol.opened(
      protocolSocket(websocket, messages, containment, id => operations.get(id)?.gone.abort()),
      { request, websocket, writer, caller, streams, operations, grant: PUBLIC_GRANT },
    );
    const endStreams = (): void => {
      for (const operation of operations.values()) operation.gone.abort();
      for (const stream of [...streams.values()]) void stream.return();
    };
    const gone = shutdown.opened({
      close: () => {
        // What a client asks for from now on, it asks for again elsewhere.
        messages.stop();
        if (websocket.isPaused) websocket.resume();
        writer.flush();
        // Nothing is written after the close frame, neither values nor `complete`: so the client subscribes again.
        websocket.close(CLOSE_GOING_AWAY, 'Going away');
        endStreams();
      },
      drop: () => websocket.terminate(),
    });
    websocket.on('close', (code, reason) => {
      messages.stop();
      caller.gone();
      endStreams();
      gone();
      uncount();
      cancelKeepAlive();
      void closed(code, String(reason));
    });
  };
}

/** What every operation of one client has at hand. */
interface Client {
  readonly request: IncomingMessage;
  readonly websocket: WebSocket;
  readonly writer: FrameWriter;
  readonly caller: Caller;
  /** Its open subscriptions, by operation id. */
  readonly streams: Map<string, SubscriptionStream>;
  /** The latest operation of each id that is in use. */
  readonly operations: Map<string, SocketOperation>;
  /** Set by `connection_init`. */
  grant: Grant;
}

/** The socket as graphql-ws wants it. */
function protocolSocket(
  websocket: WebSocket,
  messages: ClientMessages,
  containment: Containment,
  completed: (id: string) => void,
): ProtocolSocket {
  return {
    protocol: websocket.protocol,
    send: data => {
      if (websocket.readyState === websocket.OPEN) websocket.send(data);
    },
    close: (code, reason) => websocket.close(code, reason),
    onMessage: handle => {
      messages.onMessage(text => {
        const id = completedId(text);
        if (id !== undefined) completed(id);
        handle(withQuery(text)).catch((error: unknown) => {
          containment.contain('socket', error);
          websocket.close(CloseCode.InternalServerError, 'Internal server error');
        });
      });
    },
  };
}

/** Whose operation a client ends, before graphql-ws has heard of it: it would wait for what is being prepared. */
function completedId(text: string): string | undefined {
  return /^\s*\{[^{}]*"type"\s*:\s*"complete"/.test(text)
    ? /"id"\s*:\s*"([^"\\]*)"/.exec(text)?.[1]
    : undefined;
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
      // One that sends faster than it may is not read, and cannot be heard to answer.
      if (!answered && !websocket.isPaused) return websocket.terminate();
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
  /** Whether the client has completed neither it nor its socket. */
  readonly isOpen: () => boolean;
  /** Aborted when no one waits for its results any more. */
  readonly gone: AbortController;
}

/** Whether an operation is the latest of its id, and its client still wants it. */
function isCurrent(operation: SocketOperation): boolean {
  const { client, id } = operation;
  const isConnected = client.websocket.readyState === client.websocket.OPEN;
  return isConnected && operation.isOpen() && client.operations.get(id) === operation;
}

/**
 * What graphql-ws gets for an operation whose id may be another operation's by now, which it cannot tell apart: this one
 * says nothing, and whatever ends it ends the other.
 */
function superseded({ client, id }: SocketOperation): Completion {
  return new Completion(() => void client.streams.get(id)?.return());
}

/** What graphql-ws gets for an operation whose result was written elsewhere. */
function completed(): Completion {
  const completion = new Completion(() => {});
  completion.end();
  return completion;
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
  isOpen: () => boolean,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const notSupported = notSupportedIfPersisted(params);
  if (notSupported !== undefined) return [withoutHttp(notSupported)];
  const refusal = await client.caller.refusal(preparationCost(params.query.length));
  if (refusal !== undefined) return refusal.errors;
  const { schema, execute, contextFactory, parse, validate } = yoga.getEnveloped({
    req: client.request,
    socket: client.websocket,
    params,
    grant: client.grant,
    caller: client.caller,
  });
  try {
    const document = parse(params.query);
    const errors = validate(schema, document) as readonly GraphQLError[];
    if (errors.length > 0) return errors.map(withoutHttp);
    const gone = new AbortController();
    const rootValue: SocketOperation = { execute, client, id, payload: params, isOpen, gone };
    client.operations.get(id)?.gone.abort();
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
