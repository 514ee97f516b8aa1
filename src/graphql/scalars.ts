import { GraphQLError, Kind, print, type ValueNode } from 'graphql';
import type { PairSymbol } from '../kraken/symbols.ts';
import { toDateTime } from '../lib/clock.ts';
import { CodedError } from '../lib/coded-error.ts';
import { Decimal, type DecimalText, decimalToText, toDecimalText } from '../lib/decimal-text.ts';
import type { Builder } from './builder.ts';
import { toGraphQLError } from './errors.ts';

const RFC3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;

/** @param resolveSymbol what a pair in any spelling means; throws `UNKNOWN_SYMBOL` */
export function addScalars(builder: Builder, resolveSymbol: (text: string) => PairSymbol): void {
  builder.scalarType('Decimal', {
    description:
      'Exact decimal in plain notation, as a string, with the digits that Kraken sent (trailing zeros included). Never a float, never exponent form. As an input: a string only.',
    serialize: value => (Decimal.isDecimal(value) ? decimalToText(value) : (value as DecimalText)),
    parseValue: value => {
      const text = typeof value === 'string' ? toDecimalText(value) : undefined;
      if (text === undefined) throw badInput('Decimal', 'a decimal number in a string, "0.50"', value);
      return text;
    },
  });

  builder.scalarType('DateTime', {
    description:
      'RFC 3339 UTC timestamp, with every fractional digit that Kraken sent (micro- or nanoseconds).',
    serialize: value => (typeof value === 'number' ? toDateTime(value) : value),
    parseValue: value => {
      if (typeof value === 'string' && RFC3339_UTC.test(value)) return value;
      throw badInput('DateTime', 'an RFC 3339 time in UTC, "2026-09-25T17:48:26.844359Z"', value);
    },
  });

  builder.scalarType('SafeInt', {
    description: 'Integer between -(2^53 - 1) and 2^53 - 1, as a JSON number.',
    serialize: value => value,
    parseValue: value => {
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      throw badInput('SafeInt', 'an integer between -(2^53 - 1) and 2^53 - 1', value);
    },
  });

  builder.scalarType('Symbol', {
    description:
      'Trading pair in Kraken v2 spelling, BTC/USD. As an input it also takes btc/usd, BTC-USD, BTCUSD, XBT/USD and XDG/USD, and an unknown pair fails with the code UNKNOWN_SYMBOL and the nearest known pairs in extensions.suggestions.',
    serialize: value => value,
    parseValue: value => symbolOf(value, resolveSymbol),
    parseLiteral: node => symbolOf(node.kind === Kind.STRING ? node.value : print(node), resolveSymbol, node),
  });
}

/** Throws GraphQL's own error, so that validation and variable coercion carry the code along. */
function symbolOf(value: unknown, resolveSymbol: (text: string) => PairSymbol, node?: ValueNode): PairSymbol {
  if (typeof value !== 'string') throw badInput('Symbol', 'the name of a pair in a string, "BTC/USD"', value);
  try {
    return resolveSymbol(value);
  } catch (error) {
    throw error instanceof CodedError ? toGraphQLError(error, node) : error;
  }
}

function badInput(scalar: string, wanted: string, value: unknown): GraphQLError {
  return new GraphQLError(`${scalar} takes ${wanted}, not ${JSON.stringify(value)}`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
