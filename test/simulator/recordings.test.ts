/** The simulator beside recorded traffic: what makes a frame there makes one here, and the frames are alike. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Exchange } from '../../src/simulator/exchange.ts';
import { eventually } from '../support/client.ts';
import { frames } from '../support/fixtures.ts';
import { clientOf } from '../support/kraken.ts';
import { Probe } from '../support/probe.ts';

const BTC = 'BTC/USD';

/**
 * A frame with its values replaced by their kinds: text, time (with its digits), whole number, number with a point.
 * Rows of a list that are alike are one.
 */
function shape(frame: string, leaveOut: readonly string[] = []): string {
  const kinds = leaveOut
    .reduce((text, member) => text.replace(new RegExp(`"${member}":("[^"]*"|[^,}\\]]+),?`, 'g'), ''), frame)
    .replace(/:"\d{4}-\d\d-\d\dT[\d:]+\.(\d+)Z"/g, (_all, digits: string) => `:time${digits.length}`)
    .replace(/:"[^"]*"/g, ':text')
    .replace(/:-?\d+\.\d+/g, ':decimal')
    .replace(/:-?\d+/g, ':whole');
  let before: string;
  let after = kinds;
  do {
    before = after;
    after = before.replace(/(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}),\1/g, '$1');
  } while (after !== before);
  return after;
}

/** The recorded frame of a kind; the latest one where there are several. */
function recorded(file: string, ...parts: readonly string[]): string {
  const found = frames(file).findLast(frame => parts.every(part => frame.includes(part)));
  assert.ok(found, `${file}: ${parts.join()}`);
  return found;
}

const exchange = new Exchange({ tradesPerSecond: 0 });
let probe: Probe;
before(async () => {
  await exchange.start();
  probe = new Probe(exchange.publicUrl);
  await probe.answer({ method: 'ping' });
});
after(async () => {
  probe.close();
  await exchange.stop();
});

/** What a happening in this pair makes of a channel. */
async function made(channel: string, happen: () => void, by: Probe = probe): Promise<readonly string[]> {
  const from = by.frames.length;
  happen();
  return by.since(from, channel);
}

async function subscribed(params: object): Promise<Probe> {
  const one = new Probe(exchange.publicUrl);
  await one.ask({ method: 'subscribe', params });
  await one.answer({ method: 'ping' });
  return one;
}

describe('answers are the recorded ones, member for member and word for word', () => {
  const words = (frame: string): object => {
    const { error, result, method, status, channel } = JSON.parse(frame) as Record<string, unknown>;
    const { warnings } = (result ?? {}) as Record<string, unknown>;
    return { error, method, status, channel, warnings };
  };
  for (const [request, ...parts] of [
    [{ method: 'ping', req_id: 1 }, '"pong"'],
    [{ method: 'subscribe', params: { channel: 'ticker', symbol: ['ADA/USD'] }, req_id: 69 }, '"req_id":69'],
    [
      {
        method: 'unsubscribe',
        params: { channel: 'ticker', symbol: ['ADA/USD'], event_trigger: 'trades' },
        req_id: 79,
      },
      '"req_id":79',
    ],
    [{ method: 'subscribe', params: { channel: 'book', symbol: ['ADA/USD'] } }, '"depth":10', 'ETH/BTC'],
    [{ method: 'subscribe', params: { channel: 'ohlc', symbol: ['ADA/USD'] } }, '"interval":1,'],
    [{ method: 'subscribe', params: { channel: 'trade', symbol: ['ADA/USD'] } }, '"channel":"trade"'],
    [{ method: 'subscribe', params: { channel: 'instrument' } }, '"instrument"'],
    [
      { method: 'subscribe', params: { channel: 'ohlc', symbol: ['XBT/USDT'] } },
      'Currency pair not supported',
    ],
    [{ method: 'subscribe', params: { channel: 'book', symbol: [BTC], depth: 27 } }, 'depth not supported'],
    [
      { method: 'subscribe', channel: 'ticker', symbol: 'ETH/USDC', params: { channel: 'ticker' } },
      "Unsupported field: 'channel'",
    ],
    [{ method: 'ping', params: {}, req_id: 0 }, "Unsupported field: 'params'"],
    [{ method: 'subscribe', params: 1, req_id: 0 }, 'Unsupported event'],
    [
      { method: 'subscribe', params: { channel: 'executions', token: 'x' } },
      'Private data and trading are unavailable',
    ],
  ] as const) {
    test(`${JSON.stringify(request)}`, async () => {
      const known = recorded('acks-and-errors.jsonl', ...parts);
      const ours = await probe.answer(request);
      assert.equal(shape(ours), shape(known));
      assert.deepEqual(words(ours), words(known));
    });
  }

  test('each symbol of a request is answered on its own, with the number of the request', async () => {
    const from = probe.frames.length;
    const symbol = ['DOT/USD', 'XBT/USD', 'LTC/USD'];
    await probe.answer({ method: 'subscribe', params: { channel: 'trade', symbol }, req_id: 5 });
    await probe.answer({ method: 'ping' });
    const answers = probe.frames.slice(from).filter(frame => frame.includes('"req_id":5'));
    assert.deepEqual(
      answers.map(frame => /"symbol":"([^"]*)"/.exec(frame)?.[1]),
      symbol,
    );
  });
});

describe('frames are like the recorded ones', () => {
  test('the status comes first, with the lists of maintenance and emergencies, and again for each change', async () => {
    const known = recorded('status-heartbeat.jsonl', '"emergency":[]');
    assert.equal(shape(probe.frames[0] ?? ''), shape(known));
    const changes = await made('status', () => exchange.setSystem('maintenance'));
    exchange.setSystem('online');
    const id = (frame: string | undefined) => /"connection_id":(\d+)/.exec(frame ?? '')?.[1];
    assert.equal(changes.length, 1);
    assert.equal(id(changes[0]), id(probe.frames[0]), 'of the same connection');
  });

  for (const [channel, params, types] of [
    ['ticker', { symbol: [BTC], event_trigger: 'bbo' }, ['snapshot', 'update']],
    ['book', { symbol: [BTC] }, ['snapshot', 'update']],
    ['trade', { symbol: [BTC], snapshot: true }, ['snapshot', 'update']],
    ['ohlc', { symbol: [BTC] }, ['snapshot', 'update']],
  ] as const) {
    test(`${channel}: snapshot and update`, async () => {
      const one = await subscribed({ channel, ...params });
      for (let count = 0; count < 5; count += 1) exchange.trade(BTC);
      const ours = await one.since(0, channel);
      for (const type of types) {
        const known = recorded(`${channel}.jsonl`, `"type":"${type}"`, '"timestamp"', '"symbol"');
        const oneSided = (text: string): string => text.replace(/"(bids|asks)":\[[^\]]*\]/g, '"$1":[]');
        for (const frame of ours.filter(text => text.includes(`"type":"${type}"`)))
          assert.equal(oneSided(shape(frame)), oneSided(shape(known)));
      }
      one.close();
    });
  }

  test('levels of a book have a price and a quantity, and a row about one side says nothing of the other', async () => {
    const one = await subscribed({ channel: 'book', symbol: [BTC] });
    const ours = await made('book', () => exchange.quote(BTC), one);
    const known = recorded('book.jsonl', '"asks":[]', '"type":"update"');
    const anySide = (text: string): string => text.replace('"bids":[],', '').replace('"asks":[],', '');
    assert.equal(anySide(shape(ours[0] ?? '')).replace('"asks":', '"bids":'), anySide(shape(known)));
    one.close();
  });

  test('the list of pairs: assets and pairs', async () => {
    const known = recorded('instrument.jsonl', '"status":"post_only"');
    const one = await subscribed({ channel: 'instrument' });
    const [ours = ''] = await one.since(0, 'instrument');
    // Assets that cannot be borrowed have no rate, and pairs without margin no limits of it.
    const assets = (text: string): string =>
      text
        .replace(/,"(margin_rate|margin_initial|position_limit_long|position_limit_short)":\w+/g, '')
        .replace(/true|false/g, 'flag');
    const squeeze = (text: string): string => shape(assets(shape(text)));
    assert.equal(squeeze(ours), squeeze(known));
    one.close();
  });

  test('the account: orders and ledger', async () => {
    const kraken = clientOf(exchange, {}, 'with key');
    kraken.connect();
    await eventually(
      () => kraken.isAuthenticated,
      authenticated => authenticated,
    );
    kraken.disconnect();
    const [token] = exchange.account.tokens();
    const ours = new Probe(exchange.privateUrl);
    const ack = await ours.answer({
      method: 'subscribe',
      params: { channel: 'executions', token, snap_trades: true },
    });
    const known = recorded('acks-and-errors.jsonl', '"maxratecount":125');
    assert.equal(shape(ack), shape(known));
    assert.deepEqual(JSON.parse(ack).result.warnings, JSON.parse(known).result.warnings);
    await ours.answer({ method: 'subscribe', params: { channel: 'balances', token } });
    const orders = await made(
      'executions',
      () => exchange.cancelOrder(exchange.placeOrder(BTC, 'buy', '0.00010000', '8000.0')),
      ours,
    );
    const optional = ['cl_ord_id', 'order_userref'];
    const same = (frame: string | undefined, ...parts: readonly string[]): void =>
      assert.equal(shape(frame ?? '', optional), shape(recorded('executions.jsonl', ...parts), optional));
    same(orders[0], '"exec_type":"pending_new"', 'BTC/USDT');
    same(orders[1], '"exec_type":"new"', '"sequence":148');
    same(orders[2], '"exec_type":"canceled"');
    assert.equal(orders.length, 3);
    const entries = await made('balances', () => exchange.move('USD', '1.5'), ours);
    assert.equal(shape(entries[0] ?? ''), shape(recorded('balances.jsonl', '"sequence":4')));
    const [wallets = ''] = await ours.since(0, 'balances');
    assert.equal(shape(wallets), shape(recorded('balances.jsonl', '"asset":"USDT"')));
    const refused = await ours.answer({ method: 'subscribe', params: { channel: 'executions', token: 'x' } });
    assert.equal(shape(refused), shape(recorded('acks-and-errors.jsonl', 'ESession')));
    ours.close();
  });
});

describe('what makes a frame there makes one here', () => {
  test('ticker: a trade with either trigger, a quote with bbo, a level below the top with neither', async () => {
    const trades = await subscribed({ channel: 'ticker', symbol: [BTC] });
    const bbo = await subscribed({ channel: 'ticker', symbol: [BTC], event_trigger: 'bbo' });
    for (const [happening, atTrades, atQuotes] of [
      [() => exchange.trade(BTC), 1, 1],
      [() => exchange.quote(BTC), 0, 1],
      [() => exchange.deep(BTC), 0, 0],
      [() => exchange.trade('ETH/USD'), 0, 0],
    ] as const) {
      const from = bbo.frames.length;
      assert.equal((await made('ticker', happening, trades)).length, atTrades);
      assert.equal((await bbo.since(from, 'ticker')).length, atQuotes);
    }
    trades.close();
    bbo.close();
  });

  test('book: each change is a message of its own, of one side and two prices at the most', async () => {
    const one = await subscribed({ channel: 'book', symbol: [BTC] });
    const rows = (frame: string): number => frame.match(/"qty":/g)?.length ?? 0;
    const both = frames('book.jsonl').filter(frame =>
      /"type":"update".*"bids":\[\{.*"asks":\[\{/.test(frame),
    );
    assert.ok(both.length < 10, 'recorded: both sides in one message hardly ever');
    const times = (count: number, happen: () => void) => (): void => {
      for (let time = 0; time < count; time += 1) happen();
    };
    const quoted = await made(
      'book',
      times(100, () => exchange.quote(BTC)),
      one,
    );
    assert.equal(quoted.length, 100);
    const deep = await made(
      'book',
      times(100, () => exchange.deep(BTC)),
      one,
    );
    assert.ok(deep.length > 20 && deep.length < 100, 'a level out of sight makes none');
    for (const frame of [...quoted, ...deep]) assert.ok(rows(frame) <= 2, frame);
    const traded = await made(
      'book',
      times(100, () => exchange.trade(BTC)),
      one,
    );
    for (const frame of [...quoted, ...deep, ...traded]) assert.match(frame, /"(bids|asks)":\[\]/);
    one.close();
  });

  test('trades and candles: at trades alone; a candle is timed by its trade', async () => {
    const trades = await subscribed({ channel: 'trade', symbol: [BTC] });
    const candles = await subscribed({ channel: 'ohlc', symbol: [BTC], interval: 5 });
    assert.equal((await trades.since(0, 'trade')).length, 0, 'no snapshot unless it is asked for');
    const from = candles.frames.length;
    exchange.quote(BTC);
    exchange.deep(BTC);
    assert.equal((await trades.since(0, 'trade')).length, 0);
    assert.equal((await candles.since(from, 'ohlc')).length, 0);
    const [trade = ''] = await made('trade', () => exchange.trade(BTC), trades);
    const [candle = ''] = await candles.since(from, 'ohlc');
    const time = /"timestamp":"([^"]{23})/;
    assert.equal(time.exec(candle)?.[1], time.exec(trade)?.[1]);
    trades.close();
    candles.close();
  });

  test('a quiet pair: its book changes, its top stands still, and its ticker is silent', async () => {
    const [ticker, book] = await Promise.all([
      subscribed({ channel: 'ticker', symbol: ['MINA/GBP'], event_trigger: 'bbo' }),
      subscribed({ channel: 'book', symbol: ['MINA/GBP'], depth: 25 }),
    ]);
    const from = ticker.frames.length;
    const changes = await made(
      'book',
      () => {
        for (let count = 0; count < 29; count += 1) exchange.makers('MINA/GBP');
      },
      book,
    );
    assert.equal(changes.length, 29);
    assert.deepEqual(await ticker.since(from, 'ticker'), []);
    ticker.close();
    book.close();
  });

  test('heartbeats begin with the first subscription, and come between the frames of a busy book', async () => {
    const idle = new Probe(exchange.publicUrl);
    await idle.answer({ method: 'ping' });
    const busy = await subscribed({ channel: 'book', symbol: [BTC] });
    const flow = setInterval(() => exchange.quote(BTC), 20);
    await eventually(
      () => busy.frames.filter(frame => frame === '{"channel":"heartbeat"}').length,
      count => count >= 3,
    );
    clearInterval(flow);
    assert.deepEqual(await idle.since(0, 'heartbeat'), []);
    idle.close();
    busy.close();
  });
});

describe('what a subscription is', () => {
  const request = (method: string, event_trigger?: string) => ({
    method,
    params: { channel: 'ticker', symbol: ['SOL/USD'], ...(event_trigger && { event_trigger }) },
  });

  test('a pair has one trigger at a time, and an unsubscribe names it', async () => {
    const one = new Probe(exchange.publicUrl);
    const ack = await one.ask(request('subscribe', 'bbo'));
    assert.deepEqual(ack['result'], {
      channel: 'ticker',
      event_trigger: 'bbo',
      snapshot: true,
      symbol: 'SOL/USD',
    });
    assert.equal((await one.ask(request('subscribe', 'trades')))['error'], 'Already subscribed');
    assert.equal((await one.ask(request('unsubscribe')))['error'], 'Subscription Not Found');
    assert.equal((await one.ask(request('unsubscribe', 'bbo')))['success'], true);
    assert.equal((await one.ask(request('subscribe')))['success'], true);
    assert.equal((await one.ask(request('unsubscribe')))['success'], true);
    assert.equal((await one.ask(request('subscribe', 'dance')))['success'], false);
    one.close();
  });

  test('pairs of tokenized assets are listed for those who ask, and REST serves them by their class', async () => {
    const listed = async (params: object): Promise<boolean> => {
      const one = await subscribed({ channel: 'instrument', ...params });
      const [list = ''] = await one.since(0, 'instrument');
      one.close();
      return list.includes('"AAPLx/USD"');
    };
    assert.equal(await listed({}), false);
    assert.equal(await listed({ include_tokenized_assets: true }), true);
    const rest = async (path: string): Promise<{ readonly error: string[] }> =>
      (await (await fetch(`${exchange.restUrl}/0/public/${path}`)).json()) as { error: string[] };
    assert.deepEqual((await rest('OHLC?pair=AAPLxUSD')).error, ['EQuery:Unknown asset pair']);
    assert.deepEqual((await rest('OHLC?pair=AAPLxUSD&asset_class=tokenized_asset')).error, []);
    assert.deepEqual((await rest('Trades?pair=AAPLxUSD&asset_class=tokenized_asset')).error, []);
    assert.deepEqual((await rest('OHLC?pair=XBTUSD&asset_class=tokenized_asset')).error, [
      'EQuery:Unknown asset pair',
    ]);
  });
});
