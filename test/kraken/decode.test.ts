import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/kraken/decode.ts';
import { frames, token } from '../support/fixtures.ts';

test('every recorded ticker frame keeps each of its digits', () => {
  const members = [
    'bid',
    'bid_qty',
    'ask',
    'ask_qty',
    'last',
    'volume',
    'volume_usd',
    'vwap',
    'low',
    'high',
    'change',
    'change_pct',
    'timestamp',
  ] as const;
  for (const frame of frames('ticker.jsonl')) {
    const message = decode(frame);
    assert.ok(message.kind === 'ticker');
    const [row] = message.data;
    assert.ok(row !== undefined);
    for (const member of members) assert.equal(row[member], token(frame, member), member);
    assert.equal(row.symbol, token(frame, 'symbol'));
    assert.equal(String(row.trades), String(token(frame, 'trades')));
  }
});

test('every recorded trade, candle and balance keeps each of its digits', () => {
  const all = (name: string): string[] => frames(name).map(frame => JSON.stringify(decode(frame)));
  /** Number tokens of a frame, and the strings that they became. */
  const tokens = (frame: string): string[] =>
    [...frame.matchAll(/"(price|qty|open|high|low|close|vwap|volume|balance|amount|fee)":([\d.-]+)/g)].map(
      ([, member, digits]) => `"${member}":"${digits}"`,
    );
  for (const name of ['trade.jsonl', 'ohlc.jsonl', 'balances.jsonl']) {
    for (const [index, text] of all(name).entries()) {
      const expected = tokens(frames(name)[index] ?? '');
      assert.ok(expected.length > 0);
      for (const member of expected) assert.ok(text.includes(member), `${member} in ${name} ${index}`);
      assert.ok(!text.includes('protocolError'), text);
    }
  }
  assert.deepEqual(
    frames('executions.jsonl').map(frame => {
      const message = decode(frame);
      return message.kind === 'executions' ? [message.type, message.rows, message.sequence] : message;
    }),
    [
      ['snapshot', 4, 1],
      ['update', 1, 120],
      ['update', 1, 148],
      ['snapshot', 0, 1],
      ['update', 1, 2],
      ['update', 1, 4],
      ['update', 1, 8],
      ['update', 1, 9],
      ['update', 1, 10],
    ],
  );
});

test('every recorded instrument frame gives its pairs and assets', () => {
  const all = frames('instrument.jsonl').map(frame => decode(frame));
  const messages = all.map(message =>
    message.kind === 'instrument' ? message : assert.fail(JSON.stringify(message)),
  );
  assert.deepEqual(
    messages.map(message => message.pairs.length),
    frames('instrument.jsonl').map(frame => frame.match(/"price_increment"/g)?.length),
  );
  const [, , docs] = messages;
  assert.equal(docs?.pairs[0]?.qty_increment, '0.00000001', 'written 1e-08 in the docs');
  assert.equal(messages[0]?.pairs[0]?.qty_min, '0.50000000');
});

test('every recorded status, heartbeat, acknowledgement and error is understood', () => {
  const kinds = (name: string): string[] => frames(name).map(frame => decode(frame).kind);
  assert.deepEqual(kinds('status-heartbeat.jsonl'), [
    'status',
    'heartbeat',
    'status',
    'status',
    'status',
    'status',
  ]);
  for (const frame of frames('acks-and-errors.jsonl')) {
    const message = decode(frame);
    if (frame.includes('"success":false')) {
      assert.ok(message.kind === 'refused', frame);
      assert.ok(frame.includes(JSON.stringify(message.error)));
      assert.equal(message.symbol, token(frame, 'symbol'));
    } else {
      assert.equal(message.kind, frame.includes('pong') ? 'pong' : 'acknowledged', frame);
    }
    assert.equal(String((message as { req_id?: number }).req_id), String(token(frame, 'req_id')));
  }
});

test('a connection id above 2^53 keeps its last digit', () => {
  const message = decode(frames('status-heartbeat.jsonl')[2] ?? '');
  assert.ok(message.kind === 'status');
  assert.equal(message.connection_id, '18266300427528990701');
});

test('decimals may be quoted, and unknown members do no harm', () => {
  const [frame = ''] = frames('ticker.jsonl');
  const quoted = frame.replace('"bid":65972.8', '"bid":"65972.80","mood":{"bulls":[1,2]}');
  const message = decode(quoted);
  assert.ok(message.kind === 'ticker');
  assert.equal(message.data[0]?.bid, '65972.80');
});

test('one odd row of the list of pairs is left out and named, and the others are known', () => {
  const [frame = ''] = frames('instrument.jsonl');
  const message = decode(frame.replace('"price_precision":5', '"price_precision":null'));
  assert.ok(message.kind === 'instrument');
  assert.equal(message.pairs.length, 1);
  assert.deepEqual(message.skipped, [
    { name: 'EUR/USD', problem: 'price_precision is not an integer from 0 to 30' },
  ]);
});

test('no recorded frame has a row that is left out', () => {
  for (const name of ['ticker', 'book', 'trade', 'ohlc', 'balances', 'executions', 'instrument']) {
    for (const frame of frames(`${name}.jsonl`)) {
      const message = decode(frame);
      assert.ok('skipped' in message, frame);
      assert.deepEqual(message.skipped, [], frame);
    }
  }
});

describe('one row that makes no sense costs that row', () => {
  const ROWS = {
    ticker:
      '{"symbol":"BTC/USD","bid":1.10,"bid_qty":1.0,"ask":2.0,"ask_qty":1.0,"last":1.5,"volume":1.0,"vwap":1.0,"low":1.0,"high":2.0,"change":-0.1,"change_pct":0.10,"volume_usd":1.0,"trades":3,"timestamp":"2026-09-25T17:48:26.844359Z"}',
    book: '{"symbol":"BTC/USD","bids":[{"price":1.0,"qty":2.0}],"asks":[],"checksum":7,"timestamp":"2026-09-25T17:48:26.844359Z"}',
    trade:
      '{"symbol":"BTC/USD","side":"buy","price":1.0,"qty":2.0,"ord_type":"limit","trade_id":7,"timestamp":"2026-09-25T17:48:26.844359Z"}',
    ohlc: '{"symbol":"BTC/USD","open":1.0,"high":1.0,"low":1.0,"close":1.0,"trades":3,"volume":1.0,"vwap":1.0,"interval_begin":"2026-09-25T16:00:00.000000000Z","interval":240}',
    balances:
      '{"ledger_id":"L","timestamp":"2026-09-25T17:48:26.844359Z","type":"trade","asset":"USD","asset_class":"currency","wallet_type":"spot","wallet_id":"main","amount":-1.0,"fee":0.1,"balance":2.0}',
    executions: '{"order_id":"O"}',
  } as const;
  const WRONG: Record<keyof typeof ROWS, readonly (readonly [RegExp, string])[]> = {
    ticker: [
      [/"2026[^"]*"/, '"never"'],
      [/"2026[^"]*"/, '"2026-02-30T00:00:00.000000Z"'],
      [/"2026[^"]*"/, '"2008-12-31T23:59:59.000000Z"'],
      [/"2026[^"]*"/, '"2101-01-01T00:00:00.000000Z"'],
      [/"2026[^"]*"/, '"2026-09-25T24:00:00.000000Z"'],
      [/"2026[^"]*"/, '"2026-09-25T17:48:26.844359+02:00"'],
      [/"bid":1.10/, '"bid":-1.10'],
      [/"bid":1.10/, '"bid":"NaN"'],
      [/"bid":1.10/, '"bid":1e400'],
      [/"trades":3/, '"trades":-3'],
      [/BTC.USD/, 'BTC'],
      [/BTC.USD/, `${'A'.repeat(17)}/USD`],
      [/BTC.USD/, '__proto__'],
    ],
    book: [
      [/"checksum":7/, '"checksum":4294967296'],
      [/"checksum":7/, '"checksum":-1'],
      [/"qty":2.0/, '"qty":-2.0'],
      [/\[\{[^\]]*\]/, '[7]'],
      [/\[\{[^\]]*\]/, '{}'],
    ],
    trade: [
      [/"trade_id":7/, '"trade_id":0'],
      [/"trade_id":7/, '"trade_id":9007199254740993'],
      [/"trade_id":7/, '"trade_id":"0x7"'],
      [/"buy"/, '"hold"'],
      [/"limit"/, '"constructor"'],
      [/"2026[^"]*"/, 'null'],
    ],
    ohlc: [
      [/"interval":240/, '"interval":7'],
      [/T16:00/, 'T17:00'],
      [/T16:00:00.000000000/, 'T16:00:00.000000001'],
      [/"2026[^"]*"/, '"Invalid Date"'],
      [/"trades":3/, '"trades":3.5'],
    ],
    balances: [
      [/"USD"/, '"U\\u0000D"'],
      [/"USD"/, `"${'U'.repeat(33)}"`],
      [/"main"/, '{}'],
      [/"2026[^"]*"/, '"2026"'],
      [/"L"/, 'null'],
    ],
    executions: [[/.*/, '[]']],
  };
  for (const [channel, row] of Object.entries(ROWS)) {
    test(channel, () => {
      const frame = (rows: string): string =>
        `{"channel":"${channel}","type":"update","data":[${rows}],"sequence":3}`;
      const good = decode(frame(row));
      assert.ok('skipped' in good && good.skipped.length === 0, JSON.stringify(good));
      for (const [pattern, replacement] of WRONG[channel as keyof typeof ROWS]) {
        const odd = row.replace(pattern, replacement);
        const text = frame(`${odd},${row}`);
        const message = decode(text);
        assert.ok('skipped' in message && message.skipped.length === 1, text);
        const rows = 'data' in message ? message.data.length : 'rows' in message ? message.rows : 0;
        assert.equal(rows, 1, text);
      }
      for (const odd of ['null', '7', '[]', '"row"', '{}']) {
        if (channel === 'executions' && odd === '{}') continue;
        const message = decode(frame(`${row},${odd}`));
        assert.ok('skipped' in message && message.skipped.length === 1, odd);
      }
    });
  }

  test('instrument', () => {
    const [text = ''] = frames('instrument.jsonl');
    for (const odd of ['99999999999', '31', '-1', '1.5', '"eight"']) {
      const message = decode(text.replace('"price_precision":5', `"price_precision":${odd}`));
      assert.ok(message.kind === 'instrument');
      assert.deepEqual([message.pairs.length, message.skipped.length], [1, 1]);
    }
  });
});

test('what is not understood is named, with the channel where there is one', () => {
  const codeOf = (text: string): string => {
    const message = decode(text);
    return message.kind === 'protocolError' ? `${message.code} ${message.channel ?? '-'}` : message.kind;
  };
  assert.equal(codeOf('CloudFlare WebSocket proxy restarting'), 'NOT_JSON -');
  assert.equal(codeOf(''), 'NOT_JSON -');
  assert.equal(codeOf('[]'), 'UNKNOWN_MESSAGE -');
  assert.equal(codeOf('{"channel":"weather"}'), 'UNKNOWN_CHANNEL weather');
  assert.equal(codeOf('{"channel":"ticker","type":"update","data":{}}'), 'INVALID_MEMBER ticker');
  assert.equal(codeOf('{"channel":"status","type":"update","data":[]}'), 'INVALID_MEMBER status');
  assert.equal(codeOf('{"channel":7}'), 'UNKNOWN_CHANNEL 7');
  assert.equal(codeOf(`{"channel":"${'x'.repeat(33)}"}`), 'INVALID_MEMBER -');
  assert.equal(codeOf('{"channel":"__proto__\\n"}'), 'INVALID_MEMBER -');
  assert.equal(
    codeOf('{"channel":"instrument","type":"snapshot","data":{"pairs":[]}}'),
    'INVALID_MEMBER instrument',
  );
  assert.equal(codeOf('{"Error":"Exceeded msg rate"}'), 'rateLimited');
});

test('nothing that a peer sends makes the decoder throw', () => {
  const recorded = [
    'ticker.jsonl',
    'instrument.jsonl',
    'status-heartbeat.jsonl',
    'acks-and-errors.jsonl',
  ].flatMap(frames);
  const mutated = fc
    .tuple(fc.constantFrom(...recorded), fc.nat(), fc.nat({ max: 40 }), fc.string({ maxLength: 8 }))
    .map(([frame, at, length, text]) => {
      const start = at % frame.length;
      return frame.slice(0, start) + text + frame.slice(start + length);
    });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), mutated), text => {
      assert.equal(typeof decode(text).kind, 'string');
    }),
    { numRuns: 5_000 },
  );
});
