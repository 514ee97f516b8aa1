import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { WebSocket } from 'ws';
import { BUDGETS, preparationCost } from '../../src/server/admission.ts';
import { operationLimits } from '../../src/server/limits.ts';
import { Validation } from '../../src/server/validation.ts';
import { connect, query, type Result, subscribe, subscribeByEvents } from '../support/client.ts';
import { type Pair, start } from '../support/server.ts';

let pair: Pair;
before(async () => {
  pair = await start();
});
after(() => pair[Symbol.asyncDispose]());

/** What each transport says of a document: the codes of its errors. */
async function codes(
  text: string,
  variables: Record<string, unknown> = {},
): Promise<Record<string, string[]>> {
  const client = connect(pair.url);
  const of = (result: Result | Result['errors']): string[] => [
    ...new Set(
      ((Array.isArray(result) ? result : (result as Result).errors) ?? []).map(({ extensions }) =>
        String(extensions?.['code']),
      ),
    ),
  ];
  const overWebSocket = await subscribe(client, text, variables)
    .next()
    .catch((errors: unknown) => errors as Result['errors']);
  await using stream = subscribeByEvents(pair.url, text, variables);
  const found = {
    post: of(await query(pair.url, text, variables)),
    WebSocket: of(overWebSocket),
    events: of(await stream.next()),
  };
  await client.dispose();
  return found;
}
const ALL = (code: string) => ({ post: [code], WebSocket: [code], events: [code] });

const nested = (depth: number): string => {
  // The deepest that the schema goes without introspection, made deeper by fragments within fragments.
  const inner = 'freshness { state }'.repeat(1);
  return depth === 0 ? inner : `... on Ticker { ${nested(depth - 1)} }`;
};

describe('an operation beyond a limit is refused before it is executed, alike on every transport', () => {
  const many = (count: number, of: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => of(index)).join(' ');

  test('aliases', async () => {
    assert.deepEqual(
      await codes(`{ ${many(101, index => `a${index}: instruments(base: "X") { base }`)} }`),
      ALL('LIMIT_EXCEEDED'),
    );
    const { errors } = await query(pair.url, `{ ${many(100, index => `a${index}: status { health }`)} }`);
    assert.equal(errors, undefined);
  });

  test('directives, wherever they stand', async () => {
    assert.deepEqual(
      await codes(`{ status { ${many(11, () => 'health @include(if: true)')} } }`),
      ALL('LIMIT_EXCEEDED'),
    );
  });

  test('tokens', async () => {
    assert.deepEqual(await codes(`{ status { ${many(2_001, () => 'health')} } }`), ALL('LIMIT_EXCEEDED'));
  });

  test('symbols, in the document or in variables, over all fields together', async () => {
    const symbols = Array.from({ length: 1_001 }, () => 'BTC/USD');
    assert.deepEqual(
      await codes('query ($symbols: [Symbol!]!) { tickers(symbols: $symbols) { bid } }', { symbols }),
      ALL('LIMIT_EXCEEDED'),
    );
    const half = JSON.stringify(symbols.slice(0, 501));
    assert.deepEqual(
      await codes(`{ a: tickers(symbols: ${half}) { bid } b: tickers(symbols: ${half}) { bid } }`),
      ALL('LIMIT_EXCEEDED'),
    );
    assert.deepEqual(
      await codes('subscription ($symbols: [Symbol!]! = ["BTC/USD"]) { ticker(symbols: $symbols) { bid } }', {
        symbols,
      }),
      ALL('LIMIT_EXCEEDED'),
    );
  });

  test('cost, to which lists and fragments add, and a fragment bomb costs nothing to refuse', async () => {
    const bomb = Array.from(
      { length: 40 },
      (_, index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`,
    ).join(' ');
    const last = 'fragment f40 on Query { status { health } }';
    assert.deepEqual(await codes(`{ ...f0 } ${bomb} ${last}`), ALL('LIMIT_EXCEEDED'));
    const expensive = many(
      40,
      index => `a${index}: book(symbol: "BTC/USD", depth: 1000) { asks { price qty } bids { price qty } }`,
    );
    assert.deepEqual(await codes(`{ ${expensive} }`), ALL('LIMIT_EXCEEDED'));
  });

  test('depth', async () => {
    // The schema itself is not as deep as the limit, so that only fragments could be: they add no depth.
    const { errors } = await query(pair.url, `{ ticker(symbol: "BTC/USD") { ${nested(10)} } }`);
    assert.equal(errors, undefined);
    const schema = buildSchema('type Query { a: Query b: Int }');
    const validate = new Validation(operationLimits(1_000_000), () => 0).for({});
    const deep = (levels: number): string => (levels === 1 ? 'b' : `a { ${deep(levels - 1)} }`);
    assert.equal(validate(schema, parse(`{ ${deep(8)} }`)).length, 0);
    assert.match(
      validate(schema, parse(`{ ${deep(9)} }`))[0]?.message ?? '',
      /9 levels of fields; at most 8/,
    );
  });

  test('more than one root field of a subscription', async () => {
    const found = await codes('subscription { ticker(symbols: ["BTC/USD"]) { bid } status { health } }');
    for (const list of Object.values(found)) assert.equal(list.length, 1);
  });
});

describe('what passes', () => {
  test('introspection as tools ask for it', async () => {
    for (const options of [
      {},
      { descriptions: true, specifiedByUrl: true, inputValueDeprecation: true, oneOf: true },
    ]) {
      const { errors, data } = await query(pair.url, getIntrospectionQuery(options));
      assert.equal(errors, undefined);
      assert.ok(data.__schema.types.length > 30);
    }
  });

  test('two hundred pairs in one operation', async () => {
    const symbols = Array.from({ length: 200 }, (_, index) => (index % 2 ? 'BTC/USD' : 'ETH/USD'));
    const { data, errors } = await query(
      pair.url,
      'query ($symbols: [Symbol!]!) { tickers(symbols: $symbols) { symbol bid ask last volume } }',
      { symbols },
    );
    assert.equal(errors, undefined);
    assert.equal(data.tickers.length, 200);
  });
});

describe('a WebSocket', () => {
  test('has at most a hundred operations under way', async () => {
    const client = connect(pair.url);
    const open = Array.from({ length: 100 }, (_, index) =>
      subscribe(client, `subscription { a${index}: ticker(symbols: ["BTC/USD"]) { bid } }`),
    );
    for (const stream of open) await stream.next();
    const refused = await subscribe(client, 'subscription { ticker(symbols: ["BTC/USD"]) { ask } }')
      .next()
      .catch((errors: unknown) => errors as Result['errors']);
    assert.deepEqual(
      (refused as Result['errors'])?.map(({ extensions }) => extensions?.['code']),
      ['LIMIT_EXCEEDED'],
    );
    await open[0]?.stop();
    await using again = subscribe(client, 'subscription { ticker(symbols: ["BTC/USD"]) { askQty } }');
    assert.ok((await again.next()).data.ticker.askQty);
    await client.dispose();
  });

  const init = { type: 'connection_init' };
  /** The code with which the server closes a socket that says this. */
  async function closeCode(
    messages: readonly (object | string)[],
    protocols = ['graphql-transport-ws'],
  ): Promise<number> {
    const socket = new WebSocket(`${pair.url.replace('http', 'ws')}/graphql`, protocols);
    return new Promise((resolve, reject) => {
      socket.on('close', resolve);
      socket.on('error', reject);
      const send = (some: readonly (object | string)[]): void => {
        for (const message of some)
          socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      };
      const greets = messages[0] === init;
      socket.on('open', () => send(greets ? messages.slice(0, 1) : messages));
      // Whoever greets waits for the answer.
      socket.once('message', () => send(greets ? messages.slice(1) : []));
    });
  }

  const subscription = {
    id: 'a',
    type: 'subscribe',
    payload: { query: 'subscription { status { health } }' },
  };
  for (const [what, code, messages, protocols] of [
    ['no JSON', 4400, ['nonsense'], undefined],
    ['an unknown message', 4400, [{ type: 'dance' }], undefined],
    ['a message without its members', 4400, [init, { type: 'subscribe' }], undefined],
    ['subscribing before the handshake', 4401, [subscription], undefined],
    ['a bad token', 4403, [{ ...init, payload: { Authorization: 'Bearer wrong' } }], undefined],
    ['no subprotocol of ours', 4406, [], []],
    ['no handshake in time', 4408, [], undefined],
    ['one id twice', 4409, [init, subscription, subscription], undefined],
    ['two handshakes', 4429, [init, init], undefined],
    ['a frame of more than 64 KiB', 1009, ['x'.repeat(65 * 1024)], undefined],
  ] as [string, number, (object | string)[], string[]?][]) {
    test(`closes with ${code} for ${what}`, async () => {
      assert.equal(await closeCode(messages, protocols), code);
    });
  }
});

describe('a page of another site', () => {
  for (const [what, headers] of [
    ['with its origin', { origin: 'https://evil.example' }],
    ['without an origin, as an image or a form', { 'sec-fetch-site': 'cross-site' }],
  ] as const) {
    test(`gets no answer ${what}`, async () => {
      const response = await fetch(
        `${pair.url}/graphql?query=${encodeURIComponent('{ status { health } }')}`,
        { headers },
      );
      assert.equal(response.status, 403);
    });
  }

  test('can not send what a form can send', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const response = await fetch(`${pair.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: JSON.stringify({ query: '{ status { health } }' }),
      });
      assert.ok(response.status >= 400, `${type}: ${response.status}`);
    }
  });
});

test('the README and the limits say the same', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  for (const text of [
    'depth 8',
    '100 aliases',
    '2,000 tokens',
    '10 directives',
    '1,000 pairs',
    '100 subscriptions',
    '50 messages a second',
  ])
    assert.ok(readme.includes(text), text);
});

test('a document in chunks costs as much to read as one whose length was declared', async () => {
  await using pair = await start({ tradesPerSecond: 0 });
  const { hostname, port } = new URL(pair.url);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const post = (body: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const sent = request({ hostname, port, path: '/graphql', method: 'POST', agent, headers }, response => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  // Four more than what a connection may spend at once pays for: time has to pay for the rest.
  const length = 30_000;
  const count = Math.ceil(BUDGETS.connection.burst / preparationCost(length)) + 4;
  const startedMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    assert.equal(await post(JSON.stringify({ query: `{ a${index}${' '.repeat(length)} }` })), 200);
  }
  agent.destroy();
  const owed = count * preparationCost(length) - preparationCost(length) - BUDGETS.connection.burst;
  assert.ok(performance.now() - startedMs > (owed / BUDGETS.connection.perSecond) * 1_000);
});
