import type { ExecutionResult } from 'graphql';
import { resultTooLarge, toGraphQLError } from '../graphql/errors.ts';

/** A result as text; of one that is larger than allowed, an error that says so. */
export function boundedText(result: ExecutionResult, maxBytes: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch (error) {
    // The text would be longer than any string may be.
    if (!(error instanceof RangeError)) throw error;
  }
  return text !== undefined && text.length <= maxBytes
    ? text
    : JSON.stringify({ errors: [toGraphQLError(resultTooLarge(text?.length, maxBytes))] });
}
