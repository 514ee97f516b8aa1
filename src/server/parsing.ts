import { type DocumentNode, GraphQLError, type ParseOptions, parse, type Source } from 'graphql';
import { toGraphQLError } from '../graphql/errors.ts';
import { CodedError } from '../lib/coded-error.ts';
import { OPERATION_LIMITS } from './limits.ts';

/** GraphQL's parser, which stops at the limit of tokens: whatever comes after it is never looked at. */
export function parseLimited(source: string | Source, options: ParseOptions = {}): DocumentNode {
  const { tokens } = OPERATION_LIMITS;
  try {
    return parse(source, { ...options, maxTokens: tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError && /more than \d+ tokens/i.test(error.message))) throw error;
    const message = `The document has more than ${tokens} tokens`;
    throw toGraphQLError(new CodedError('LIMIT_EXCEEDED', message, { limit: 'tokens', allowed: tokens }));
  }
}
