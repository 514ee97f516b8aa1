import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SimulatedAccount } from './account.ts';
import type { Faults } from './faults.ts';
import { restAssetPairs, restAssets } from './listing.ts';
import type { SimulatedMarket } from './market.ts';
import { pairAltNameOf, pairKeyOf } from './names.ts';
import { SIMULATED_PAIRS } from './pairs.ts';
import { INTERVALS } from './tape.ts';

/** What REST answers are made of. */
export interface RestSource {
  readonly market: SimulatedMarket;
  readonly account: SimulatedAccount;
  readonly faults: Faults;
  readonly system: () => string;
  readonly now: () => number;
}

type Answer = { readonly result: object } | { readonly error: string };

/** Answers one REST request. */
export async function answerRest(
  source: RestSource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const failure = source.faults.takeRestFailure();
  if (failure === 'html') {
    response.writeHead(503, { 'Content-Type': 'text/html' });
    response.end('<html><body>503 Service Temporarily Unavailable</body></html>');
    return;
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body = await textOf(request);
  const answer: Answer =
    failure !== undefined
      ? { error: failure }
      : url.pathname.startsWith('/0/private/')
        ? source.account.call(
            url.pathname,
            { key: header(request, 'api-key'), sign: header(request, 'api-sign') },
            body,
          )
        : publicAnswer(source, url);
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(
    JSON.stringify('error' in answer ? { error: [answer.error] } : { error: [], result: answer.result }),
  );
}

function publicAnswer({ market, system, now }: RestSource, { pathname, searchParams }: URL): Answer {
  const date = new Date(now());
  switch (pathname) {
    case '/0/public/Time':
      return { result: { unixtime: Math.floor(now() / 1_000), rfc1123: date.toUTCString() } };
    case '/0/public/SystemStatus': {
      const timestamp = date.toISOString();
      return { result: { status: system(), timestamp, upcoming_maintenance: [], emergency: [] } };
    }
    case '/0/public/Assets':
      return { result: restAssets() };
    case '/0/public/AssetPairs':
      return { result: restAssetPairs() };
    case '/0/public/Trades':
    case '/0/public/OHLC': {
      const symbol = SYMBOLS.get(searchParams.get('pair') ?? '');
      const isTokenized = searchParams.get('asset_class') === 'tokenized_asset';
      if (symbol === undefined || market.pair(symbol)?.tokenized !== isTokenized) {
        return { error: 'EQuery:Unknown asset pair' };
      }
      return pathname === '/0/public/Trades'
        ? trades(market, symbol, searchParams)
        : candles(market, symbol, searchParams, now());
    }
    default:
      return { error: 'EGeneral:Unknown method' };
  }
}

function trades(market: SimulatedMarket, symbol: string, parameters: URLSearchParams): Answer {
  const count = Number(parameters.get('count') ?? 1_000);
  const since = parameters.get('since') ?? '0';
  if (!(count >= 1 && count <= 1_000)) return { error: 'EGeneral:Invalid arguments:count' };
  if (!/^\d+$/.test(since)) return { error: 'EGeneral:Invalid arguments:since' };
  // Seconds are accepted too.
  const sinceNs = since.length <= 11 ? BigInt(since) * 1_000_000_000n : BigInt(since);
  const { rows, last } = market.tape(symbol).restTrades(sinceNs, count);
  return { result: { [keyOf(symbol)]: rows, last } };
}

function candles(market: SimulatedMarket, symbol: string, parameters: URLSearchParams, now: number): Answer {
  const minutes = Number(parameters.get('interval') ?? 1);
  if (!INTERVALS.includes(minutes)) return { error: 'EGeneral:Invalid arguments:interval' };
  const { rows, last } = market.tape(symbol).restCandles(minutes, now);
  return { result: { [keyOf(symbol)]: rows, last } };
}

/** Pairs by the names that requests may use. */
const SYMBOLS: ReadonlyMap<string, string> = new Map(
  SIMULATED_PAIRS.flatMap(({ symbol, base, quote }) => [
    [symbol, symbol],
    [pairAltNameOf(base, quote), symbol],
    [pairKeyOf(base, quote), symbol],
  ]),
);

function keyOf(symbol: string): string {
  const [base = '', quote = ''] = symbol.split('/');
  return pairKeyOf(base, quote);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
