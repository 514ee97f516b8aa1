import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual(message.skipped, ['pairs "EUR/USD": price_precision is not an integer below 2^53']);
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
  assert.equal(
    codeOf('{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD"}]}'),
    'INVALID_MEMBER ticker',
  );
  assert.equal(
    codeOf('{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1e400}]}'),
    'INVALID_MEMBER ticker',
  );
  assert.equal(codeOf('{"channel":"ticker","type":"update","data":{}}'), 'INVALID_MEMBER ticker');
  assert.equal(codeOf('{"channel":"status","type":"update","data":[]}'), 'INVALID_MEMBER status');
  assert.equal(codeOf('{"channel":7}'), 'UNKNOWN_CHANNEL 7');
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
