/** Readers that leave faster than Kraken lets anyone unsubscribe. */
import assert from 'node:assert/strict';
import { simulatedSymbols } from '../../src/simulator/exchange.ts';
import { connect, eventually, query, type Result, subscribe, type Values } from '../support/client.ts';
import { scenario } from '../support/scenario.ts';

/** Not the pairs of the witness. */
const SYMBOLS = simulatedSymbols.filter(symbol => !symbol.startsWith('BTC/'));
const BROKEN = SYMBOLS[0] ?? '';
const LEAVING = SYMBOLS.slice(1, 111);
const ASKED = SYMBOLS.slice(111);

scenario(
  'while readers leave at fifteen a second new pairs are answered, and a broken book resyncs',
  async ({ exchange, app, url }) => {
    const clients = [connect(url), connect(url)] as const;
    const books = new Map<string, Values>();
    for (const [index, symbol] of [BROKEN, ...LEAVING].entries()) {
      const client = index % 2 === 0 ? clients[0] : clients[1];
      books.set(symbol, subscribe(client, `subscription { book(symbols: ["${symbol}"]) { checksum } }`));
    }
    for (const values of books.values()) await values.next();
    const state = (symbol: string): unknown => app.client.feedState('book', app.client.resolveSymbol(symbol));
    const isLive = async (symbol: string): Promise<void> => {
      await eventually(
        () => state(symbol),
        now => now === 'LIVE',
        30,
      );
    };

    const leaving = [...LEAVING];
    const departures = setInterval(() => void books.get(leaving.shift() ?? '')?.stop(), 66);
    try {
      await eventually(
        () => leaving.length,
        left => left < 100,
      );
      exchange.corruptBook(BROKEN);
      exchange.trade(BROKEN);
      const { market } = app.client;
      // The state itself may be over before anyone looks.
      await eventually(
        () => market.bookStatistics.checksumFailures,
        failures => failures === 1,
      );
      const answers: Result[] = [];
      for (const symbol of ASKED) answers.push(await query(url, `{ ticker(symbol: "${symbol}") { bid } }`));
      assert.deepEqual(
        answers.flatMap(({ errors }) => errors ?? []),
        [],
      );
      await isLive(BROKEN);
      assert.equal(market.bookStatistics.resyncs, 1);
      assert.ok(leaving.length > 0, 'all that while others were leaving');

      await eventually(
        () => LEAVING.filter(symbol => state(symbol) !== undefined).length,
        left => left === 0,
        20,
      );
    } finally {
      clearInterval(departures);
      for (const client of clients) await client.dispose();
    }
  },
  { environment: { KRAKEN_SUBSCRIBE_RATE: '5' } },
);
