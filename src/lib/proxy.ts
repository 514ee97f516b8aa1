import http from 'node:http';
import { Agent } from 'node:https';
import querystring from 'node:querystring';
import type { Cancel } from './clock.ts';
import { CodedError } from './coded-error.ts';

export interface ProxySettings {
  /** `http://user:password@host:port` for `https://` and `wss://`; empty for none. */
  readonly httpsProxy: string;
  /** The same for `http://`. */
  readonly httpProxy: string;
  /** Hosts that are reached without it, separated by commas. */
  readonly noProxy: string;
}

/** This machine is always reached directly: the simulator of `npm run demo`, for one. */
const LOOPBACK = 'localhost,127.0.0.1,::1';

export interface ProxyInUse {
  /** For WebSockets, which take no part in Node's settings for the process. */
  readonly agent: Agent;
  /** Ends the use of the proxy by `fetch`. */
  readonly restore: Cancel;
}

/**
 * Makes `fetch` of this process go through a proxy; undefined if none is set.
 *
 * @throws {CodedError} `BAD_USER_INPUT` when this Node cannot: going past a proxy is not what was asked for
 */
export function useProxy({ httpsProxy, httpProxy, noProxy }: ProxySettings): ProxyInUse | undefined {
  if (httpsProxy === '' && httpProxy === '') return undefined;
  if (typeof http.setGlobalProxyFromEnv !== 'function') {
    const name = httpsProxy === '' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
    throw new CodedError('BAD_USER_INPUT', `${name} needs Node 24.14 or later: this is ${process.version}`);
  }
  const proxyEnv = {
    ...(httpsProxy !== '' && { HTTPS_PROXY: httpsProxy }),
    ...(httpProxy !== '' && { HTTP_PROXY: httpProxy }),
    NO_PROXY: noProxy === '' ? LOOPBACK : `${noProxy},${LOOPBACK}`,
  };
  return { agent: new Agent({ proxyEnv }), restore: http.setGlobalProxyFromEnv(proxyEnv) };
}

/** A URL as it may be shown: without user and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}

/** What of a proxy's URL is secret, as it is written and as it is sent. */
export function proxySecrets({ httpsProxy, httpProxy }: ProxySettings): readonly string[] {
  return [httpsProxy, httpProxy].flatMap(text => {
    const { password = '' } = URL.canParse(text) ? new URL(text) : {};
    return [password, querystring.unescape(password)];
  });
}
