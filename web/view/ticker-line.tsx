import { useEffect } from 'preact/hooks';
import { isZero, padded, significant } from '../lib/decimal.ts';
import { clock } from '../model/clock.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import { Badge } from './badge.tsx';
import { digits } from './digits.tsx';
import { useWidest, widthsOf } from './fit.tsx';
import { Figure } from './panel.tsx';
import { useModels } from './use-model.ts';

/** What stands where there is no figure. */
const NONE = '–';

/** The price, and the day so far. */
export function TickerLine({ pair }: { readonly pair: PairFeed }) {
  const { ticker: model, listing, symbol } = pair;
  useModels(...pair.behind(model), clock);
  const { ticker } = model;
  const { base, pricePrecision, qtyPrecision } = listing.listed ?? {};
  const trust = pair.tickerTrust;
  /** The exchange writes a price of 0 where there is none. */
  const price = (text: string | null | undefined, none = NONE): string =>
    text == null || isZero(text) ? none : padded(text, pricePrecision);
  const last = price(ticker?.last);
  const figures = {
    bid: price(ticker?.bid, ticker ? 'No bids' : NONE),
    ask: price(ticker?.ask, ticker ? 'No asks' : NONE),
    spread: ticker?.spread == null ? NONE : padded(ticker.spread, pricePrecision),
    high: price(ticker?.high),
    low: price(ticker?.low),
    vwap: price(ticker?.vwap),
    volume: ticker === undefined ? NONE : padded(ticker.volume, qtyPrecision),
  };
  const widest = useWidest([last], Object.values(figures));
  useTitle(trust.live && last !== NONE ? last : '', symbol);
  return (
    <section
      id="ticker"
      class={trust.live ? 'ticker' : 'ticker stale'}
      aria-label={`Ticker of ${symbol}`}
      style={widthsOf(widest)}
    >
      <div class="headline">
        <h2 class="symbol">{symbol}</h2>
        <Badge trust={trust} announced />
      </div>
      <p class="last">
        <span class="hidden">Last price</span>
        <span id="last" class="price">
          {digits(last)}
        </span>
        {ticker && (
          <span id="change" class={ticker.change.startsWith('-') ? 'down' : 'up'}>
            {digits(signed(padded(ticker.change, pricePrecision)))} ({signed(ticker.changePct)} %)
          </span>
        )}
      </p>
      <dl>
        <Figure label="Bid">{digits(figures.bid)}</Figure>
        <Figure label="Ask">{digits(figures.ask)}</Figure>
        <Figure label="Spread" details={percentOf(ticker?.spread, ticker?.spreadPercentage)}>
          {digits(figures.spread)}
        </Figure>
        <Figure label="24 h high">{digits(figures.high)}</Figure>
        <Figure label="24 h low">{digits(figures.low)}</Figure>
        <Figure label="24 h VWAP">{digits(figures.vwap)}</Figure>
        <Figure label={`24 h volume${base === undefined ? '' : `, ${base}`}`}>
          {digits(figures.volume)}
        </Figure>
      </dl>
    </section>
  );
}

/** A page that nobody sees is not drawn, and a price in its title would stand there whatever happens. */
function useTitle(price: string, symbol: string): void {
  useEffect(() => {
    const show = (): void => {
      document.title = `${document.hidden ? '' : price} ${symbol} · kraken-graphql`.trim();
    };
    show();
    document.addEventListener('visibilitychange', show);
    return () => document.removeEventListener('visibilitychange', show);
  }, [price, symbol]);
}

function signed(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : `+${text}`;
}

/** Of a percentage that the server computed, what can be taken in at a glance. */
function percentOf(spread: string | null | undefined, percentage: string | null | undefined) {
  if (spread == null || percentage == null) return undefined;
  // The server tells eight places.
  if (isZero(percentage) && !isZero(spread)) return '< 0.00000001 %';
  return `${significant(percentage, 3)} %`;
}
