/** Channels that go deaf while their connection lives, one of each kind, beside pairs that are well. */
import assert from 'node:assert/strict';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { scenario } from '../support/scenario.ts';

/** The channel that says nothing more, its pair, and what is seen instead. */
const DEAF = [
  ['ticker', 'ETH/USD', /^(the book moved to|a trade was told by)/],
  ['trade', 'SOL/USD', /^a trade( at [\d.]+)? was told by/],
  ['ohlc', 'LTC/USD', /^a trade( at [\d.]+)? was told by/],
] as const;
const QUIET = 'DOGE/EUR';

scenario(
  'a channel that goes deaf is found by what the others tell, says why, and is repaired',
  async scene => {
    const { exchange, url, app } = scene;
    const client = connect(url);
    const pairs = [...DEAF.map(([, symbol]) => symbol), QUIET];
    const streams = [
      subscribe(client, 'subscription ($s: [Symbol!]!) { ticker(symbols: $s) { bid } }', { s: pairs }),
      subscribe(client, 'subscription ($s: [Symbol!]!) { book(symbols: $s) { bestBid { price } } }', {
        s: pairs,
      }),
      subscribe(client, 'subscription ($s: [Symbol!]!) { trades(symbols: $s) { cursor } }', { s: pairs }),
      subscribe(client, 'subscription ($s: [Symbol!]!) { ohlc(symbols: $s) { close } }', { s: pairs }),
    ];
    const states = async (): Promise<Map<string, { state: string; reason: string | undefined }>> => {
      const text = '{ status { subscriptions { channel symbol state } } }';
      const { data } = await query(url, text);
      return new Map(
        data.status.subscriptions.map(({ channel, symbol, state }: Record<string, string>) => [
          `${channel} ${symbol}`,
          { state, reason: undefined },
        ]),
      );
    };
    await eventually(states, found => pairs.every(pair => found.get(`ticker ${pair}`)?.state === 'LIVE'));
    const flow = setInterval(() => {
      for (const [, symbol] of DEAF) exchange.trade(symbol);
    }, 100);
    try {
      await eventually(states, found =>
        DEAF.every(([channel, symbol]) => found.get(`${channel} ${symbol}`)?.state === 'LIVE'),
      );
      for (const [channel, symbol] of DEAF) exchange.faults.mute(channel, symbol);
      const silent = await eventually(
        states,
        found => DEAF.every(([channel, symbol]) => found.get(`${channel} ${symbol}`)?.state === 'SILENT'),
        20,
      );
      const others = [...silent].filter(
        ([name, { state }]) =>
          state !== 'LIVE' && !DEAF.some(([channel, symbol]) => name === `${channel} ${symbol}`),
      );
      assert.deepEqual(others, [], 'everything else is live, quiet pairs too');
      for (const [channel, symbol, reason] of DEAF) {
        const feed = channel === 'ohlc' ? 'ohlc 1' : channel;
        assert.match(app.client.feedReason(feed, app.client.resolveSymbol(symbol)) ?? '', reason);
      }
      for (const [channel, symbol] of DEAF) exchange.faults.unmute(channel, symbol);
      await eventually(
        states,
        found => DEAF.every(([channel, symbol]) => found.get(`${channel} ${symbol}`)?.state === 'LIVE'),
        60,
      );
      const renewed = [...exchange.sessions].flatMap(({ requests }) =>
        requests.filter(text => text.includes('"unsubscribe"') && text.includes(QUIET)),
      );
      assert.deepEqual(renewed, [], 'a quiet pair is not subscribed again');
    } finally {
      clearInterval(flow);
      for (const stream of streams) await stream.stop();
      await client.dispose();
    }
  },
);
