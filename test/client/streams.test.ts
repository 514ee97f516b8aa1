import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventStream, latestStream } from '../../src/client/streams.ts';
import { eventually } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';

/** A source that a test pushes into. */
class Source<Item> {
  push: ((item: Item) => void) | undefined;
  readonly start = (push: (item: Item) => void): (() => void) => {
    this.push = push;
    return () => {
      this.push = undefined;
    };
  };
}

describe('a stream of state', () => {
  test('gives a reader that fell behind the latest of each key, and no backlog', async () => {
    const source = new Source<string>();
    const values = new Map<string, number>();
    const stream = latestStream(source.start, key => values.get(key));
    const first = stream.next();
    for (let value = 1; value <= 100; value += 1) {
      for (const key of ['a', 'b']) {
        values.set(key, value);
        source.push?.(key);
      }
    }
    assert.deepEqual([(await first).value, (await stream.next()).value], [100, 100]);
    let more = false;
    void stream.next().then(() => {
      more = true;
    });
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(more, false);
    await stream.return?.();
    assert.equal(source.push, undefined, 'what it began is ended');
  });
});

describe('a stream of events', () => {
  test('gives each, in order', async () => {
    const source = new Source<number>();
    const stream = eventStream(source.start, 10);
    const seen = [stream.next()];
    for (let event = 0; event < 5; event += 1) source.push?.(event);
    for (let index = 1; index < 5; index += 1) seen.push(stream.next());
    assert.deepEqual(
      (await Promise.all(seen)).map(({ value }) => value),
      [0, 1, 2, 3, 4],
    );
  });

  test('at its bound gives what waited, and then the error', async () => {
    const source = new Source<number>();
    const stream = eventStream(source.start, 2);
    const first = stream.next();
    source.push?.(0);
    await first;
    for (let event = 1; event < 5; event += 1) source.push?.(event);
    assert.deepEqual([(await stream.next()).value, (await stream.next()).value], [1, 2]);
    await assert.rejects(stream.next(), { code: 'SLOW_CONSUMER' });
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    assert.equal(source.push, undefined);
  });

  test('ends for a reader that waits, when it is returned', async () => {
    const stream = eventStream(new Source<number>().start, 2);
    const waiting = stream.next();
    await stream.return?.();
    assert.equal((await waiting).done, true);
  });
});

test('every channel is an async iterable that subscribes, and lets go', async () => {
  await using library = await startLibrary({ config: { subscriptionLingerMs: 0 } });
  const { exchange, kraken } = library;
  kraken.connect();
  const move = setInterval(() => exchange.trade('BTC/USD'), 2);
  try {
    for await (const ticker of kraken.streams.tickers(['xbt-usd'])) {
      assert.equal(ticker.symbol, 'BTC/USD');
      break;
    }
    const sequences: number[] = [];
    for await (const book of kraken.streams.orderbooks(['BTC/USD'], 25)) {
      assert.equal(book.asks.length, 25);
      if (sequences.push(book.sequence) === 3) break;
    }
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].sort((a, b) => a - b),
    );
    const ids: number[] = [];
    for await (const trade of kraken.streams.trades(['BTC/USD'])) if (ids.push(trade.tradeId) === 60) break;
    assert.deepEqual(
      ids,
      Array.from({ length: 60 }, (_, index) => (ids[0] ?? 0) + index),
    );
    for await (const candle of kraken.streams.candles(['BTC/USD'], 60)) {
      assert.equal(candle.interval, 60);
      break;
    }
  } finally {
    clearInterval(move);
  }
  await eventually(
    () => [...kraken.getSubscriptions()].map(({ topic }) => topic.channel),
    channels => channels.join() === 'instrument',
  );
  assert.throws(() => kraken.streams.balances(), { code: 'BALANCES_DISABLED' });
});
