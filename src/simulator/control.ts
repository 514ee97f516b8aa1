/**
 * Faults over HTTP, for tests and operators that run the simulator as a process of its own:
 * `curl -d '{"symbol":"BTC/USD"}' http://127.0.0.1:4100/control/corrupt-book`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../lib/addresses.ts';
import type { Exchange } from './exchange.ts';
import type { DropKind } from './session.ts';

type Body = Readonly<Record<string, unknown>>;

const MAX_BODY = 65_536;
/** Trades, and faults that are to happen so many times. */
const MAX_COUNT = 10_000;
/** Snapshots later than this are none. */
const MAX_MS = 3_600_000;

/** What can be asked for, with its members. */
const COMMANDS: Readonly<Record<string, (exchange: Exchange, body: Body) => unknown>> = {
  drop: (exchange, { kind = 'rst' }) => exchange.dropAll(oneOf<DropKind>(kind, ['fin', 'rst', 'end'])),
  refuse: ({ faults }, { on = true }) => {
    faults.refusing = on === true;
  },
  stall: ({ faults }, { on = true }) => {
    faults.stalled = on === true;
  },
  mute: ({ faults }, { channel, symbol }) => faults.mute(text(channel, 'channel'), optionalText(symbol)),
  unmute: ({ faults }, { channel, symbol }) => faults.unmute(text(channel, 'channel'), optionalText(symbol)),
  'corrupt-book': ({ faults }, { symbol }) => faults.corruptBook(text(symbol, 'symbol')),
  'skip-book': ({ faults }, { symbol }) => faults.skipBook(text(symbol, 'symbol')),
  'lose-trades': ({ faults }, { count = 1 }) => faults.loseTrades(countOf(count)),
  'duplicate-trades': ({ faults }, { count = 1 }) => faults.duplicateTrades(countOf(count)),
  'delay-trades': ({ faults }, { count = 1 }) => faults.delayTrades(countOf(count)),
  'reject-tokens': ({ faults }, { count = 1 }) => faults.rejectTokens(countOf(count)),
  'forget-tokens': ({ account }) => account.forgetTokens(),
  deny: ({ account }, { permission }) => account.permissions.delete(permissionOf(permission)),
  allow: ({ account }, { permission }) => account.permissions.add(permissionOf(permission)),
  'rate-limit': ({ faults }, { count = 1 }) => faults.limitRate(countOf(count)),
  'fail-rest': ({ faults }, { count = 1, error = 'EService:Unavailable' }) =>
    faults.failRest(countOf(count), text(error, 'error')),
  system: (exchange, { state }) => exchange.setSystem(text(state, 'state')),
  announce: (exchange, { maintenance, emergency }) =>
    exchange.announce({
      ...(maintenance !== undefined && { maintenance: objects(maintenance) }),
      ...(emergency !== undefined && { emergency: objects(emergency) }),
    }),
  'non-json': exchange => exchange.broadcast('CloudFlare WebSocket proxy restarting'),
  'skip-sequence': ({ faults }, { channel = 'balances' }) => faults.skipSequence(text(channel, 'channel')),
  'slow-snapshot': ({ faults }, { ms = 1_000 }) => {
    faults.snapshotDelayMs = within(ms, 'ms', MAX_MS);
  },
  pair: (exchange, { symbol, ...changes }) => exchange.changePair(text(symbol, 'symbol'), changes),
  unlist: (exchange, { symbol }) => exchange.unlist(text(symbol, 'symbol')),
  trade: (exchange, { symbol, count = 1 }) => {
    const times = countOf(count);
    for (let index = 0; index < times; index += 1) exchange.trade(text(symbol, 'symbol'));
  },
  quote: (exchange, { symbol, count = 1 }) => {
    for (let index = 0; index < countOf(count); index += 1) exchange.quote(text(symbol, 'symbol'));
  },
  deep: (exchange, { symbol, count = 1 }) => {
    for (let index = 0; index < countOf(count); index += 1) exchange.deep(text(symbol, 'symbol'));
  },
  move: (exchange, { asset, amount, type = 'deposit' }) =>
    exchange.move(text(asset, 'asset'), text(amount, 'amount'), text(type, 'type')),
  order: (exchange, { symbol, side, qty, price }) =>
    exchange.placeOrder(
      text(symbol, 'symbol'),
      oneOf(side, ['buy', 'sell']),
      text(qty, 'qty'),
      text(price, 'price'),
    ),
  cancel: (exchange, { id }) => exchange.cancelOrder(text(id, 'id')),
};

/**
 * `POST /control/<command>` with a JSON object; `GET /control/` lists the commands. For programs on this machine: pages
 * are refused, whatever name they have made point here.
 */
export async function answerControl(
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isFromProgram(request)) {
    reply(response, 403, { error: 'the controls are for programs on this machine, not for pages' });
    return;
  }
  const name = (request.url ?? '').replace('/control/', '');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined && !(request.method === 'GET' && name === '')) {
    reply(response, 404, { error: `no command ${name}` });
    return;
  }
  if (command === undefined || request.method === 'GET') {
    reply(response, 200, { commands: Object.keys(COMMANDS) });
    return;
  }
  try {
    const body = await bodyOf(request);
    if (body === undefined) {
      response.setHeader('Connection', 'close');
      reply(response, 413, { error: `a body has at most ${MAX_BODY} bytes` });
      return;
    }
    const result = command(exchange, recordOf(body === '' ? '{}' : body));
    reply(response, 200, { done: name, ...(typeof result === 'string' && { result }) });
  } catch (error) {
    reply(response, 400, { error: (error as Error).message });
  }
}

/** Browsers say of pages where they come from; a name that points here is not an address. */
function isFromProgram({ headers }: IncomingMessage): boolean {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  return origin === undefined && (site ?? 'none') === 'none' && isLoopback(host.replace(/:\d+$/, ''));
}

/** undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Who sends too much is still to be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').trim();
}

function recordOf(text: string): Body {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body;
  throw new Error('a body is a JSON object');
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${name} is a string`);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function objects(value: unknown): readonly object[] {
  if (Array.isArray(value) && value.every(one => typeof one === 'object' && one !== null)) {
    return value as readonly object[];
  }
  throw new Error('maintenance and emergency are arrays of objects');
}

function countOf(value: unknown): number {
  return within(value, 'count', MAX_COUNT);
}

function within(value: unknown, name: string, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw new Error(`${name} is a number from 0 to ${most}`);
}

function oneOf<Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find(word => word === value);
  if (found !== undefined) return found;
  throw new Error(`one of ${words.join(', ')}`);
}

function permissionOf(value: unknown): 'websockets' | 'funds' | 'orders' {
  return oneOf(value, ['websockets', 'funds', 'orders']);
}
