import { setTimeout as delay } from 'node:timers/promises';
import type { TradeUpdate } from '../../src/market/trade-update.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { eventually } from './client.ts';
import { startLibrary } from './kraken.ts';

/** What became of a run of disconnects. */
export interface DisconnectReport {
  readonly disconnects: number;
  /** Trades that the client delivered, over all pairs. */
  readonly delivered: number;
  readonly recoveredByRest: number;
  readonly duplicatesDropped: number;
  /** Most trades of one pair in one outage. */
  readonly longestOutage: number;
  /** Lost, doubled, altered or out of order; gaps that were named. */
  readonly problems: readonly string[];
}

const SYMBOLS = ['BTC/USD', 'ETH/USD', 'MINA/GBP'];

/** Cuts the connection again and again in every way there is, with trades before, during and after each cut. */
export async function disconnectAgainAndAgain(options: {
  readonly disconnects: number;
  readonly seed: number;
}): Promise<DisconnectReport> {
  await using library = await startLibrary({
    seed: options.seed,
    config: { heartbeatTimeoutMs: 60, connectionAttempts: 1_000_000 },
  });
  const { exchange, kraken } = library;
  const random = seededRandom(options.seed);
  const received = new Map<string, TradeUpdate[]>(SYMBOLS.map(symbol => [symbol, []]));
  const problems: string[] = [];
  kraken.registerCallback('trade', trade => void received.get(trade.symbol)?.push(trade));
  kraken.registerCallback('gap', gap => void problems.push(`gap ${JSON.stringify(gap)}`));
  kraken.subscribeTrades(SYMBOLS);
  kraken.connect();
  await eventually(
    () => SYMBOLS.every(symbol => kraken.getRecentTrades(symbol).length === 50),
    all => all,
  );
  // Heartbeats come once a second; in this hurry something has to come more often.
  const heartbeats = setInterval(() => exchange.broadcast('{"channel":"heartbeat"}'), 15);
  const trade = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      exchange.trade(SYMBOLS[Math.floor(random() * SYMBOLS.length)] ?? '');
    }
  };
  let longestOutage = 0;
  try {
    for (let round = 0; round < options.disconnects; round += 1) {
      const reconnects = kraken.getConnectionStatus().public.reconnects;
      trade(Math.floor(random() * 20));
      const kind = Math.floor(random() * 4);
      const before = new Map(SYMBOLS.map(symbol => [symbol, exchange.tradeTexts(symbol).length]));
      if (kind === 3) exchange.faults.stalled = true;
      else {
        exchange.faults.refusing = random() < 0.7;
        exchange.dropAll((['fin', 'rst', 'end'] as const)[kind]);
      }
      // Of some outages the snapshot tells all, of others REST has to.
      trade(Math.floor(random() ** 2 * 400));
      if (random() < 0.3) exchange.faults.failRest(1, random() < 0.5 ? 'html' : 'EService:Busy');
      for (const symbol of SYMBOLS) {
        longestOutage = Math.max(
          longestOutage,
          exchange.tradeTexts(symbol).length - (before.get(symbol) ?? 0),
        );
      }
      if (exchange.faults.stalled) {
        await eventually(
          () => kraken.isConnected,
          connected => !connected,
        );
        exchange.faults.stalled = false;
      }
      await delay(random() * 10);
      exchange.faults.refusing = false;
      await eventually(
        () => kraken.isConnected && kraken.getConnectionStatus().public.reconnects > reconnects,
        again => again,
      );
      trade(Math.floor(random() * 20));
    }
    for (const symbol of SYMBOLS) {
      await eventually(
        () => lastId(exchange.tradeTexts(symbol)) === received.get(symbol)?.at(-1)?.tradeId,
        caughtUp => caughtUp,
      );
    }
  } finally {
    clearInterval(heartbeats);
  }
  for (const symbol of SYMBOLS)
    problems.push(...differences(exchange.tradeTexts(symbol), received.get(symbol) ?? []));
  const { tradesRecovered, duplicatesDropped } = kraken.market.tradeStatistics;
  return {
    disconnects: kraken.getConnectionStatus().public.reconnects,
    delivered: [...received.values()].reduce((sum, trades) => sum + trades.length, 0),
    recoveredByRest: tradesRecovered,
    duplicatesDropped,
    longestOutage,
    problems,
  };
}

function lastId(texts: readonly string[]): number {
  return (JSON.parse(texts.at(-1) ?? '{}') as { trade_id: number }).trade_id;
}

function differences(truth: readonly string[], trades: readonly TradeUpdate[]): string[] {
  const first = truth.findIndex(text => text.includes(`"trade_id":${trades[0]?.tradeId},`));
  const wanted = truth.slice(first);
  if (wanted.length !== trades.length) return [`${trades.length} came of ${wanted.length}`];
  return trades.flatMap(({ price, qty, tradeId, timestamp, side }, index) => {
    const text = wanted[index] ?? '';
    const same = [`"price":${price},`, `"qty":${qty},`, `"trade_id":${tradeId},`, timestamp, `"${side}"`];
    return same.every(part => text.includes(part)) ? [] : [`${tradeId} in place of ${text}`];
  });
}
