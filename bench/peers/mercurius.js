/** Mercurius with JIT from the first execution on, and its own in-process publish/subscribe. */
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { followTrades, sayReady } from './feed.js';
import { typeDefs } from './schema.js';

const app = Fastify();
await app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  subscription: true,
  resolvers: {
    Subscription: {
      trades: {
        subscribe: (_root, { symbols }, { pubsub }) =>
          pubsub.subscribe(symbols.map(symbol => `trade ${symbol}`)),
      },
    },
  },
});
await app.listen({ port: 0, host: '127.0.0.1' });
followTrades(trade =>
  app.graphql.pubsub.publish({ topic: `trade ${trade.symbol}`, payload: { trades: { trades: [trade] } } }),
);
sayReady(app.server.address().port);
