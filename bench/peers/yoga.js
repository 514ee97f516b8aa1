/** graphql-yoga with graphql-ws, as yoga's documentation shows the two together, and its own createPubSub. */
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga, Repeater } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { followTrades, sayReady } from './feed.js';
import { typeDefs } from './schema.js';

const pubSub = createPubSub();
const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs,
    resolvers: {
      Subscription: {
        trades: {
          subscribe: (_root, { symbols }) =>
            Repeater.merge(symbols.map(symbol => pubSub.subscribe('trade', symbol))),
          resolve: trade => ({ trades: [trade] }),
        },
      },
    },
  }),
});
const server = createServer(yoga);
const websockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });
useServer(
  {
    execute: args => args.rootValue.execute(args),
    subscribe: args => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  websockets,
);
followTrades(trade => pubSub.publish('trade', trade.symbol, trade));
server.listen(0, '127.0.0.1', () => sayReady(server.address().port));
