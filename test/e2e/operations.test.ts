import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { getOperationAST, print } from 'graphql';
import type { Client } from 'graphql-ws';
import * as documents from '../../schema/generated/operations.ts';
import { connect, query, type Result, subscribe, subscribeByEvents } from '../support/client.ts';
import { type Pair, start, TOKEN, WITH_ACCOUNT } from '../support/server.ts';

let pair: Pair;
let client: Client;
before(async () => {
  pair = await start({}, WITH_ACCOUNT);
  client = connect(pair.url, TOKEN);
});
after(async () => {
  await client.dispose();
  await pair[Symbol.asyncDispose]();
});

function assertData(result: Result): void {
  assert.equal(result.errors, undefined, JSON.stringify(result.errors));
  for (const value of Object.values(result.data as object)) assert.ok(value !== null);
}

describe('each document in schema/operations runs', () => {
  const folder = new URL('../../schema/operations/', import.meta.url);
  const names = readdirSync(folder);
  for (const name of names) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    test(`${name} over WebSocket`, async () => {
      await using values = subscribe(client, text);
      assertData(await values.next());
    });
    test(`${name} over HTTP`, async () => {
      if (!/^subscription/m.test(text)) return assertData(await query(pair.url, text, {}, TOKEN));
      await using values = subscribeByEvents(pair.url, text, {}, TOKEN);
      assertData(await values.next());
    });
  }

  test('and has a typed document', () => {
    const generated = Object.values(documents).map(document => getOperationAST(document)?.name?.value);
    const written = names.map(
      name => /^(?:query|subscription) (\w+)/m.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1],
    );
    assert.deepEqual(generated.sort(), written.sort());
  });
});

test('a typed document runs with typed variables', async () => {
  const variables: documents.TickerQueryVariables = { symbol: 'xbt/eur' };
  const { data } = (await query(pair.url, print(documents.TickerDocument), variables)) as {
    data: documents.TickerQuery;
  };
  assert.equal(data.ticker?.symbol, 'BTC/EUR');
  assert.equal(typeof data.ticker?.bid, 'string');
});
