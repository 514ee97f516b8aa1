/** Clients that are slow, gone, many, mistaken or hostile. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { clientFrame } from '../../bench/support/frames.ts';
import { upgrade } from '../../bench/support/upgrade.ts';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { get, type Scene, scenario } from '../support/scenario.ts';

const PAIR = 'BTC/USD';

/** A client as bare as can be, up to its acknowledgement. */
async function raw(port: number): Promise<Socket> {
  const socket = await upgrade(port);
  socket.write(clientFrame('{"type":"connection_init"}'));
  await once(socket, 'data');
  return socket;
}

const portOf = ({ url }: Pick<Scene, 'url'>): number => Number(new URL(url).port);

function subscribeFrame(id: string, text: string): Buffer {
  return clientFrame(JSON.stringify({ id, type: 'subscribe', payload: { query: text } }));
}

scenario('readers that stop reading are counted and let go, and disturb nobody', async scene => {
  const { exchange, app, url, witness } = scene;
  const readers = await Promise.all(Array.from({ length: 20 }, () => raw(portOf(scene))));
  for (const reader of readers) {
    reader.pause();
    // A selection that makes much of every trade.
    const many = Array.from({ length: 60 }, (_, index) => `t${index}: price`).join(' ');
    for (let id = 0; id < 5; id += 1)
      reader.write(
        subscribeFrame(String(id), `subscription { trades(symbols: ["${PAIR}"]) { trades { ${many} } } }`),
      );
  }
  await eventually(
    async () => {
      for (let count = 0; count < 200; count += 1) exchange.trade(PAIR);
      await get(url, '/health');
      return (await query(url, '{ status { clients { slowConsumers } } }')).data.status.clients.slowConsumers;
    },
    slow => slow >= 20,
  );
  await witness.hasEverything();
  assert.equal(app.client.isConnected, true);
  for (const reader of readers) reader.destroy();
});

scenario('clients that come and go by the hundred leave nothing', async scene => {
  const { exchange, downstream, random } = scene;
  for (let round = 0; round < 10; round += 1) {
    const clients = await Promise.all(Array.from({ length: 30 }, () => raw(downstream.port)));
    for (const client of clients) {
      client.resume();
      client.write(subscribeFrame('1', `subscription { ticker(symbols: ["${PAIR}", "ETH/USD"]) { bid } }`));
      client.write(subscribeFrame('2', `subscription { trades(symbols: ["${PAIR}"]) { cursor } }`));
    }
    exchange.trade(PAIR);
    for (const client of clients) {
      if (random() < 0.5) client.resetAndDestroy();
      else client.destroy();
    }
  }
});

scenario('a client whose network is gone is dropped when it does not answer', async scene => {
  const { downstream, exchange } = scene;
  const client = await raw(downstream.port);
  client.resume();
  client.write(subscribeFrame('1', `subscription { ticker(symbols: ["${PAIR}"]) { bid } }`));
  exchange.trade(PAIR);
  downstream.weather.blackhole = true;
  exchange.trade(PAIR);
  // The network comes back with the news that nobody knows this connection any more.
  downstream.reset();
  client.destroy();
});

scenario('messages in a flood close the socket of whoever sends them', async scene => {
  const client = await raw(portOf(scene));
  client.resume();
  const closed = once(client, 'close');
  for (let count = 0; count < 2_000; count += 1) client.write(clientFrame('{"type":"ping"}'));
  await closed;
});

scenario('subscriptions in a flood are refused beyond what one socket may have', async scene => {
  const client = new WebSocket(`${scene.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: { type: string; payload?: { extensions: { code: string } }[] }[] = [];
  client.on('message', data => messages.push(JSON.parse(String(data))));
  await once(client, 'open');
  client.send('{"type":"connection_init"}');
  await once(client, 'message');
  for (let id = 0; id < 150; id += 1) {
    const payload = { query: `subscription { ticker(symbols: ["${PAIR}"]) { bid } }` };
    client.send(JSON.stringify({ id: String(id), type: 'subscribe', payload }));
  }
  await eventually(
    () =>
      messages.filter(
        ({ type, payload }) => type === 'error' && payload?.[0]?.extensions.code === 'LIMIT_EXCEEDED',
      ).length,
    refused => refused === 50,
  );
  client.terminate();
});

scenario(
  'operations that are huge, deep, aliased or a bomb of fragments are refused, quickly',
  async ({ url }) => {
    const bomb = Array.from(
      { length: 50 },
      (_, index) =>
        `fragment f${index} on Query { ${index === 49 ? '__typename' : `...f${index + 1} ...f${index + 1}`} }`,
    ).join(' ');
    const aliases = (count: number): string =>
      Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ');
    const documents = [
      `{ ${aliases(150)} }`,
      `{ ${'status { '.repeat(400)} health ${'} '.repeat(400)} }`,
      `{ ${aliases(5_000)} }`,
      `query { __typename ...f0 } ${bomb} ${aliases(20)}`,
      `{ status { ${'health '.repeat(3_000)} } }`,
    ];
    for (const document of documents) {
      const { errors = [] } = await query(url, document);
      assert.ok(errors.length > 0 && errors.length < 20, document.slice(0, 40));
    }
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ query: `{ ${'x'.repeat(200_000)} }` }),
    });
    assert.equal(response.status, 413);
    await response.text();
  },
);

/** What is wrong with the protocol, and the code with which the socket closes. */
const WRONG: Readonly<Record<string, readonly [number, (socket: WebSocket) => void]>> = {
  'no JSON': [4400, socket => socket.send('{"type":')],
  'an unknown type': [4400, socket => socket.send('{"type":"start","id":"1"}')],
  'subscribe before init': [
    4401,
    socket => socket.send('{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}'),
  ],
  'init twice': [
    4429,
    socket => {
      socket.send('{"type":"connection_init"}');
      socket.send('{"type":"connection_init"}');
    },
  ],
  'an id twice': [
    4409,
    socket => {
      const subscribe =
        '{"type":"subscribe","id":"1","payload":{"query":"subscription { connectionEvents { at } }"}}';
      socket.send('{"type":"connection_init"}');
      socket.once('message', () => {
        socket.send(subscribe);
        socket.send(subscribe);
      });
    },
  ],
  'a frame that is too large': [1009, socket => socket.send('x'.repeat(70_000))],
  'fragments that are too large together': [
    1009,
    socket => {
      for (let part = 0; part < 10; part += 1) socket.send('x'.repeat(10_000), { fin: part === 9 });
    },
  ],
  'text that is not UTF-8': [1007, socket => socket.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false })],
};

scenario('clients that do not keep to the protocol are told so, each by its code', async ({ url }) => {
  for (const [what, [code, act]] of Object.entries(WRONG)) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    act(socket);
    const [got] = (await once(socket, 'close')) as [number];
    assert.equal(got, code, what);
  }
  const strangers: readonly [string, string | undefined, Record<string, string>, number][] = [
    ['another protocol', 'graphql-ws', {}, 4406],
    ['no protocol', undefined, {}, 4406],
  ];
  for (const [what, protocol, headers, code] of strangers) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, protocol, { headers });
    socket.on('error', () => {});
    const got = await new Promise<number>(resolve => socket.on('close', resolve));
    assert.ok(got === code || got === 1006, `${what}: ${got}`);
  }
});

scenario('pages of elsewhere get no socket and no answer', async ({ url }) => {
  for (const origin of ['http://evil.example', 'null', `${url}.evil.example`]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin });
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; resume(): void },
    ];
    assert.equal(response.statusCode, 403);
    response.resume();
    socket.on('error', () => {});
    socket.terminate();
  }
});

scenario('headers and bodies that come by the byte end with 408', async scene => {
  const endings = await Promise.all(
    [
      'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ',
      `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"query":`,
    ].map(async head => {
      const socket = connectTcp(portOf(scene), '127.0.0.1');
      socket.on('error', () => {});
      let answer = '';
      socket.on('data', chunk => {
        answer += String(chunk);
      });
      socket.write(head);
      const drip = setInterval(() => socket.write('x'), 250);
      await once(socket, 'close');
      clearInterval(drip);
      return answer;
    }),
  );
  for (const answer of endings) assert.match(answer, /^HTTP\/1\.1 408 /);
});

scenario(
  'a subscriber that went away in the middle of its past leaves nothing',
  async ({ url, exchange }) => {
    const client = connect(url);
    const values = subscribe(client, `subscription { trades(symbols: ["${PAIR}"], last: 50) { cursor } }`);
    const { data } = await values.next();
    for (let count = 0; count < 3; count += 1) exchange.trade(PAIR);
    const again = subscribe(
      client,
      `subscription { trades(symbols: ["${PAIR}"], after: ["${data.trades.cursor}"]) { cursor } }`,
    );
    await client.dispose();
    await Promise.all([values.stop(), again.stop()]);
  },
);
