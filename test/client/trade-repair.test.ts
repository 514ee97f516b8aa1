import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { TradeFeed } from '../../src/client/trade-feed.ts';
import type { TradeRow } from '../../src/kraken/messages.ts';
import { RestClient } from '../../src/kraken/rest.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { DecimalText } from '../../src/lib/decimal-text.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { Trades } from '../../src/market/trades.ts';
import { eventually } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SYMBOL = 'BTC/USD' as PairSymbol;
const secondsOf = (id: number): number => 1_790_000_000 + id;
const row = (trade_id: number): TradeRow => ({
  symbol: SYMBOL,
  side: 'buy',
  price: '1.0' as DecimalText,
  qty: '1.00000000' as DecimalText,
  ord_type: 'limit',
  trade_id,
  timestamp: new Date(secondsOf(trade_id) * 1_000).toISOString().replace('Z', '000Z'),
});

type Answer = (response: ServerResponse, ids: readonly number[]) => void;
const serve: Answer = (response, ids) => {
  const rows = ids.map(id => ['1.0', '1.00000000', secondsOf(id), 'b', 'l', '', id]);
  response.end(JSON.stringify({ error: [], result: { XXBTZUSD: rows, last: '0' } }));
};

/** A feed whose REST answers as told, on real sockets, and whose time passes when told. */
async function feedOf(known: readonly number[], answer: () => Answer, maxHeld = 10_000) {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls += 1;
    answer()(response, known);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = new ManualClock();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const got: number[] = [];
  const gaps: unknown[] = [];
  const feed = new TradeFeed({
    trades: new Trades(maxHeld),
    rest: new RestClient({ url, ratePerSecond: 1_000, timeoutMs: 10_000 }, clock),
    clock,
    logger: silentLogger,
    pair: () => undefined,
    accepts: () => true,
    dropped: () => {},
    deliver: (_symbol, { trades, gap }) => {
      got.push(...trades.map(({ tradeId }) => tradeId));
      if (gap !== undefined) gaps.push(gap);
    },
    stateChanged: () => {},
  });
  const receive = (type: 'snapshot' | 'update', ...ids: number[]): void =>
    feed.receive({ kind: 'trade', type, data: ids.map(row), skipped: [] }, clock.now());
  return {
    got,
    gaps,
    receive,
    clock,
    calls: () => calls,
    repairing: () => feed.isRepairing(SYMBOL),
    /** Lets so much time pass, a second at a time; each call that leaves in it is answered first. */
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second += 1) {
        if (feed.isRepairing(SYMBOL))
          await eventually(
            () => clock.pending,
            pending => pending > 0,
          );
        clock.advance(1_000);
        // The answer to a call that left just now comes over a socket; its timeout is a timer too.
        for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      feed.stop();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const FAILURES: Record<string, Answer> = {
  'HTTP 503 with a page of HTML': response => {
    response.writeHead(503);
    response.end('<html>');
  },
  'EService:Unavailable': response => void response.end('{"error":["EService:Unavailable"]}'),
  'EAPI:Rate limit exceeded': response => void response.end('{"error":["EAPI:Rate limit exceeded"]}'),
  'a connection that is cut': response => void response.destroy(),
};

describe('trades that are missing', () => {
  for (const seconds of [45, 300]) {
    for (const [name, failure] of Object.entries(FAILURES)) {
      test(`are not given up while REST fails for ${seconds} s: ${name}`, async () => {
        let failing = true;
        await using feed = await feedOf([1, 2, 3, 4, 5], () => (failing ? failure : serve));
        feed.receive('snapshot', 1, 2);
        feed.receive('update', 5);
        await feed.pass(seconds);
        assert.ok(feed.calls() >= seconds / 20 && feed.calls() <= seconds * 4, `${feed.calls()} calls`);
        assert.deepEqual([feed.got, feed.gaps], [[1, 2], []]);
        failing = false;
        await feed.pass(30);
        await eventually(feed.repairing, repairing => !repairing);
        assert.deepEqual([feed.got, feed.gaps], [[1, 2, 3, 4, 5], []]);
      });
    }
  }

  test('are given up when REST answers that it knows later ones, and not these', async () => {
    await using feed = await feedOf([1, 2, 4, 5], () => serve);
    feed.receive('snapshot', 1, 2);
    feed.receive('update', 6);
    await feed.pass(60);
    await eventually(feed.repairing, repairing => !repairing);
    assert.deepEqual(feed.gaps, [{ fromTradeId: 3, toTradeId: 3 }]);
    assert.equal(feed.got.at(-1), 6);
  });

  test('are given up while REST fails when more would be held back than the bound', async () => {
    const failure = FAILURES['HTTP 503 with a page of HTML'] as Answer;
    await using feed = await feedOf([], () => failure, 10);
    feed.receive('snapshot', 1, 2);
    for (let id = 5; id < 30; id += 1) feed.receive('update', id);
    assert.deepEqual(feed.gaps, [{ fromTradeId: 3, toTradeId: 4 }]);
    assert.equal(feed.got.at(-1), 29);
  });
});
