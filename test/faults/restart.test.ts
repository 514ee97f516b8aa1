/** A restart under clients as they come: each goes on by itself, and whoever hands back its cursor misses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { createPersistentClient, followTrades, type Trades } from '../../examples/clients/graphql-ws.ts';
import { TickerStreamDocument, TradesStreamDocument } from '../../schema/generated/operations.ts';
import { eventually } from '../support/client.ts';
import { EventReader } from '../support/event-source.ts';
import { startBoth } from '../support/processes.ts';

const PAIR = 'BTC/USD';
/** `SOCKETS=1000 STREAMS=100` for as many as in operation. */
const SOCKETS = Number(process.env['SOCKETS'] ?? 50);
const STREAMS = Number(process.env['STREAMS'] ?? 10);
/** Only what never ends fails: a busy machine takes its time to serve a thousand. */
const PATIENCE_SECONDS = 120;

/** What one reader of trades was told. */
class Reader {
  readonly ids: number[] = [];
  readonly problems: string[] = [];
  cursor: string | undefined;

  take({ trades, gap, cursor }: Trades): void {
    if (gap) this.problems.push(`gap ${JSON.stringify(gap)}`);
    this.ids.push(...trades.map(({ tradeId }) => tradeId));
    this.cursor = cursor;
  }

  /** Trades that it missed, or got twice or out of order. */
  get faults(): number {
    return this.ids.filter((id, index) => index > 0 && id !== (this.ids[index - 1] ?? 0) + 1).length;
  }
}

function followByEvents(url: string, reader: Reader): EventReader {
  return new EventReader(
    () => {
      const variables = {
        symbols: [PAIR],
        last: 1,
        after: reader.cursor === undefined ? [] : [reader.cursor],
      };
      return `${url}/graphql?${new URLSearchParams({ query: print(TradesStreamDocument), variables: JSON.stringify(variables) })}`;
    },
    ({ data, errors }) => {
      if (errors) reader.problems.push(JSON.stringify(errors));
      else reader.take(data.trades);
    },
  );
}

test(`${SOCKETS} graphql-ws clients and ${STREAMS} event streams go on over restarts`, {
  timeout: 8 * PATIENCE_SECONDS * 1_000,
}, async context => {
  const { exchange, start } = await startBoth({}, PATIENCE_SECONDS);
  let { server, url, port } = await start();
  const clients: Client[] = [];
  const streams: EventReader[] = [];
  context.after(async () => {
    // Not waited for, and no matter if it fails: one that waits to come again does so first.
    for (const client of clients) Promise.resolve(client.dispose()).catch(() => {});
    for (const stream of streams) stream.close();
    await server[Symbol.asyncDispose]();
    await exchange.stop();
  });

  const readers = Array.from({ length: SOCKETS + STREAMS }, () => new Reader());
  const tickers = new Map<Client, number>();
  const ended: unknown[] = [];
  for (const reader of readers.slice(0, SOCKETS)) {
    const client = createPersistentClient(`${url}/graphql`);
    clients.push(client);
    followTrades(
      client,
      [PAIR],
      trades => reader.take(trades),
      error => reader.problems.push(JSON.stringify(error)),
    );
    // On the same socket one without a cursor, as most are.
    client.subscribe(
      { query: print(TickerStreamDocument) },
      {
        next: () => void tickers.set(client, (tickers.get(client) ?? 0) + 1),
        error: error => ended.push(error),
        complete: () => ended.push('complete'),
      },
    );
  }
  for (const reader of readers.slice(SOCKETS)) streams.push(followByEvents(url, reader));

  const latest = (): number => Number(/"trade_id":(\d+)/.exec(exchange.tradeTexts(PAIR).at(-1) ?? '')?.[1]);
  const trade = (count: number): void => {
    for (let index = 0; index < count; index += 1) exchange.trade(PAIR);
  };
  const everyoneIsThere = (): Promise<unknown> => {
    const id = latest();
    return eventually(
      // With the reasons, where one will never come.
      () => readers.filter(({ ids }) => ids.at(-1) !== id).map(({ problems }) => problems),
      ({ length }) => length === 0,
      PATIENCE_SECONDS,
    );
  };
  await everyoneIsThere();

  for (let restart = 0; restart < 2; restart += 1) {
    trade(5);
    await everyoneIsThere();
    server.signal('SIGTERM');
    // While sockets are being closed, some readers get these and some do not.
    const exit = server.exit();
    let going = true;
    void exit.then(() => {
      going = false;
    });
    for (let count = 0; count < 10 && going; count += 1) {
      trade(1);
      await Promise.race([exit, new Promise(resolve => setTimeout(resolve, 50))]);
    }
    assert.equal(await exit, 0);
    trade(15);
    tickers.clear();
    const startMs = performance.now();
    ({ server } = await start(String(port)));
    await everyoneIsThere();
    await eventually(
      () => tickers.size,
      count => count === SOCKETS,
      PATIENCE_SECONDS,
    );
    context.diagnostic(`everyone was back ${Math.round(performance.now() - startMs)} ms after the start`);
    trade(5);
    await everyoneIsThere();
  }
  assert.deepEqual(readers.flatMap(({ problems }) => problems).slice(0, 5), []);
  assert.deepEqual(ended, []);
  assert.deepEqual(
    streams.map(stream => stream.ended),
    streams.map(() => undefined),
  );
  assert.equal(
    readers.reduce((sum, reader) => sum + reader.faults, 0),
    0,
    'trades that were missed or came twice',
  );
});
