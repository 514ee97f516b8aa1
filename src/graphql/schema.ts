import { type GraphQLSchema, printSchema } from 'graphql';
import type { PairSymbol } from '../kraken/symbols.ts';
import { addAsset } from './asset.ts';
import { addBalance } from './balance.ts';
import { addBook } from './book.ts';
import { createBuilder } from './builder.ts';
import { addCandle } from './candle.ts';
import { addConnectionEvent } from './connection-event.ts';
import { addExchangeStatus } from './exchange-status.ts';
import { addFreshness } from './freshness.ts';
import { addInstrument } from './instrument.ts';
import { addPortfolio } from './portfolio.ts';
import { addScalars } from './scalars.ts';
import { addStatus } from './status.ts';
import { addTicker } from './ticker.ts';
import { addTrade } from './trade.ts';

/**
 * The public schema.
 *
 * @param resolveSymbol what a pair in any spelling means; throws `UNKNOWN_SYMBOL`
 */
export function createSchema(resolveSymbol: (text: string) => PairSymbol): GraphQLSchema {
  const builder = createBuilder();
  addScalars(builder, resolveSymbol);
  const freshness = addFreshness(builder);
  const instrument = addInstrument(builder);
  addAsset(builder);
  addTicker(builder, freshness, instrument);
  addBook(builder, freshness);
  addTrade(builder);
  addCandle(builder, freshness);
  addPortfolio(builder, addBalance(builder, freshness));
  addStatus(builder, freshness, addExchangeStatus(builder));
  addConnectionEvent(builder);
  return builder.toSchema({ sortSchema: false });
}

/** The schema as `schema/schema.graphql` has it. */
export function printedSchema(): string {
  const schema = createSchema(text => text as PairSymbol);
  return `${printSchema(schema)}\n`;
}
