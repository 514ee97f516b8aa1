/** Bid and ask are true: of a book that moves without trades, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, eventually, query, subscribe } from '../support/client.ts';
import { startLibrary } from '../support/kraken.ts';
import { quotesAgree } from '../support/quotes.ts';
import { start } from '../support/server.ts';

const BTC = 'BTC/USD';
const bidOf = (row: string): string | undefined => /"bid":([\d.]+)/.exec(row)?.[1];

test('a book that moves without a trade: ticker and book of one answer have the same best prices', async () => {
  const { problems, changes } = await quotesAgree({ seconds: 4, changesPerSecond: 20, seed: 5 });
  assert.deepEqual(problems, []);
  assert.ok(changes > 50, String(changes));
});

test('the same of pairs that stream in the background of `SYMBOLS=*`', async () => {
  const { problems } = await quotesAgree({
    seconds: 2,
    changesPerSecond: 20,
    seed: 6,
    environment: { SYMBOLS: '*' },
  });
  assert.deepEqual(problems, []);
});

test('`SYMBOLS=*` streams at trades, a reader widens its pair, and after the linger time it goes back', async () => {
  await using pair = await start({}, { SYMBOLS: '*', SUBSCRIPTION_LINGER_MS: '50' });
  const { exchange, app, url } = pair;
  const [session] = await eventually(
    () => [...exchange.sessions],
    ([one]) => one?.tickerTrigger(BTC) === 'trades' && app.client.getTicker(BTC) !== undefined,
  );
  for (let count = 0; count < 10; count += 1) exchange.quote(BTC);
  assert.equal(session?.requests.filter(text => text.includes('unsubscribe')).length, 0);

  const client = connect(url);
  const values = subscribe(
    client,
    `subscription { ticker(symbols: ["${BTC}"]) { bid freshness { state stale } } }`,
  );
  const { data: first } = await values.next();
  assert.deepEqual(first.ticker.freshness, { state: 'PENDING', stale: true }, 'of the last trade');
  const { data: quoted } = await values.until(({ data }) => !data.ticker.freshness.stale);
  assert.equal(quoted.ticker.bid, bidOf(exchange.tickerText(BTC)));
  assert.equal(session?.tickerTrigger(BTC), 'bbo');
  assert.equal(session?.tickerTrigger('ETH/USD'), 'trades');
  const before = bidOf(exchange.tickerText(BTC));
  while (bidOf(exchange.tickerText(BTC)) === before) exchange.quote(BTC);
  await values.until(({ data }) => data.ticker.bid === bidOf(exchange.tickerText(BTC)));

  await values.stop();
  await eventually(
    () => session?.tickerTrigger(BTC),
    trigger => trigger === 'trades',
  );
  await eventually(
    () => app.client.feedState('ticker', app.client.resolveSymbol(BTC)),
    state => state === 'LIVE',
  );
  await client.dispose();
});

test('a query that meets an old value says that it is stale, and the next one has the quote', async () => {
  await using pair = await start({}, { SYMBOLS: '*' });
  const { exchange, app, url } = pair;
  await eventually(
    () => app.client.getTicker('ETH/USD'),
    ticker => ticker !== undefined,
  );
  const before = bidOf(exchange.tickerText('ETH/USD'));
  while (bidOf(exchange.tickerText('ETH/USD')) === before) exchange.quote('ETH/USD');
  const ask = async () =>
    (await query(url, '{ ticker(symbol: "ETH/USD") { bid freshness { stale } } }')).data.ticker;
  assert.deepEqual(await ask(), { bid: before, freshness: { stale: true } });
  const live = await eventually(ask, ticker => !ticker.freshness.stale);
  assert.equal(live.bid, bidOf(exchange.tickerText('ETH/USD')));
});

test('the library streams quotes unless it is told to stream trades alone', async () => {
  await using library = await startLibrary();
  const { exchange, kraken } = library;
  kraken.subscribeTicker([BTC], { eventTrigger: 'trades' });
  kraken.connect();
  const [session] = await eventually(
    () => [...exchange.sessions],
    ([one]) => one?.tickerTrigger(BTC) === 'trades' && kraken.getTicker(BTC) !== undefined,
  );
  kraken.subscribeTicker([BTC]);
  await eventually(
    () => kraken.feedState('ticker', kraken.resolveSymbol(BTC)),
    state => state === 'LIVE',
  );
  assert.equal(session?.tickerTrigger(BTC), 'bbo');
  exchange.quote(BTC);
  await eventually(
    () => [kraken.getTicker(BTC)?.bid, kraken.getTicker(BTC)?.ask].join(),
    sides =>
      exchange.tickerText(BTC).includes(`"bid":${sides.split(',')[0]},`) &&
      exchange.tickerText(BTC).includes(`"ask":${sides.split(',')[1]},`),
  );
  assert.throws(
    () => kraken.subscribeTicker([BTC], { eventTrigger: 'sometimes' as 'bbo' }),
    /eventTrigger is one of trades, bbo, not sometimes/,
  );
});
