import type { KrakenRequest } from './messages.ts';

/** The text of a request frame. Requests hold no decimals, so the built-in writer keeps every digit. */
export function encode(request: KrakenRequest): string {
  return JSON.stringify(request);
}
