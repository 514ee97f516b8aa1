import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** A file that a page loads. */
export interface AssetFile {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

/** The same, as it is kept in memory. */
export interface Asset extends AssetFile {
  /** The same for browsers that take it compressed; undefined where that saves nothing. */
  readonly gzipped: Buffer | undefined;
}

/** A page with everything that it loads. */
export interface Page {
  readonly html: string;
  /** By path. Names carry a hash of the content, so that browsers may keep them for ever. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** Compressed beside the event loop: GraphiQL's files are megabytes, and whoever opens it first may hold up nobody. */
export async function assetsOf(files: readonly AssetFile[]): Promise<Page['assets']> {
  const assets = await Promise.all(
    files.map(async (file): Promise<Asset> => {
      const gzipped = await compress(file.body);
      return { ...file, gzipped: gzipped.length < file.body.length ? gzipped : undefined };
    }),
  );
  return new Map(assets.map(asset => [asset.path, asset]));
}
