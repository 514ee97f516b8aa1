import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../lib/addresses.ts';

/** Whether a page of the request's origin may talk to this server. */
export type OriginCheck = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/**
 * Requests without an origin come from programs, not pages, and pass. Pages pass when they were served from here
 * or from an origin on the list, spelled exactly. A browser that fetches for a page of another site without telling
 * which (an image, a form's GET) says at least that much.
 *
 * A server that only its own machine can reach is reached by addresses and as localhost: by another name it is reached
 * by pages of whoever made that name point here (DNS rebinding), or through a proxy, whose origin is on the list then.
 *
 * @param boundTo the address that the server listens on
 */
export function createOriginCheck(allowedOrigins: readonly string[], boundTo: string): OriginCheck {
  const allowed = new Set(allowedOrigins);
  const allowedHosts = new Set(allowedOrigins.map(origin => new URL(origin).host));
  const isOurs = isLoopback(boundTo)
    ? (host: string) => allowedHosts.has(host) || isAddress(host)
    : () => true;
  return ({ headers: { origin, host, 'sec-fetch-site': site } }) => {
    if (origin !== undefined && allowed.has(origin)) return true;
    const fromPage = origin !== undefined || site !== undefined;
    if (fromPage && !(host !== undefined && isOurs(host))) return false;
    if (origin === undefined) return site !== 'cross-site';
    return URL.canParse(origin) && new URL(origin).host === host;
  };
}

/** `127.0.0.1:4000`, `[::1]:4000`, `localhost:4000`. */
function isAddress(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) > 0 || isLoopback(name);
}
