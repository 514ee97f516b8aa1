import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  createChart,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Bar, Candles } from '../model/candles.ts';
import { colours, onColours } from './colours.ts';

/** Candles that fit on the screen at first. */
const SHOWN = 120;

/**
 * TradingView's chart of a series of candles, drawn anew once per frame. Its prices are numbers, good for pixels and the
 * axis; what is to be read in the exchange's digits stands in the legend.
 */
export class CandleChart {
  readonly #candles: Candles;
  readonly #chart: IChartApi;
  readonly #bars: ISeriesApi<'Candlestick'>;
  readonly #volumes: ISeriesApi<'Histogram'>;
  readonly #stops: (() => void)[];
  #colours = colours();
  /** What of the model is drawn. */
  #drawnVersion = -1;
  #drawnComplete = false;
  #drawnUntil = 0;

  /** @param onPoint what the pointer is at, if at anything */
  constructor(
    container: HTMLElement,
    candles: Candles,
    precision: number,
    onPoint: (bar: Bar | undefined) => void,
  ) {
    this.#candles = candles;
    this.#chart = createChart(container, {
      autoSize: true,
      // Its mark brings a style of its own, which the page does not allow; the attribution stands in the footer.
      layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 4 },
      localization: { locale: 'en' },
    });
    this.#bars = this.#chart.addSeries(CandlestickSeries, {
      priceFormat: {
        type: 'custom',
        minMove: Number(`1e-${precision}`),
        formatter: (price: number) => price.toFixed(precision),
      },
    });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#bars.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
    this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.#chart.subscribeCrosshairMove(({ time }) => {
      onPoint(time === undefined ? undefined : candles.bars.find(bar => secondsOf(bar) === time));
    });
    this.#stops = [
      candles.watch(() => this.#draw()),
      onColours(() => {
        this.#colours = colours();
        this.#paint();
        // In the new colours, all of it.
        this.#drawnVersion = -1;
        this.#drawnUntil = Number.POSITIVE_INFINITY;
        this.#draw();
      }),
    ];
    this.#paint();
    this.#draw();
  }

  remove(): void {
    for (const stop of this.#stops) stop();
    this.#chart.remove();
  }

  #paint(): void {
    const { muted, line, up, down } = this.#colours;
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: 'transparent' }, textColor: muted },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    this.#bars.applyOptions({
      upColor: up,
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    });
  }

  #draw(): void {
    const { bars, complete, version } = this.#candles;
    const changed = bars.filter(bar => bar.version > this.#drawnVersion);
    const [first] = changed;
    if (first !== undefined && secondsOf(first) < this.#drawnUntil) {
      // History came, or what was missed.
      this.#bars.setData(bars.map(bar => this.#candle(bar)));
      this.#volumes.setData(bars.map(bar => this.#volume(bar)));
    } else {
      for (const bar of changed) {
        this.#bars.update(this.#candle(bar));
        this.#volumes.update(this.#volume(bar));
      }
    }
    if (complete && !this.#drawnComplete) {
      this.#chart.timeScale().setVisibleLogicalRange({ from: bars.length - SHOWN, to: bars.length + 4 });
    }
    const newest = bars.at(-1);
    if (newest !== undefined) this.#drawnUntil = secondsOf(newest);
    this.#drawnVersion = version;
    this.#drawnComplete = complete;
  }

  /** The forming one is hollow. */
  #candle(bar: Bar): CandlestickData {
    const [open, close] = [Number(bar.open), Number(bar.close)];
    const shape = { time: secondsOf(bar), open, high: Number(bar.high), low: Number(bar.low), close };
    return bar.closed ? shape : { ...shape, color: 'transparent' };
  }

  #volume(bar: Bar): HistogramData {
    const { upSoft, downSoft } = this.#colours;
    const rose = Number(bar.close) >= Number(bar.open);
    return { time: secondsOf(bar), value: Number(bar.volume), color: rose ? upSoft : downSoft };
  }
}

function secondsOf({ intervalBegin }: Bar): UTCTimestamp {
  return (Date.parse(intervalBegin) / 1_000) as UTCTimestamp;
}
