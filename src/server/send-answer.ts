import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { toGraphQLError } from '../graphql/errors.ts';
import { CodedError } from '../lib/coded-error.ts';
import { gzipped } from './compression.ts';
import type { Shutdown } from './shutdown.ts';

const EVENTS = 'text/event-stream';

/** Writes what GraphQL answered as the HTTP response: an event stream as it comes, everything else compressed. */
export async function sendAnswer(
  answer: Response,
  request: IncomingMessage,
  response: ServerResponse,
  shutdown: Shutdown,
): Promise<void> {
  if (response.destroyed) {
    if (answer.body !== null) await abandon(answer.body);
    return;
  }
  response.statusCode = answer.status;
  response.setHeaders(answer.headers);
  if (answer.body !== null && answer.headers.get('content-type')?.startsWith(EVENTS)) {
    response.setHeaders(EVENT_STREAM_HEADERS);
    sendEvents(streamOf(answer.body), response, shutdown);
    return;
  }
  const body = Buffer.from(await answer.text());
  const compressed = await gzipped(body, request.headers['accept-encoding']);
  response.setHeader('Cache-Control', 'no-store');
  response.appendHeader('Vary', 'Accept-Encoding');
  if (compressed !== undefined) response.setHeader('Content-Encoding', 'gzip');
  if (answer.body !== null) response.setHeader('Content-Length', (compressed ?? body).length);
  // The connection would stay open for the next request otherwise.
  if (shutdown.begun) response.setHeader('Connection', 'close');
  response.end(compressed ?? body);
}

/** Ends an answer that no one will read. A stream that was never read does not know yet what it has to end. */
async function abandon(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  await reader.read();
  await reader.cancel();
}

/** Nothing on the way may keep events back, neither to compress nor to store them. `X-Accel-Buffering` tells nginx. */
const EVENT_STREAM_HEADERS = new Map([
  ['Cache-Control', 'no-store, no-transform'],
  ['X-Accel-Buffering', 'no'],
]);

/**
 * Writes events until there are no more, the client goes, or the server shuts down. In the last case the stream ends
 * without a `complete` event, so that the client comes again.
 */
function sendEvents(events: Readable, response: ServerResponse, shutdown: Shutdown): void {
  const gone = shutdown.opened({
    close: () => {
      // Ends the subscription too, and whatever it says about that is not sent.
      events.destroy();
      response.end();
    },
    drop: () => response.destroy(),
  });
  response.once('close', () => {
    gone();
    events.destroy();
  });
  events.on('data', (event: Uint8Array) => {
    if (response.write(event)) return;
    events.pause();
    response.once('drain', () => events.resume());
  });
  events.once('end', () => response.end());
  events.once('error', () => response.destroy());
}

/** A body as a Node stream, which yoga's already are: unlike theirs, its end can be brought about while it is read. */
function streamOf(body: ReadableStream): Readable {
  return body instanceof Readable ? body : Readable.fromWeb(body as unknown as NodeReadableStream);
}

/** What asks for events alone reconnects when a stream ends, and gives up when it is refused: so EventSource is told. */
export function refuseAtShutdown({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-store');
  if (headers.accept?.trim() === EVENTS) {
    response.writeHead(200, { 'Content-Type': EVENTS }).end(':\n\n');
    return;
  }
  const error = toGraphQLError(new CodedError('SHUTTING_DOWN', 'The server is shutting down'));
  response.writeHead(503, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify({ errors: [error] })}\n`);
}
