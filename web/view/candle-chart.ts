import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  createChart,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
  type WhitespaceData,
} from 'lightweight-charts';
import type { Bar, Candles } from '../model/candles.ts';
import { colours, onColours } from './colours.ts';

/** Pixels that a candle has at first; */
const CANDLE_WIDTH = 8;
/** and how many there are room for at the least, so that few of them are not wide as doors. */
const FEWEST = 40;
/** Intervals without a trade that are left free in the chart; of a longer silence no more than the fact is shown. */
const MOST_FREE = 500;
const DAY_SECONDS = 86_400;

/** One interval of the chart. */
export interface Point {
  readonly begin: string;
  /** undefined where nothing was traded. */
  readonly bar?: Bar;
  /** The close before, where nothing was traded. */
  readonly previous?: string;
}

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
  #drawnFrom = 0;
  #drawnUntil = 0;
  readonly #container: HTMLElement;
  readonly #seconds: number;

  /**
   * @param seconds of an interval
   * @param onPoint what the pointer is at, if at anything
   */
  constructor(
    container: HTMLElement,
    candles: Candles,
    { precision, seconds }: { readonly precision: number; readonly seconds: number },
    onPoint: (point: Point | undefined) => void,
  ) {
    this.#container = container;
    this.#candles = candles;
    this.#seconds = seconds;
    this.#chart = createChart(container, {
      autoSize: true,
      // Its mark brings a style of its own, which the page does not allow; the attribution stands in the footer.
      layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { borderVisible: false },
      timeScale: {
        borderVisible: false,
        timeVisible: seconds < DAY_SECONDS,
        secondsVisible: false,
        rightOffset: 4,
      },
      localization: { locale: 'en', timeFormatter: utc },
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
    this.#chart.subscribeCrosshairMove(({ time, logical }) => {
      onPoint(this.#pointAt(time === undefined ? this.#timeRightOf(logical) : Number(time)));
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

  /** As at first: the newest candle at the right. */
  showLatest(): void {
    const { length } = this.#points();
    const fit = Math.floor(this.#container.clientWidth / CANDLE_WIDTH);
    const shown = Math.max(FEWEST, Math.min(fit, length));
    this.#chart.timeScale().setVisibleLogicalRange({ from: length - shown, to: length + 4 });
    this.#chart.priceScale('right').applyOptions({ autoScale: true });
  }

  remove(): void {
    for (const stop of this.#stops) stop();
    this.#chart.remove();
  }

  /** What there is at a time, in seconds. Where it is not known whether there is something, undefined. */
  #pointAt(time: number | undefined): Point | undefined {
    const { bars, complete } = this.#candles;
    const before = bars.findLast(bar => time !== undefined && secondsOf(bar) <= time);
    if (time === undefined || before === undefined) return undefined;
    if (secondsOf(before) === time) return { begin: before.intervalBegin, bar: before };
    return complete ? { begin: new Date(time * 1_000).toISOString(), previous: before.close } : undefined;
  }

  /** The time of a place to the right of the newest candle; undefined in the future. */
  #timeRightOf(logical: number | undefined): number | undefined {
    const places = this.#points();
    const newest = this.#candles.bars.at(-1);
    if (logical === undefined || newest === undefined || logical < places.length) return undefined;
    const time = secondsOf(newest) + (Math.round(logical) - places.length + 1) * this.#seconds;
    return time * 1_000 <= Date.now() ? time : undefined;
  }

  #paint(): void {
    const { muted, line, up, down } = this.#colours;
    const crosshair = { color: muted, labelBackgroundColor: muted };
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: 'transparent' }, textColor: muted },
      crosshair: { vertLine: crosshair, horzLine: crosshair },
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
    const [oldest, newest, first] = [bars[0], bars.at(-1), changed[0]];
    if (oldest === undefined || newest === undefined) return;
    if (secondsOf(oldest) !== this.#drawnFrom || (first && secondsOf(first) < this.#drawnUntil)) {
      // History came, or what was missed, or the oldest went.
      this.#bars.setData(this.#points());
      this.#volumes.setData(bars.map(bar => this.#volume(bar)));
    } else {
      for (const bar of changed) {
        for (const free of this.#freeBetween(this.#drawnUntil, secondsOf(bar))) this.#bars.update(free);
        this.#bars.update(this.#candle(bar));
        this.#volumes.update(this.#volume(bar));
        this.#drawnUntil = secondsOf(bar);
      }
    }
    this.#drawnFrom = secondsOf(oldest);
    this.#drawnUntil = secondsOf(newest);
    this.#drawnVersion = version;
    if (complete && !this.#drawnComplete) this.showLatest();
    this.#drawnComplete = complete;
  }

  /** Every candle, and a free place for each interval in which nothing was traded. */
  #points(): (CandlestickData | WhitespaceData)[] {
    let before = 0;
    return this.#candles.bars.flatMap(bar => {
      const free = this.#freeBetween(before, secondsOf(bar));
      before = secondsOf(bar);
      return [...free, this.#candle(bar)];
    });
  }

  #freeBetween(before: number, next: number): WhitespaceData[] {
    const count = before === 0 ? 0 : (next - before) / this.#seconds - 1;
    if (!(count >= 1) || count > MOST_FREE) return [];
    return Array.from({ length: Math.floor(count) }, (_, index) => ({
      time: (before + (index + 1) * this.#seconds) as UTCTimestamp,
    }));
  }

  /** The forming one is nearly hollow. */
  #candle(bar: Bar): CandlestickData {
    const [open, close] = [Number(bar.open), Number(bar.close)];
    const shape = { time: secondsOf(bar), open, high: Number(bar.high), low: Number(bar.low), close };
    const { upSoft, downSoft } = this.#colours;
    return bar.closed ? shape : { ...shape, color: close >= open ? upSoft : downSoft };
  }

  #volume(bar: Bar): HistogramData {
    const { upSoft, downSoft } = this.#colours;
    const rose = Number(bar.close) >= Number(bar.open);
    return { time: secondsOf(bar), value: Number(bar.volume), color: rose ? upSoft : downSoft };
  }
}

/** What stands at the crosshair. */
function utc(time: Time): string {
  return `${new Date(Number(time) * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function secondsOf({ intervalBegin }: Bar): UTCTimestamp {
  return (Date.parse(intervalBegin) / 1_000) as UTCTimestamp;
}
