import { gzipSync } from 'node:zlib';

/** A file that a page loads, kept in memory. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** The same for browsers that take it compressed; undefined where that saves nothing. */
  readonly gzipped: Buffer | undefined;
}

/** A page with everything that it loads. */
export interface Page {
  readonly html: string;
  /** By path. Names carry a hash of the content, so that browsers may keep them for ever. */
  readonly assets: ReadonlyMap<string, Asset>;
}

export function assetOf(type: string, body: Buffer): Asset {
  const gzipped = gzipSync(body);
  return { type, body, gzipped: gzipped.length < body.length ? gzipped : undefined };
}
