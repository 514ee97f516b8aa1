import type { ServerOptions } from 'node:http';

export function serverOptions(keepAliveTimeoutMs: number): ServerOptions {
  return {
    // Who sends a request sends it: a header or a body that comes by the byte ends with 408.
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
    // Idle connections. It has no part in the timeouts above, which begin with the first byte of a request.
    keepAliveTimeout: keepAliveTimeoutMs,
    // Java's HTTP client and `curl --http2` offer `h2c` with every request, others `TLS/1.2`. Whoever offers can do without.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  };
}
