import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { WebSocket } from 'ws';
import type { OrderBookUpdate } from '../../src/market/order-book-update.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { eventually } from './client.ts';
import { startLibrary } from './kraken.ts';

/** What became of a run of corrupted books. */
export interface CorruptionReport {
  /** Changes that the exchange made. */
  readonly changes: number;
  /** Messages that the exchange corrupted. */
  readonly corrupted: number;
  /** States that the client published. */
  readonly published: number;
  readonly checksumFailures: number;
  readonly resyncs: number;
  /** A state that does not have its checksum; a book that did not come back; a healthy pair that was disturbed. */
  readonly problems: readonly string[];
}

const CORRUPTED = ['BTC/USD', 'ETH/USD', 'MINA/GBP', 'PEPE/USD'];
const HEALTHY = ['SOL/USD', 'DOGE/EUR'];
/** Changes between two looks at what arrives. */
const BURST = 100;

/** Changes books very often, now and then with a wrong checksum, and looks at every state that is published. */
export async function corruptBooks(options: {
  readonly changes: number;
  readonly share: number;
  readonly seed: number;
}): Promise<CorruptionReport> {
  // As many control messages as the exchange bears.
  await using library = await startLibrary({ seed: options.seed, config: { subscribeRate: 18 } });
  const { exchange, kraken } = library;
  const random = seededRandom(options.seed);
  const symbols = [...CORRUPTED, ...HEALTHY];
  const problems: string[] = [];
  const published = new Map<string, number>(symbols.map(symbol => [symbol, 0]));
  kraken.registerCallback('orderbook', book => {
    published.set(book.symbol, (published.get(book.symbol) ?? 0) + 1);
    if (checksumOf(book) !== book.checksum) problems.push(`${book.symbol} ${book.sequence} is not verified`);
    if (HEALTHY.includes(book.symbol) && kraken.feedState('book', book.symbol) !== 'LIVE') {
      problems.push(`${book.symbol} was disturbed`);
    }
  });
  kraken.subscribeOrderbook(symbols);
  kraken.connect();
  await eventually(
    () => symbols.every(symbol => kraken.getOrderbook(symbol) !== undefined),
    all => all,
  );

  const sent = await countBooks(exchange.publicUrl, HEALTHY);
  let corrupted = 0;
  let dice: boolean;
  exchange.faults.corruptBooksWhen(() => {
    if (dice) corrupted += 1;
    return dice;
  });
  for (let change = 0; change < options.changes; change += 1) {
    const symbol = symbols[Math.floor(random() * symbols.length)] ?? '';
    dice = CORRUPTED.includes(symbol) && random() < options.share;
    exchange.trade(symbol);
    // Whatever the machine does: never more under way than a socket holds.
    if (change % BURST === 0) await arrived(exchange, kraken, HEALTHY[0] ?? '');
  }
  exchange.faults.corruptBooksWhen(undefined);
  for (const symbol of symbols) {
    exchange.trade(symbol);
    await eventually(
      () => kraken.getOrderbook(symbol)?.checksum === checksumAt(exchange.bookRow(symbol, 10)),
      same => same,
    ).catch(() => problems.push(`${symbol} did not come back`));
  }
  for (const symbol of HEALTHY) {
    // Its snapshot, and each of its changes.
    await eventually(
      () => sent.counts.get(symbol) === published.get(symbol),
      all => all,
    ).catch(() => problems.push(`${symbol}: ${published.get(symbol)} of ${sent.counts.get(symbol)}`));
  }
  sent.stop();
  const { checksumFailures, resyncs } = kraken.market.bookStatistics;
  return {
    changes: options.changes,
    corrupted,
    published: [...published.values()].reduce((sum, count) => sum + count, 0),
    checksumFailures,
    resyncs,
    problems,
  };
}

/** Counts the messages about these books, as a client that reads nothing else of them. */
async function countBooks(
  url: string,
  symbol: readonly string[],
): Promise<{ readonly counts: ReadonlyMap<string, number>; stop(): void }> {
  const counts = new Map<string, number>();
  const socket = new WebSocket(url);
  socket.on('message', data => {
    const named = /^{"channel":"book".*"symbol":"([^"]*)"/.exec(String(data))?.[1];
    if (named !== undefined) counts.set(named, (counts.get(named) ?? 0) + 1);
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ method: 'subscribe', params: { channel: 'book', symbol } }));
  await eventually(
    () => counts.size,
    size => size === symbol.length,
  );
  return { counts, stop: () => socket.terminate() };
}

/** Waits until the client has what the exchange last said of a pair that is never corrupted. */
async function arrived(
  exchange: { bookRow(symbol: string, depth: number): object },
  kraken: { getOrderbook(symbol: string): OrderBookUpdate | undefined },
  symbol: string,
): Promise<void> {
  while (kraken.getOrderbook(symbol)?.checksum !== checksumAt(exchange.bookRow(symbol, 10))) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

function checksumAt(row: object): number {
  return (row as { checksum: number }).checksum;
}

/** Kraken's rule, written down once more: independent of what is under test. */
function checksumOf({ asks, bids }: OrderBookUpdate): number {
  const strip = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const side = (levels: OrderBookUpdate['asks']): string =>
    levels
      .slice(0, 10)
      .map(({ price, qty }) => strip(price) + strip(qty))
      .join('');
  return crc32(side(asks) + side(bids));
}
