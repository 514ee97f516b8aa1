import type { Contestant } from './contestants.ts';
import { operationsOn, queryFor } from './laboratory.ts';
import type { Operation } from './subscriber.ts';

const FIELDS = ['side', 'price', 'qty', 'ordType', 'timestamp'];

/** One selection for each subscriber, none like another, and all of about the same size. */
export function distinctOperations(
  contestant: Contestant,
  symbols: readonly string[],
  count: number,
): readonly (readonly Operation[])[] {
  return Array.from({ length: count }, (_, index) => {
    const fields = FIELDS.map((field, place) =>
      place === index % FIELDS.length ? `n${index}: ${field}` : field,
    );
    const query = `subscription Trades($symbols: [Symbol!]!) { trades(symbols: $symbols) { trades { symbol tradeId ${fields.join(' ')} } } }`;
    return operationsOn(symbols, queryFor(contestant, query));
  });
}
