import { createHash, createHmac } from 'node:crypto';

/**
 * The `API-Sign` header of a private REST call: HMAC-SHA512 over the path and the SHA-256 of nonce and body.
 *
 * @param secret base64, as Kraken gives it
 * @param path with its leading `/0/private/`
 * @param body exactly as sent, the nonce in it
 * @see https://docs.kraken.com/api/docs/guides/spot-rest-auth
 */
export function signature(secret: string, path: string, nonce: string, body: string): string {
  const hash = createHash('sha256')
    .update(nonce + body)
    .digest();
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(path).update(hash).digest('base64');
}
