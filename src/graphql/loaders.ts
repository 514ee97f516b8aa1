import DataLoader from 'dataloader';
import type { PairSymbol } from '../kraken/symbols.ts';
import type { TickerUpdate } from '../market/ticker.ts';
import type { Services } from './context.ts';

/** What one operation loads, each value once and all of one turn together. */
export interface Loaders {
  readonly ticker: DataLoader<PairSymbol, TickerUpdate>;
}

export function createLoaders({ client, hub }: Services): Loaders {
  return {
    // All pairs of a batch are asked for in one turn, so that Kraken gets one subscribe request. Each fails alone.
    ticker: new DataLoader(async symbols => {
      const results = await Promise.allSettled(
        symbols.map(symbol => hub.first({ kind: 'ticker', symbol }, () => client.market.ticker(symbol))),
      );
      return results.map(result => (result.status === 'fulfilled' ? result.value : asError(result.reason)));
    }),
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
