import type { RestClient } from '../kraken/rest.ts';
import { RestError } from '../kraken/rest-error.ts';
import { tokenOf } from '../kraken/rest-rows.ts';
import type { TokenSource } from '../kraken/token.ts';

/**
 * Somebody who has the account's key and can supply a WebSockets token: an object with `getWebSocketsToken`, or an
 * exchange of the `ccxt` library.
 */
export type ExchangeClient =
  | { getWebSocketsToken(): Promise<string | { readonly token: string }> }
  | { privatePostGetWebSocketsToken(): Promise<{ readonly result?: { readonly token?: string } }> };

/** Tokens by our own signed REST call. */
export function tokensByRest(rest: RestClient): TokenSource {
  return async () => tokenOf(await rest.post('GetWebSocketsToken'));
}

/** Tokens from somebody else. */
export function tokensOf(client: ExchangeClient): TokenSource {
  return async () => {
    const answer =
      'getWebSocketsToken' in client
        ? await client.getWebSocketsToken()
        : (await client.privatePostGetWebSocketsToken()).result;
    const token = typeof answer === 'string' ? answer : answer?.token;
    if (typeof token === 'string' && token !== '') return token;
    throw new RestError('the exchange client supplied no token', true);
  };
}
