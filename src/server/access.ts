import { createHash, timingSafeEqual } from 'node:crypto';
import { FULL_GRANT, type Grant, PUBLIC_GRANT } from '../graphql/grant.ts';

/**
 * What the holder of an `Authorization` value may do; undefined when the value is given and wrong. Without one there are
 * public data.
 */
export type Access = (authorization: unknown) => Grant | undefined;

const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** @param accessToken that grants every scope; empty when nothing does */
export function createAccess(accessToken: string): Access {
  const expected = digest(accessToken);
  return authorization => {
    if (authorization === undefined || authorization === null || authorization === '') return PUBLIC_GRANT;
    const token = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
    // Digests have one length, so that the comparison tells nothing of the token, not even its length.
    const matches = token !== undefined && timingSafeEqual(digest(token), expected);
    return matches && accessToken !== '' ? FULL_GRANT : undefined;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
