import type { IncomingMessage } from 'node:http';

/** The path of a request's target, without its query. Text from the network: nothing here may throw. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.split('?', 1)[0] ?? '/';
}

/** Whether a path is one that whoever runs the server looks at, and that is answered when there is no room for others. */
export function isProbe(path: string): boolean {
  return path === '/health' || path === '/ready' || path === '/metrics';
}
