import type { IncomingMessage } from 'node:http';

/** Whether a page of the request's origin may talk to this server. */
export type OriginCheck = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/**
 * Requests without an origin come from programs, not pages, and pass. Pages pass when they were served from here
 * or from an origin on the list, spelled exactly. A browser that fetches for a page of another site without telling
 * which (an image, a form's GET) says at least that much.
 */
export function createOriginCheck(allowedOrigins: readonly string[]): OriginCheck {
  const allowed = new Set(allowedOrigins);
  return ({ headers: { origin, host, 'sec-fetch-site': site } }) => {
    if (origin === undefined) return site !== 'cross-site';
    if (allowed.has(origin)) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  };
}
