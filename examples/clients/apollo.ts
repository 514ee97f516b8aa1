/**
 * A query and a subscription by Apollo Client, over HTTP and WebSocket.
 *
 *     URL=http://127.0.0.1:4000/graphql npx node examples/clients/apollo.ts
 */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { BookDocument, BookStreamDocument } from '../../schema/generated/operations.ts';

const url = process.env['URL'] ?? 'http://127.0.0.1:4000/graphql';
const sockets = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket });
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: url }),
  ),
  // Values are states of a moment and have no identity to be merged by: a book replaces the one before it.
  cache: new InMemoryCache({ typePolicies: { Book: { keyFields: false }, BookLevel: { keyFields: false } } }),
});

const { data } = await client.query({ query: BookDocument, variables: { symbol: 'ETH/USD', depth: 3 } });
console.log('book', data?.book?.bids[0]?.price, data?.book?.asks[0]?.price, data?.book?.verified);

await new Promise<void>((resolve, reject) => {
  const subscription = client
    .subscribe({ query: BookStreamDocument, variables: { symbols: ['BTC/USD'], depth: 5 } })
    .subscribe({
      next: ({ data, error }) => {
        if (error) return reject(error);
        console.log('stream', data?.book.symbol, data?.book.bids.length, data?.book.spread);
        queueMicrotask(() => subscription.unsubscribe());
        resolve();
      },
      error: reject,
    });
});
client.stop();
await sockets.dispose();
