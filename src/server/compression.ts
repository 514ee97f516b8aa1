import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Smaller bodies fit into one packet anyway. */
const WORTH_IT_BYTES = 1_024;

const compress = promisify(gzip);

/**
 * Compresses a body beside the event loop, in the thread pool.
 *
 * @returns undefined if the client does not accept gzip, or the body is too small to gain from it
 */
export async function gzipped(
  body: Buffer,
  acceptEncoding: string | undefined,
): Promise<Buffer<ArrayBuffer> | undefined> {
  return body.length > WORTH_IT_BYTES && acceptsGzip(acceptEncoding) ? compress(body) : undefined;
}

/** Whether an `Accept-Encoding` header has gzip, or any encoding, with a weight above zero. */
function acceptsGzip(header = ''): boolean {
  const weights = new Map(
    header.split(',').map(item => {
      const [coding = '', ...parameters] = item.split(';').map(part => part.trim().toLowerCase());
      const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice(2);
      return [coding, weight === undefined ? 1 : Number(weight)] as const;
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
