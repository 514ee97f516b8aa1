import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../lib/addresses.ts';

/** Whether a request may be looked at, by what its headers say of where it comes from and goes to. */
export type HeaderCheck = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/**
 * Pages of other origins are not answered. Requests without an origin come from programs, not pages, and pass. Pages pass
 * when they were served from here or from an origin on the list, spelled exactly. A browser that fetches for a page of
 * another site without telling which (an image, a form's GET) says at least that much.
 */
export function createOriginCheck(allowedOrigins: readonly string[]): HeaderCheck {
  const allowed = new Set(allowedOrigins);
  return ({ headers: { origin, host, 'sec-fetch-site': site } }) => {
    if (origin === undefined) return site !== 'cross-site';
    if (allowed.has(origin)) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  };
}

/**
 * A server that only its own machine can reach is called by addresses and localhost. By another name it is called by pages
 * of whoever made that name point here (DNS rebinding), for which a browser has no word of warning, or through a proxy
 * that passes names on, whose origin is on the list then.
 *
 * @param boundTo the address that the server listens on
 */
export function createHostCheck(allowedOrigins: readonly string[], boundTo: string): HeaderCheck {
  if (!isLoopback(boundTo)) return () => true;
  const allowed = new Set(allowedOrigins.map(origin => new URL(origin).host));
  return ({ headers: { host } }) => host === undefined || allowed.has(host) || isAddress(host);
}

/** `127.0.0.1:4000`, `[::1]:4000`, `localhost:4000`. */
function isAddress(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) > 0 || isLoopback(name);
}
