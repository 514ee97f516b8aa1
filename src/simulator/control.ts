/**
 * Faults over HTTP, for tests and operators that run the simulator as a process of its own:
 * `curl -d '{"symbol":"BTC/USD"}' http://127.0.0.1:4100/control/corrupt-book`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { DropKind } from './session.ts';

type Body = Readonly<Record<string, unknown>>;

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
  'lose-trades': ({ faults }, { count = 1 }) => faults.loseTrades(number(count)),
  'duplicate-trades': ({ faults }, { count = 1 }) => faults.duplicateTrades(number(count)),
  'delay-trades': ({ faults }, { count = 1 }) => faults.delayTrades(number(count)),
  'reject-tokens': ({ faults }, { count = 1 }) => faults.rejectTokens(number(count)),
  'forget-tokens': ({ account }) => account.forgetTokens(),
  deny: ({ account }, { permission }) => account.permissions.delete(permissionOf(permission)),
  allow: ({ account }, { permission }) => account.permissions.add(permissionOf(permission)),
  'rate-limit': ({ faults }, { count = 1 }) => faults.limitRate(number(count)),
  'fail-rest': ({ faults }, { count = 1, error = 'EService:Unavailable' }) =>
    faults.failRest(number(count), text(error, 'error')),
  system: (exchange, { state }) => exchange.setSystem(text(state, 'state')),
  'non-json': exchange => exchange.broadcast('CloudFlare WebSocket proxy restarting'),
  'skip-sequence': ({ faults }, { channel = 'balances' }) => faults.skipSequence(text(channel, 'channel')),
  'slow-snapshot': ({ faults }, { ms = 1_000 }) => {
    faults.snapshotDelayMs = number(ms);
  },
  pair: (exchange, { symbol, ...changes }) => exchange.changePair(text(symbol, 'symbol'), changes),
  trade: (exchange, { symbol, count = 1 }) => {
    for (let index = 0; index < number(count); index += 1) exchange.trade(text(symbol, 'symbol'));
  },
  quote: (exchange, { symbol, count = 1 }) => {
    for (let index = 0; index < number(count); index += 1) exchange.quote(text(symbol, 'symbol'));
  },
  deep: (exchange, { symbol, count = 1 }) => {
    for (let index = 0; index < number(count); index += 1) exchange.deep(text(symbol, 'symbol'));
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

/** `POST /control/<command>` with a JSON object; `GET /control/` lists the commands. */
export async function answerControl(
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = (request.url ?? '').replace('/control/', '');
  const command = COMMANDS[name];
  if (request.method === 'GET') {
    reply(response, 200, { commands: Object.keys(COMMANDS) });
    return;
  }
  if (command === undefined) {
    reply(response, 404, { error: `no command ${name}` });
    return;
  }
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8').trim();
    const result = command(exchange, body === '' ? {} : (JSON.parse(body) as Body));
    reply(response, 200, { done: name, ...(typeof result === 'string' && { result }) });
  } catch (error) {
    reply(response, 400, { error: (error as Error).message });
  }
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

function number(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new Error('count and ms are numbers from 0');
}

function oneOf<Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find(word => word === value);
  if (found !== undefined) return found;
  throw new Error(`one of ${words.join(', ')}`);
}

function permissionOf(value: unknown): 'websockets' | 'funds' | 'orders' {
  return oneOf(value, ['websockets', 'funds', 'orders']);
}
