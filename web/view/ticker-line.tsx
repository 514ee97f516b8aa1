import { useEffect } from 'preact/hooks';
import type { Link } from '../api/link.ts';
import type { Channels } from '../model/channels.ts';
import { clock } from '../model/clock.ts';
import { trustOf } from '../model/freshness.ts';
import type { TickerModel } from '../model/ticker.ts';
import { Badge } from './badge.tsx';
import { Figure } from './panel.tsx';
import { useModels } from './use-model.ts';

interface TickerLineProps {
  readonly link: Link;
  readonly model: TickerModel;
  readonly channels: Channels;
  readonly symbol: string;
}

/** The price, and the day so far. */
export function TickerLine({ link, model, channels, symbol }: TickerLineProps) {
  useModels(model, channels, link, clock);
  const { ticker } = model;
  const trust = trustOf(model.standing, link, channels.state('ticker'));
  const last = ticker?.last ?? undefined;
  const instrument = ticker?.instrument;
  useTitle(trust.live && last !== undefined ? last : '', symbol);
  return (
    <section id="ticker" class={trust.live ? 'ticker' : 'ticker stale'} aria-label={`Ticker of ${symbol}`}>
      <div class="headline">
        <h2 class="symbol">{symbol}</h2>
        <Badge trust={trust} announced />
        {instrument && instrument.status !== 'online' && (
          <span class="badge">{instrument.status.replace('_', ' ')}</span>
        )}
      </div>
      <p class="last">
        <span class="hidden">Last price</span>
        <span id="last" class="price">
          {last ?? '–'}
        </span>
        {ticker && (
          <span id="change" class={ticker.change.startsWith('-') ? 'down' : 'up'}>
            {signed(ticker.change)} ({signed(ticker.changePct)} %)
          </span>
        )}
      </p>
      <dl>
        <Figure label="Bid">{ticker?.bid ?? '–'}</Figure>
        <Figure label="Ask">{ticker?.ask ?? '–'}</Figure>
        <Figure
          label="Spread"
          details={ticker?.spreadPercentage == null ? undefined : `${shortened(ticker.spreadPercentage)} %`}
        >
          {ticker?.spread ?? '–'}
        </Figure>
        <Figure label="24 h high">{ticker?.high ?? '–'}</Figure>
        <Figure label="24 h low">{ticker?.low ?? '–'}</Figure>
        <Figure label="24 h VWAP">{ticker?.vwap ?? '–'}</Figure>
        <Figure label={`24 h volume${instrument ? `, ${instrument.base}` : ''}`}>
          {ticker?.volume ?? '–'}
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

/** A figure that this server computed, cut to what can be taken in at a glance. */
function shortened(text: string): string {
  const significant = /^-?0*\.?0*[1-9]\d?\d?/.exec(text)?.[0];
  return significant === undefined || !text.includes('.') ? text : significant;
}
