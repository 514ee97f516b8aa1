import type { Page } from 'playwright-core';
import type { Exchange } from '../../src/simulator/exchange.ts';
import { write } from '../../src/simulator/wire.ts';
import { eventually } from './client.ts';

/** Levels that the page lists, as `web/view` has them. */
const LADDER_ROWS = 15;
/** Lines of the tape that are looked at: a snapshot of Kraken's has fifty. */
const TAPE_LINES = 40;
/** Levels of the book that it mirrors. */
const DEPTH = 100;

/** The market of a pair as a person reads it. */
export interface MarketShown {
  readonly last: string;
  readonly bid: string;
  readonly ask: string;
  readonly high: string;
  readonly volume: string;
  /** Price and quantity, the best first. */
  readonly asks: readonly string[];
  readonly bids: readonly string[];
  /** Id, price and quantity, newest first. */
  readonly trades: readonly string[];
  /** Open, high, low, close and volume of the forming candle. */
  readonly candle: readonly string[];
}

/** What stands on the page. */
export function shown(page: Page): Promise<MarketShown> {
  return page.evaluate(lines => {
    const text = (element: Element | null | undefined): string => element?.textContent?.trim() ?? '';
    const cells = (row: Element): string[] => [...row.querySelectorAll('td')].map(text);
    const rows = (id: string): Element[] => [...document.querySelectorAll(`#${id} tr`)];
    const figure = (label: string): string =>
      text(
        [...document.querySelectorAll('#ticker .figure')]
          .find(one => text(one.querySelector('dt')).startsWith(label))
          ?.querySelector('dd')?.firstChild as Element | null,
      );
    const levels = (id: string): string[] => rows(id).map(row => cells(row).slice(0, 2).join(' '));
    return {
      last: text(document.querySelector('#last')),
      bid: figure('Bid'),
      ask: figure('Ask'),
      high: figure('24 h high'),
      volume: figure('24 h volume'),
      asks: levels('asks').reverse(),
      bids: levels('bids'),
      trades: rows('trades')
        .slice(0, lines)
        .map(row => {
          const [, price = '', qty] = cells(row);
          return `${(row as HTMLElement).dataset['id'] ?? 'gap'} ${/[\d.]+$/.exec(price)?.[0]} ${qty}`;
        }),
      candle: ['open', 'high', 'low', 'close', 'volume'].map(name =>
        text(document.querySelector(`#candle-${name}`)),
      ),
    };
  }, TAPE_LINES);
}

/** JSON with its numbers as they are written. */
function parse(text: string): Record<string, string> & { asks: Level[]; bids: Level[] } {
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? context?.source : value,
  );
}

interface Level {
  readonly price: string;
  readonly qty: string;
}

/** What the exchange has. */
export function truth(exchange: Exchange, symbol: string): MarketShown {
  const ticker = parse(exchange.tickerText(symbol));
  const book = parse(write(exchange.bookRow(symbol, DEPTH)));
  const levels = (side: Level[]): string[] =>
    side.slice(0, LADDER_ROWS).map(({ price, qty }) => `${price} ${qty}`);
  const candle = parse(exchange.candleTexts(symbol, 1).at(-1) ?? '{}');
  return {
    last: ticker['last'] ?? '',
    bid: ticker['bid'] ?? '',
    ask: ticker['ask'] ?? '',
    high: ticker['high'] ?? '',
    volume: ticker['volume'] ?? '',
    asks: levels(book.asks),
    bids: levels(book.bids),
    trades: exchange
      .tradeTexts(symbol)
      .slice(-TAPE_LINES)
      .toReversed()
      .map(parse)
      .map(trade => `${trade['trade_id']} ${trade['price']} ${trade['qty']}`),
    candle: ['open', 'high', 'low', 'close', 'volume'].map(name => candle[name] ?? ''),
  };
}

/** Until the page shows what the exchange has, to the last digit. */
export async function inStep(page: Page, exchange: Exchange, symbol: string): Promise<void> {
  await eventually(
    async () => ({ page: await shown(page), truth: truth(exchange, symbol) }),
    both => JSON.stringify(both.page) === JSON.stringify(both.truth),
  );
}

/** Parts of the page that grey when the exchange is away, */
export const MARKET = ['ticker', 'candles', 'depth', 'ladder', 'tape'] as const;
/** and when the server is. */
export const ALL = [...MARKET, 'integrity', 'clients'] as const;

/** Until these, and no others, are grey. */
export async function grey(page: Page, parts: readonly string[]): Promise<void> {
  await eventually(
    () =>
      page.evaluate(
        ids =>
          ids.flatMap(id => {
            const part = document.getElementById(id);
            if (part === null) return [`no ${id}`];
            return part.classList.contains('stale') ? [id] : [];
          }),
        ALL as readonly string[],
      ),
    stale => stale.join() === parts.join(),
  );
}
