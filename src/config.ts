import { CodedError } from './lib/coded-error.ts';

/** What the environment says, checked and complete. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Pairs kept streaming without subscribers; `*` for every online pair. */
  readonly symbols: readonly string[] | '*';
  readonly krakenWsUrl: string;
  /** Exact origins for CORS and for the WebSocket upgrade, besides the server's own. */
  readonly allowedOrigins: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectDelayMs: number;
  readonly reconnectMaxDelayMs: number;
  readonly subscribeRate: number;
  readonly subscriptionLingerMs: number;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One variable: its default as text, and how text becomes a value. */
interface Variable<Value> {
  readonly name: string;
  readonly fallback: string;
  readonly allowed: string;
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
  allowedOrigins: {
    name: 'ALLOWED_ORIGINS',
    fallback: '',
    allowed: 'origins as https://app.example.com, separated by commas',
    read: origins,
  },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'info',
    allowed: LOG_LEVELS.join(', '),
    read: text => LOG_LEVELS.find(level => level === text.toLowerCase()),
  },
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
};

/**
 * Reads the configuration. An empty variable counts as absent.
 *
 * @throws {CodedError} `BAD_USER_INPUT`, one line that names the variable, the value and what is allowed
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const entries = Object.entries(VARIABLES).map(([key, variable]) => {
    const text = environment[variable.name]?.trim() || variable.fallback;
    const value: unknown = variable.read(text);
    if (value === undefined) {
      throw new CodedError(
        'BAD_USER_INPUT',
        `${variable.name}=${text} is not valid: it takes ${variable.allowed}`,
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
  return config;
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
