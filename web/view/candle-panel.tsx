import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import { padded } from '../lib/decimal.ts';
import { CandleFeed } from '../model/candle-feed.ts';
import { clock } from '../model/clock.ts';
import { INTERVALS, type IntervalName, secondsOf } from '../model/intervals.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import type { Place } from '../model/place.ts';
import { absence } from '../model/trust.ts';
import { Badge } from './badge.tsx';
import { CandleChart, type Point } from './candle-chart.ts';
import { digits } from './digits.tsx';
import { Panel } from './panel.tsx';
import { useModels, useStarted } from './use-model.ts';

interface CandlePanelProps {
  readonly api: Api;
  readonly pair: PairFeed;
  readonly place: Place;
}

/** The candles of the pair, with an interval to choose. */
export function CandlePanel({ api, pair, place }: CandlePanelProps) {
  const { interval } = place;
  const { symbol, listing, ticker } = pair;
  const feed = useStarted(() => new CandleFeed(api, symbol, INTERVALS[interval]), [symbol, interval]);
  const { candles } = feed;
  useModels(...pair.behind(candles), ticker, clock);
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<CandleChart | undefined>(undefined);
  const [pointed, setPointed] = useState<Point>();
  const { pricePrecision: precision, qtyPrecision } = listing.listed ?? {};
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
  const trust = pair.candleTrust(candles, secondsOf(interval) / 60);
  const newest = candles.bars.at(-1);
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
      <Legend
        point={pointed ?? (newest && { begin: newest.intervalBegin, bar: newest })}
        pricePlaces={precision}
        qtyPlaces={qtyPrecision}
      />
      <div
        ref={container}
        class="chart"
        role="img"
        aria-label={`Candles of ${symbol}, ${interval}${newest === undefined ? '' : `; close ${newest.close}`}`}
      />
      {newest === undefined && <p class="empty over">{absence(trust, 'candles', 'No trade yet')}</p>}
    </Panel>
  );
}

interface LegendProps {
  readonly point: Point | undefined;
  readonly pricePlaces: number | undefined;
  readonly qtyPlaces: number | undefined;
}

/** One interval in the exchange's digits: its candle, or that nothing was traded, and the close before. */
function Legend({ point, pricePlaces, qtyPlaces }: LegendProps) {
  if (point === undefined) return <p class="legend">&nbsp;</p>;
  const { begin, bar, previous } = point;
  return (
    <p class="legend">
      <time dateTime={begin}>{begin.slice(0, 16).replace('T', ' ')} UTC</time>
      {bar === undefined || bar.trades === 0 ? (
        <>
          <span>No trades</span>
          {(bar?.close ?? previous) !== undefined && (
            <span>
              previous close{' '}
              <b id="previous-close">{digits(padded(bar?.close ?? previous ?? '', pricePlaces))}</b>
            </span>
          )}
        </>
      ) : (
        (['open', 'high', 'low', 'close', 'volume'] as const).map(name => (
          <span key={name}>
            <abbr title={name}>{name[0]?.toUpperCase()}</abbr>{' '}
            <b id={`candle-${name}`}>
              {digits(padded(bar[name], name === 'volume' ? qtyPlaces : pricePlaces))}
            </b>
          </span>
        ))
      )}
      {bar && !bar.closed && <em>forming</em>}
    </p>
  );
}
