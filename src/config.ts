import { readFileSync } from 'node:fs';
import { isLoopback } from './lib/addresses.ts';
import { CodedError } from './lib/coded-error.ts';
import { withoutCredentials } from './lib/proxy.ts';

/** What the environment says, checked and complete. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Pairs kept streaming without subscribers; `*` for every online pair. */
  readonly symbols: readonly string[] | '*';
  readonly krakenWsUrl: string;
  readonly krakenWsAuthUrl: string;
  readonly krakenRestUrl: string;
  /** Empty without one; then there are public data only. */
  readonly apiKey: string;
  /** base64 */
  readonly apiSecret: string;
  /** Grants every scope; empty for none. */
  readonly accessToken: string;
  /** Exact origins for CORS and for the WebSocket upgrade, besides the server's own. */
  readonly allowedOrigins: readonly string[];
  /** TCP connections at once, over all addresses. */
  readonly maxConnections: number;
  /** The same of one public address. */
  readonly maxConnectionsPerAddress: number;
  /** Distinct subscriptions that are executed, over all clients. */
  readonly maxBroadcasts: number;
  /** Subscriptions at Kraken; a book counts once for each 100 levels. */
  readonly maxUpstreamSubscriptions: number;
  /** Bytes of one result. */
  readonly maxResultBytes: number;
  /** How long an idle HTTP connection is kept. */
  readonly keepAliveTimeoutMs: number;
  /** For `https://` and `wss://`; empty for none. */
  readonly httpsProxy: string;
  /** For `http://`; empty for none. */
  readonly httpProxy: string;
  /** Hosts that are reached without a proxy, separated by commas. */
  readonly noProxy: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** How long `/ready` says 503 before anything else changes at shutdown. */
  readonly shutdownDelayMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectDelayMs: number;
  readonly reconnectMaxDelayMs: number;
  readonly subscribeRate: number;
  readonly subscriptionLingerMs: number;
  readonly tokenRefreshMs: number;
  /** Public REST calls a second. */
  readonly restRate: number;
  /** Connection attempts in ten minutes. */
  readonly connectionAttempts: number;
  /** Where the server keeps what outlives it. */
  readonly dataDir: string;
  readonly messageQueueSize: number;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One variable: its default as text, and how text becomes a value. */
interface Variable<Value> {
  readonly name: string;
  readonly fallback: string;
  readonly allowed: string;
  /** Never shown; may also be in a file, whose path the variable with `_FILE` at its end holds. */
  readonly secret?: true;
  /** May be spelled in lower case too, which goes first. */
  readonly lowerCaseToo?: true;
  /** undefined when the text is not allowed. */
  readonly read: (text: string) => Value | undefined;
}

/** Every variable, in the order in which the README lists them. */
export const VARIABLES: { readonly [Key in keyof Config]: Variable<Config[Key]> } = {
  host: { name: 'HOST', fallback: '127.0.0.1', allowed: 'a host name or address', read: nonEmpty },
  port: { name: 'PORT', fallback: '4000', allowed: 'an integer from 0 to 65535', read: integer(0, 65_535) },
  symbols: {
    name: 'SYMBOLS',
    fallback: 'BTC/USD,ETH/USD',
    allowed: 'pairs as BASE/QUOTE, separated by commas, or *',
    read: symbols,
  },
  krakenWsUrl: {
    name: 'KRAKEN_WS_URL',
    fallback: 'wss://ws.kraken.com/v2',
    allowed: 'a URL that begins with ws:// or wss://',
    read: webSocketUrl,
  },
  krakenWsAuthUrl: {
    name: 'KRAKEN_WS_AUTH_URL',
    fallback: 'wss://ws-auth.kraken.com/v2',
    allowed: 'a URL that begins with ws:// or wss://',
    read: webSocketUrl,
  },
  krakenRestUrl: {
    name: 'KRAKEN_REST_URL',
    fallback: 'https://api.kraken.com',
    allowed: 'a URL that begins with http:// or https://, without a slash at its end',
    read: text => (/^https?:\/\/[^#?]*[^/#?]$/.test(text) && URL.canParse(text) ? text : undefined),
  },
  apiKey: secret('KRAKEN_API_KEY', 'the key as Kraken shows it', /^\S+$/),
  apiSecret: secret(
    'KRAKEN_API_SECRET',
    'the secret as Kraken shows it, in base64',
    /^[A-Za-z0-9+/]{4,}={0,2}$/,
  ),
  accessToken: secret(
    'ACCESS_TOKEN',
    '16 characters or more of A-Z a-z 0-9 . _ ~ + / - =',
    /^[\w.~+/-]{16,}=*$/,
  ),
  allowedOrigins: {
    name: 'ALLOWED_ORIGINS',
    fallback: '',
    allowed: 'origins as https://app.example.com, separated by commas',
    read: origins,
  },
  maxConnections: {
    name: 'MAX_CONNECTIONS',
    fallback: '20000',
    allowed: 'an integer from 1 to 1000000',
    read: integer(1, 1_000_000),
  },
  maxConnectionsPerAddress: {
    name: 'MAX_CONNECTIONS_PER_ADDRESS',
    fallback: '1000',
    allowed: 'an integer from 1 to 1000000',
    read: integer(1, 1_000_000),
  },
  maxBroadcasts: {
    name: 'MAX_BROADCASTS',
    fallback: '20000',
    allowed: 'an integer from 1 to 1000000',
    read: integer(1, 1_000_000),
  },
  maxUpstreamSubscriptions: {
    name: 'MAX_UPSTREAM_SUBSCRIPTIONS',
    fallback: '5000',
    allowed: 'an integer from 1 to 1000000',
    read: integer(1, 1_000_000),
  },
  maxResultBytes: {
    name: 'MAX_RESULT_BYTES',
    fallback: '4194304',
    allowed: 'bytes, an integer from 65536 to 67108864',
    read: integer(65_536, 67_108_864),
  },
  keepAliveTimeoutMs: milliseconds('KEEP_ALIVE_TIMEOUT_MS', '75000', 1_000),
  httpsProxy: proxy('HTTPS_PROXY'),
  httpProxy: proxy('HTTP_PROXY'),
  noProxy: {
    name: 'NO_PROXY',
    fallback: '',
    allowed: 'hosts, separated by commas',
    lowerCaseToo: true,
    read: text => (/^[^\s,]*(\s*,\s*[^\s,]+)*,?$/.test(text) ? list(text).join(',') : undefined),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'info',
    allowed: LOG_LEVELS.join(', '),
    read: text => LOG_LEVELS.find(level => level === text.toLowerCase()),
  },
  shutdownDelayMs: milliseconds('SHUTDOWN_DELAY_MS', '0', 0),
  pingIntervalMs: milliseconds('KRAKEN_PING_INTERVAL_MS', '20000'),
  pingTimeoutMs: milliseconds('KRAKEN_PING_TIMEOUT_MS', '10000'),
  heartbeatTimeoutMs: milliseconds('KRAKEN_HEARTBEAT_TIMEOUT_MS', '5000'),
  connectTimeoutMs: milliseconds('KRAKEN_CONNECT_TIMEOUT_MS', '30000'),
  reconnectDelayMs: milliseconds('KRAKEN_RECONNECT_DELAY_MS', '1000'),
  reconnectMaxDelayMs: milliseconds('KRAKEN_RECONNECT_MAX_DELAY_MS', '60000'),
  subscribeRate: {
    name: 'KRAKEN_SUBSCRIBE_RATE',
    fallback: '5',
    allowed: 'an integer from 1 to 100',
    read: integer(1, 100),
  },
  subscriptionLingerMs: milliseconds('SUBSCRIPTION_LINGER_MS', '30000', 0),
  tokenRefreshMs: milliseconds('KRAKEN_TOKEN_REFRESH_MS', '780000', 1_000),
  restRate: {
    name: 'KRAKEN_REST_RATE',
    fallback: '1',
    allowed: 'an integer from 1 to 1000',
    read: integer(1, 1_000),
  },
  connectionAttempts: {
    name: 'KRAKEN_CONNECTION_ATTEMPTS',
    fallback: '150',
    allowed: 'an integer from 1 to 150',
    read: integer(1, 150),
  },
  dataDir: {
    name: 'DATA_DIR',
    fallback: './data',
    allowed: 'the path of a directory',
    read: text => (text.includes('\0') ? undefined : text),
  },
  messageQueueSize: {
    name: 'MESSAGE_QUEUE_SIZE',
    fallback: '10000',
    allowed: 'an integer from 100 to 1000000',
    read: integer(100, 1_000_000),
  },
};

/**
 * Reads the configuration. An empty variable counts as absent.
 *
 * @throws {CodedError} `BAD_USER_INPUT`, one line that names the variable, the value and what is allowed
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const entries = Object.entries(VARIABLES).map(([key, variable]) => {
    const text = textOf(variable, environment) || variable.fallback;
    const value: unknown = variable.read(text);
    if (value === undefined) {
      const shown = variable.secret ? '(not shown)' : withoutCredentials(text);
      throw new CodedError(
        'BAD_USER_INPUT',
        `${variable.name}=${shown} is not valid: it takes ${variable.allowed}`,
      );
    }
    return [key, value];
  });
  const config = Object.freeze(Object.fromEntries(entries)) as Config;
  if (config.reconnectMaxDelayMs < config.reconnectDelayMs) {
    const { name } = VARIABLES.reconnectMaxDelayMs;
    const least = `${VARIABLES.reconnectDelayMs.name}, ${config.reconnectDelayMs}`;
    throw new CodedError(
      'BAD_USER_INPUT',
      `${name}=${config.reconnectMaxDelayMs} is not valid: it takes at least ${least}`,
    );
  }
  if ((config.apiKey === '') !== (config.apiSecret === '')) {
    const [given, missing] =
      config.apiKey === ''
        ? [VARIABLES.apiSecret, VARIABLES.apiKey]
        : [VARIABLES.apiKey, VARIABLES.apiSecret];
    throw new CodedError('BAD_USER_INPUT', `${given.name} is set and ${missing.name} is not: it takes both`);
  }
  if (config.apiKey !== '' && config.accessToken === '' && !isLoopback(config.host)) {
    throw new CodedError(
      'BAD_USER_INPUT',
      `HOST=${config.host} lets others reach the balances of ${VARIABLES.apiKey.name}: it takes an ${VARIABLES.accessToken.name} of your own`,
    );
  }
  return config;
}

/** What a variable says: in the environment, or of a secret in the file that the environment names. */
function textOf(
  { name, secret, lowerCaseToo }: Variable<unknown>,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const inLowerCase = lowerCaseToo ? environment[name.toLowerCase()]?.trim() : undefined;
  if (inLowerCase) return inLowerCase;
  const path = secret ? environment[`${name}_FILE`]?.trim() : undefined;
  if (!path) return environment[name]?.trim();
  if (environment[name]?.trim()) {
    throw new CodedError('BAD_USER_INPUT', `${name} and ${name}_FILE are both set: it takes one of them`);
  }
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const message = `${name}_FILE=${path} can not be read: ${(error as NodeJS.ErrnoException).code}`;
    throw new CodedError('BAD_USER_INPUT', message, {}, { cause: error });
  }
}

function secret(name: string, allowed: string, pattern: RegExp): Variable<string> {
  return {
    name,
    fallback: '',
    allowed,
    secret: true,
    read: text => (text === '' || pattern.test(text) ? text : undefined),
  };
}

function proxy(name: string): Variable<string> {
  return {
    name,
    fallback: '',
    allowed: 'a URL as http://proxy.example.com:3128, with http:// or https:// at its beginning',
    lowerCaseToo: true,
    read: text =>
      text === '' || (/^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text)) ? text : undefined,
  };
}

function milliseconds(name: string, fallback: string, least = 1): Variable<number> {
  const most = 86_400_000;
  return {
    name,
    fallback,
    allowed: `milliseconds, an integer from ${least} to ${most}`,
    read: integer(least, most),
  };
}

function integer(least: number, most: number): (text: string) => number | undefined {
  return text => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
}

function nonEmpty(text: string): string | undefined {
  return /^\S+$/.test(text) ? text : undefined;
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');
}

function symbols(text: string): Config['symbols'] | undefined {
  if (text === '*') return '*';
  const items = list(text);
  return items.every(item => /^[A-Za-z0-9.]{1,16}[/-][A-Za-z0-9.]{1,16}$/.test(item)) ? items : undefined;
}

function webSocketUrl(text: string): string | undefined {
  return /^wss?:\/\/[^#]+$/.test(text) && URL.canParse(text) ? text : undefined;
}

function origins(text: string): readonly string[] | undefined {
  const items = list(text);
  return items.every(item => URL.canParse(item) && new URL(item).origin === item) ? items : undefined;
}
