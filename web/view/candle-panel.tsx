import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import { CandleFeed } from '../model/candle-feed.ts';
import type { Bar } from '../model/candles.ts';
import { clock } from '../model/clock.ts';
import { trustOf } from '../model/freshness.ts';
import { INTERVALS, type IntervalName, secondsOf } from '../model/intervals.ts';
import type { Place } from '../model/place.ts';
import type { TickerModel } from '../model/ticker.ts';
import { Badge } from './badge.tsx';
import { CandleChart } from './candle-chart.ts';
import { Panel } from './panel.tsx';
import { useModels, useStarted } from './use-model.ts';

interface CandlePanelProps {
  readonly api: Api;
  /** Knows with how many digits prices are written. */
  readonly ticker: TickerModel;
  readonly symbol: string;
  readonly place: Place;
}

/** The candles of the pair, with an interval to choose. */
export function CandlePanel({ api, ticker, symbol, place }: CandlePanelProps) {
  const { interval } = place;
  const feed = useStarted(() => new CandleFeed(api, symbol, INTERVALS[interval]), [symbol, interval]);
  const { candles } = feed;
  useModels(candles, ticker, api.link, clock);
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<CandleChart | undefined>(undefined);
  const [pointed, setPointed] = useState<Bar>();
  const precision = ticker.ticker?.instrument?.pricePrecision;
  useEffect(() => {
    if (container.current === null) return;
    const made = new CandleChart(
      container.current,
      candles,
      { precision: precision ?? 2, seconds: secondsOf(interval) },
      setPointed,
    );
    chart.current = made;
    return () => {
      made.remove();
      setPointed(undefined);
    };
  }, [candles, precision]);
  const trust = trustOf(candles.standing, api.link);
  const shown = pointed ?? candles.bars.at(-1);
  return (
    <Panel
      id="candles"
      title="Candles"
      stale={!trust.live}
      aside={
        <>
          <fieldset class="intervals">
            <legend class="hidden">Interval</legend>
            {(Object.keys(INTERVALS) as IntervalName[]).map(name => (
              <button
                key={name}
                type="button"
                aria-pressed={name === interval}
                onClick={() => place.go({ interval: name })}
              >
                {name}
              </button>
            ))}
          </fieldset>
          <button type="button" title="Back to the newest candle" onClick={() => chart.current?.showLatest()}>
            Latest
          </button>
          <Badge trust={trust} />
        </>
      }
    >
      <Legend bar={shown} />
      <div
        ref={container}
        class="chart"
        role="img"
        aria-label={`Candles of ${symbol}, ${interval}${shown === undefined ? '' : `; close ${shown.close}`}`}
      />
      {!candles.complete && candles.bars.length === 0 && <p class="empty over">Loading candles</p>}
    </Panel>
  );
}

/** One candle in the exchange's digits. */
function Legend({ bar }: { readonly bar: Bar | undefined }) {
  if (bar === undefined) return <p class="legend">&nbsp;</p>;
  return (
    <p class="legend">
      <time dateTime={bar.intervalBegin}>{bar.intervalBegin.slice(0, 16).replace('T', ' ')} UTC</time>
      {(['open', 'high', 'low', 'close', 'volume'] as const).map(name => (
        <span key={name}>
          <abbr title={name}>{name[0]?.toUpperCase()}</abbr> <b id={`candle-${name}`}>{bar[name]}</b>
        </span>
      ))}
      {!bar.closed && <em>forming</em>}
    </p>
  );
}
