import SchemaBuilder from '@pothos/core';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type { PairSymbol } from '../kraken/symbols.ts';
import { CodedError } from '../lib/coded-error.ts';
import type { Decimal, DecimalText } from '../lib/decimal-text.ts';
import type { Context } from './context.ts';

/** What the schema's types are in TypeScript. */
export interface SchemaTypes {
  Context: Context;
  DefaultFieldNullability: false;
  AuthScopes: { balancesRead: boolean };
  Scalars: {
    Decimal: { Input: DecimalText; Output: DecimalText | Decimal };
    /** Text as the exchange sent it, or wall-clock milliseconds of our own. */
    DateTime: { Input: string; Output: string | number };
    SafeInt: { Input: number; Output: number };
    Symbol: { Input: PairSymbol; Output: PairSymbol };
  };
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({
    defaultFieldNullability: false,
    plugins: [ScopeAuthPlugin],
    scopeAuth: {
      // Plain booleans: resolvers under Subscription answer at once.
      authScopes: ({ grant, services }) => ({
        balancesRead: grant.has('balances:read') && services.client.hasAccount,
      }),
      authorizeOnSubscribe: true,
      unauthorizedError: (_parent, { services }) =>
        services.client.hasAccount
          ? new CodedError('UNAUTHENTICATED', 'Balances need the access token, as a bearer token')
          : new CodedError('BALANCES_DISABLED', 'No API key is configured: there are public data only'),
    },
  });
  builder.queryType({});
  builder.subscriptionType({
    description:
      'Every subscription answers at once with what is cached, then with each change. maxRate bounds how many values a second each symbol may deliver: the latest value wins in between.',
  });
  return builder;
}
