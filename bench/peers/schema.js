/** The part of the contract that the benchmarks subscribe to. */
export const typeDefs = /* GraphQL */ `
  type Query {
    ok: Boolean!
  }
  type Subscription {
    trades(symbols: [String!]!): TradeBatch!
  }
  type TradeBatch {
    trades: [Trade!]!
  }
  type Trade {
    symbol: String!
    tradeId: Float!
    side: String!
    price: String!
    qty: String!
    ordType: String!
    timestamp: String!
  }
`;
