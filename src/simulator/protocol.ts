import { INTERVALS } from './tape.ts';
import { microseconds, Raw, write } from './wire.ts';

/** Channels of the two endpoints. Those that the simulator does not play are refused as unknown names. */
const PUBLIC_CHANNELS = new Set(['ticker', 'book', 'trade', 'ohlc', 'instrument']);
const EVENT_TRIGGERS: readonly unknown[] = ['trades', 'bbo'];
const BOOK_DEPTHS: readonly unknown[] = [10, 25, 100, 500, 1000];
const PRIVATE_CHANNELS = new Set(['balances', 'executions']);
const MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['subscribe', new Set(['method', 'params', 'req_id'])],
  ['unsubscribe', new Set(['method', 'params', 'req_id'])],
  ['ping', new Set(['method', 'req_id'])],
]);

/** What a client asked for, after the gateway has looked at it. */
export type ParsedRequest =
  | { readonly kind: 'ping'; readonly reqId: number | undefined }
  | {
      readonly kind: 'subscribe' | 'unsubscribe';
      readonly reqId: number | undefined;
      readonly channel: string;
      /** Empty on channels without symbols. */
      readonly symbols: readonly string[];
      /** Depth of a book, event trigger of a ticker; 0 elsewhere. One of them stands at a time, and an unsubscribe names it. */
      readonly variant: number | string;
      /** Minutes, of candles; 0 elsewhere. */
      readonly interval: number;
      readonly snapshot: boolean;
      /** Of the list of pairs: whether those of tokenized assets are in it. */
      readonly tokenized: boolean;
      /** Of private channels. */
      readonly token: string | undefined;
      /** What goes back in the acknowledgement besides channel, snapshot and symbol. */
      readonly echo: object;
    }
  | { readonly kind: 'answer'; readonly text: string };

/** Reads a request as the gateway of one endpoint does, with its words for everything that is wrong. */
export function parseRequest(
  text: string,
  endpoint: 'public' | 'private',
  receivedMs: number,
): ParsedRequest {
  const refuse = (method: string, reqId: unknown, error: string): ParsedRequest => ({
    kind: 'answer',
    text: refusal({ method, reqId, error, receivedMs }),
  });

  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return refuse('error', undefined, 'Malformed request');
  }
  if (!isRecord(frame)) return refuse('error', undefined, 'Malformed request');
  const { method, req_id: reqId, params } = frame;
  if (reqId !== undefined && !Number.isInteger(reqId)) return refuse('error', undefined, 'Malformed request');
  const members = typeof method === 'string' ? MEMBERS.get(method) : undefined;
  if (typeof method !== 'string' || members === undefined) {
    return refuse(typeof method === 'string' ? method : 'error', reqId, 'Unsupported event');
  }
  const stranger = Object.keys(frame).find(member => !members.has(member));
  if (stranger !== undefined) {
    const error = `Unsupported field: '${stranger}' for the given msg type: ${method}`;
    const { symbol } = frame;
    const named = typeof symbol === 'string' ? { symbol } : {};
    return { kind: 'answer', text: refusal({ method, reqId, error, receivedMs, ...named }) };
  }
  if (method === 'ping') return { kind: 'ping', reqId: reqId as number | undefined };
  if (!isRecord(params)) return refuse(method, reqId, 'Unsupported event');

  const { channel, symbol, snapshot = true } = params;
  if (typeof channel !== 'string') return refuse(method, reqId, 'Subscription name invalid');
  if (channel === 'status' || channel === 'heartbeat') return refuse(method, reqId, 'Symbol(s) not found');
  if (endpoint === 'public' && PRIVATE_CHANNELS.has(channel)) {
    return refuse(
      method,
      reqId,
      'Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com',
    );
  }
  if (endpoint === 'private' && PUBLIC_CHANNELS.has(channel)) {
    return refuse(
      method,
      reqId,
      'Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com',
    );
  }
  if (!PUBLIC_CHANNELS.has(channel) && !PRIVATE_CHANNELS.has(channel)) {
    return refuse(method, reqId, 'Subscription name invalid');
  }
  const common = {
    kind: method as 'subscribe' | 'unsubscribe',
    reqId: reqId as number | undefined,
    channel,
    symbols: [],
    variant: 0,
    interval: 0,
    tokenized: false,
    snapshot: snapshot !== false,
    token: undefined,
    echo: {},
  };
  if (PRIVATE_CHANNELS.has(channel)) {
    const { token } = params;
    if (typeof token !== 'string') return refuse(method, reqId, 'Token(s) not found');
    if (channel === 'balances') return { ...common, token };
    const { snap_orders = true, snap_trades = false } = params;
    return { ...common, token, echo: { ...EXECUTIONS_ECHO, snap_orders, snap_trades } };
  }
  if (channel === 'instrument') {
    return {
      ...common,
      tokenized: params['include_tokenized_assets'] === true,
      echo: { warnings: ['tick_size is deprecated, use price_increment'] },
    };
  }
  if (symbol === undefined) return refuse(method, reqId, 'Symbol(s) not found');
  if (!Array.isArray(symbol)) return refuse(method, reqId, 'Symbol field must be an array');
  if (symbol.length === 0) return refuse(method, reqId, 'Symbol(s) not found');
  const symbols = symbol.map(String);
  const { depth = 10, interval = 1 } = params;
  switch (channel) {
    case 'book':
      if (!BOOK_DEPTHS.includes(depth)) return refuse(method, reqId, 'Subscription depth not supported');
      return { ...common, symbols, variant: Number(depth), echo: { depth } };
    case 'ohlc': {
      if (!INTERVALS.includes(Number(interval))) {
        return refuse(method, reqId, 'Subscription ohlc interval not supported');
      }
      const warnings = ['timestamp is deprecated, use interval_begin'];
      return { ...common, symbols, interval: Number(interval), echo: { interval, warnings } };
    }
    case 'trade':
      // Without the member there is no snapshot.
      return { ...common, symbols, snapshot: params['snapshot'] === true };
    default: {
      const { event_trigger = 'trades' } = params;
      // No source has Kraken's words for another trigger; these follow those for another depth.
      if (!EVENT_TRIGGERS.includes(event_trigger)) {
        return refuse(method, reqId, 'Subscription event_trigger not supported');
      }
      return { ...common, symbols, variant: String(event_trigger), echo: { event_trigger } };
    }
  }
}

/** What the acknowledgement of an executions subscription says besides what was asked for. */
const EXECUTIONS_ECHO = {
  maxratecount: 180,
  warnings: [
    'cancel_reason is deprecated, use reason',
    'stop_price is deprecated, use triggers.price',
    'trigger is deprecated use triggers.reference',
    'triggered_price is deprecated use triggers.last_price',
  ],
};

/** An answer that a request succeeded; members in alphabetical order, as the gateway sends them. */
export function acknowledgement(answer: {
  readonly method: string;
  readonly reqId: number | undefined;
  readonly channel: string;
  readonly symbol: string | undefined;
  readonly snapshot: boolean | undefined;
  readonly echo: object;
  readonly receivedMs: number;
}): string {
  const result = {
    channel: answer.channel,
    ...answer.echo,
    snapshot: answer.snapshot,
    symbol: answer.symbol,
  };
  return write({
    method: answer.method,
    req_id: answer.reqId,
    result: Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1))),
    success: true,
    time_in: microseconds(answer.receivedMs),
    time_out: microseconds(answer.receivedMs),
  });
}

export function refusal(answer: {
  readonly method: string;
  readonly reqId: unknown;
  readonly error: string;
  readonly receivedMs: number;
  readonly symbol?: string;
  readonly channel?: string;
}): string {
  return write({
    channel: answer.channel,
    error: answer.error,
    method: answer.method,
    req_id: answer.reqId,
    ...(answer.channel !== undefined && { status: 'error' }),
    success: false,
    symbol: answer.symbol,
    time_in: microseconds(answer.receivedMs),
    time_out: microseconds(answer.receivedMs),
  });
}

export function pong(reqId: number | undefined, receivedMs: number): string {
  const time = microseconds(receivedMs);
  return write({ method: 'pong', req_id: reqId, time_in: time, time_out: time });
}

/** What the status channel announces besides. */
export interface Advisories {
  readonly upcoming_maintenance: readonly object[];
  readonly emergency: readonly object[];
}

/** How the trading engine is: the first frame of a connection, and again at each change. */
export function statusFrame(system: string, connectionId: string, advisories: Advisories): string {
  const row = {
    version: '2.0.10',
    system,
    api_version: 'v2',
    connection_id: new Raw(connectionId),
    ...advisories,
  };
  return write({ channel: 'status', type: 'update', data: [row] });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
