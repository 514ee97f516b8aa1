import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  connect,
  eventually,
  query,
  type Result,
  subscribe,
  subscribeByEvents,
  type Values,
} from '../support/client.ts';
import { fixturePath, frames, token } from '../support/fixtures.ts';
import { type Pair, start } from '../support/server.ts';

/** GraphQL field → member of Kraken's frame. */
const FIELDS = {
  symbol: 'symbol',
  bid: 'bid',
  bidQty: 'bid_qty',
  ask: 'ask',
  askQty: 'ask_qty',
  last: 'last',
  volume: 'volume',
  volumeUsd: 'volume_usd',
  vwap: 'vwap',
  low: 'low',
  high: 'high',
  change: 'change',
  changePct: 'change_pct',
  tradeCount: 'trades',
  timestamp: 'timestamp',
} as const;
const SUBSCRIPTION = `subscription ($symbols: [Symbol!]!) { ticker(symbols: $symbols) { ${Object.keys(FIELDS).join(' ')} freshness { state } } }`;
const SYMBOLS = ['BTC/USD', 'BNB/USD', 'ETH/USDC'];

function assertDigits(frame: string, result: Result): void {
  for (const [field, member] of Object.entries(FIELDS)) {
    const sent = token(frame, member) ?? null;
    const got = result.data.ticker[field] as unknown;
    assert.equal(field === 'tradeCount' && got !== null ? String(got) : got, sent, `${field} of ${frame}`);
  }
}

/** Waits until upstream knows that the pairs are wanted: recorded frames are sent once. */
async function subscribed({ url }: Pair): Promise<void> {
  await eventually(
    () => query(url, '{ status { subscriptions { symbol subscribers } } }'),
    ({ data }) =>
      SYMBOLS.every(symbol =>
        data.status.subscriptions.some(
          (one: { symbol: string; subscribers: number }) => one.symbol === symbol && one.subscribers > 0,
        ),
      ),
  );
}

const transports: Readonly<Record<string, (url: string) => { values: Values; close: () => Promise<void> }>> =
  {
    WebSocket: url => {
      const client = connect(url);
      const values = subscribe(client, SUBSCRIPTION, { symbols: SYMBOLS });
      return { values, close: async () => void (await client.dispose()) };
    },
    'server-sent events': url => {
      const values = subscribeByEvents(url, SUBSCRIPTION, { symbols: SYMBOLS });
      return { values, close: () => values.stop() };
    },
  };

describe('every recorded ticker reaches the client with exactly its digits', () => {
  for (const [name, open] of Object.entries(transports)) {
    test(`over ${name}`, async () => {
      await using pair = await start({ replay: [fixturePath('ticker.jsonl')] }, { SYMBOLS: 'BTC/USD' });
      await eventually(
        () => pair.app.client.isConnected,
        connected => connected,
      );
      const { values, close } = open(pair.url);
      await subscribed(pair);
      for (const frame of frames('ticker.jsonl')) {
        assert.equal(pair.exchange.replayNext(), frame);
        const result = await values.next();
        assertDigits(frame, result);
        assert.equal(result.data.ticker.freshness.state, 'LIVE');
      }
      const [last = ''] = frames('ticker.jsonl').slice(-1);
      assertDigits(
        last,
        await query(pair.url, `{ ticker(symbol: "XBT/USD") { ${Object.keys(FIELDS).join(' ')} } }`),
      );
      await close();
    });
  }
});

test('numbers of 17 and more significant digits arrive whole', async () => {
  await using pair = await start({ replay: [fixturePath('ticker.jsonl')] }, { SYMBOLS: 'BTC/USD' });
  await eventually(
    () => pair.app.client.isConnected,
    connected => connected,
  );
  const client = connect(pair.url);
  const values = subscribe(client, SUBSCRIPTION, { symbols: SYMBOLS });
  await subscribed(pair);
  const long = (frames('ticker.jsonl')[4] ?? '')
    .replace('"volume":3156.84782110', '"volume":13753613.6824186300')
    .replace('"ask":83744.3', '"ask":886110000000.001234567890123456789012345')
    .replace('"ask_qty":0.00044780', '"ask_qty":4.4780e-12');
  pair.exchange.broadcast(long);
  const { data } = await values.next();
  assert.equal(data.ticker.volume, '13753613.6824186300');
  assert.equal(data.ticker.ask, '886110000000.001234567890123456789012345');
  assert.equal(data.ticker.askQty, '0.0000000000044780');
  await client.dispose();
});

test('every recorded frame passes through: instruments are served, nothing ends the connection', async () => {
  const names = ['instrument.jsonl', 'status-heartbeat.jsonl', 'acks-and-errors.jsonl', 'ticker.jsonl'];
  await using pair = await start({ replay: names.map(fixturePath) }, { SYMBOLS: 'BTC/USD' });
  await eventually(
    () => pair.app.client.isConnected,
    connected => connected,
  );
  await eventually(
    () => query(pair.url, '{ status { subscriptions { channel } } }'),
    ({ data }) => data.status.subscriptions.length >= 2,
  );

  const before = await statistics(pair.url);
  let sent = 0;
  for (const frame of frames('instrument.jsonl')) {
    assert.equal(pair.exchange.replayNext(), frame);
    sent += 1;
    const [pairRow = ''] = frame.slice(frame.indexOf('"pairs"')).split('"symbol"').slice(1);
    const [symbol = ''] = /^:"([^"]+)"/.exec(pairRow)?.slice(1) ?? [];
    const { data } = await eventually(
      () =>
        query(
          pair.url,
          `{ instrument(symbol: "${symbol}") { symbol pricePrecision qtyPrecision priceIncrement qtyIncrement qtyMin costMin marginable } }`,
        ),
      ({ data }) => data?.instrument != null,
    );
    assert.equal(data.instrument.pricePrecision, Number(token(pairRow, 'price_precision')));
    assert.equal(data.instrument.qtyPrecision, Number(token(pairRow, 'qty_precision')));
    assert.equal(data.instrument.marginable, token(pairRow, 'marginable') === 'true');
    for (const [field, member] of [
      ['priceIncrement', 'price_increment'],
      ['qtyIncrement', 'qty_increment'],
      ['qtyMin', 'qty_min'],
      ['costMin', 'cost_min'],
    ] as const) {
      const wire = token(pairRow, member) ?? '';
      // The frame from the documentation writes 1e-08: then it is the value that has to be the same.
      if (wire.includes('e')) assert.equal(Number(data.instrument[field]), Number(wire));
      else assert.equal(data.instrument[field], wire, `${symbol} ${field}`);
    }
  }
  while (pair.exchange.replayNext() !== undefined) sent += 1;
  const refusals = frames('acks-and-errors.jsonl').filter(frame => frame.includes('"success":false')).length;
  const after = await eventually(
    () => statistics(pair.url),
    ({ total }) => total >= before.total + sent,
  );
  assert.equal(after.errors - before.errors, refusals, 'only what Kraken itself calls an error is one');
  assert.equal(pair.app.client.isConnected, true);
  assert.equal(pair.app.client.getConnectionStatus().public.reconnects, 0);
});

async function statistics(url: string): Promise<{ total: number; errors: number }> {
  const { data } = await query(url, '{ status { messages { total errors } } }');
  return data.status.messages;
}
