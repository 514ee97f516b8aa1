import { isFinal, RestError, RestQueueFull } from '../kraken/rest-error.ts';
import { CodedError } from '../lib/coded-error.ts';

/** What a user sees of a REST call that failed: whether, and when, asking again may help. */
export function restFailure(what: string, error: Error): CodedError {
  const message = `${what} could not be fetched: ${error.message}`;
  if (isFinal(error)) return new CodedError('UPSTREAM_REJECTED', message, { reason: error.message });
  const retryAfterMs = Math.max(1_000, error instanceof RestError ? error.retryAfterMs : 0);
  return error instanceof RestQueueFull
    ? new CodedError('LIMIT_EXCEEDED', message, { limit: 'history', allowed: error.allowed, retryAfterMs })
    : new CodedError('UPSTREAM_UNAVAILABLE', message, { retryAfterMs });
}
