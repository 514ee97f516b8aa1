/** Recorded frames as fast as the server reads them: what its clients hold is what it holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Feed } from '../../bench/support/feed.ts';
import { bookFrames } from '../../bench/support/recordings.ts';
import { connect, eventually, subscribe, subscribeByEvents } from '../support/client.ts';
import { BOOK_UPDATES, type BookEventResult, Mirror } from '../support/mirror.ts';
import { startServer } from '../support/server.ts';

const FRAMES = 10_000;

test('mirrors of bookUpdates equal the server after ten thousand messages at full speed', async context => {
  const source = bookFrames();
  const feed = new Feed((channel, symbol) =>
    channel === 'book' && symbol === 'BTC/USD' ? source.snapshot : undefined,
  );
  const app = await startServer(await feed.start(), { SYMBOLS: 'ETH/USD' });
  context.after(async () => {
    await app.close();
    feed.stop();
  });
  const client = connect(app.url);
  const readers = [
    ...[10, 10, 5].map(depth => ({
      mirror: new Mirror(depth),
      values: subscribe(client, BOOK_UPDATES, { symbols: ['BTC/USD'], depth }),
    })),
    {
      mirror: new Mirror(10),
      values: subscribeByEvents(app.url, BOOK_UPDATES, { symbols: ['BTC/USD'], depth: 10 }),
    },
  ];
  const next = async ({ mirror, values }: (typeof readers)[number]) =>
    mirror.apply((await values.next()).data.bookUpdates as BookEventResult);
  await Promise.all(readers.map(next));

  await feed.pump(source, FRAMES);
  await eventually(
    () => app.client.market.bookStatistics.verified,
    verified => verified === FRAMES + 1,
  );
  const book = app.client.getOrderbook('BTC/USD', 10);
  assert.equal(book?.sequence, FRAMES + 1);
  const plain = (levels: readonly { price: string; qty: string }[] = []) =>
    levels.map(({ price, qty }) => `${price} ${qty}`).join();
  for (const reader of readers) {
    const { mirror, values } = reader;
    const { bids = [], asks = [] } = app.client.getOrderbook('BTC/USD', mirror.depth) ?? {};
    while (plain(mirror.bids) !== plain(bids) || plain(mirror.asks) !== plain(asks)) await next(reader);
    assert.deepEqual(mirror.problems, []);
    assert.ok(mirror.deltas > 0);
    await values[Symbol.asyncDispose]();
  }
});
