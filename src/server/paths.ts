import type { IncomingMessage } from 'node:http';

/** The path of a request's target, without its query. Text from the network: nothing here may throw. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? '/';
}
