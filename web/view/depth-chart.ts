import { placesOf, runningSums } from '../lib/decimal.ts';
import type { BookMirror, Level } from '../model/book-mirror.ts';
import { colours, onColours } from './colours.ts';

/** Below it stand the prices. */
const AXIS_HEIGHT = 18;

/** Of what the axes tell: three digits. */
const AMOUNT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
/** A level at the very edge is within it. */
const ROUNDING = 1 + 1e-9;

/** A price and what is offered up to it. Numbers, as pixels are. */
interface Step {
  readonly price: number;
  readonly total: number;
}

/** What both sides of a book add up to, from the middle outwards, drawn once per frame in which the book changed. */
export class DepthChart {
  readonly #canvas: HTMLCanvasElement;
  readonly #book: BookMirror;
  readonly #stops: (() => void)[];
  #colours = colours();
  /** Where the pointer is, from the left; undefined while it is elsewhere. */
  #pointer: number | undefined;

  constructor(canvas: HTMLCanvasElement, book: BookMirror) {
    this.#canvas = canvas;
    this.#book = book;
    const draw = (): void => this.#draw();
    const resized = new ResizeObserver(draw);
    resized.observe(canvas);
    const move = (event: PointerEvent): void => this.#point(event.offsetX);
    const leave = (): void => this.#point(undefined);
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('pointerleave', leave);
    this.#stops = [
      book.watch(draw),
      onColours(() => {
        this.#colours = colours();
        draw();
      }),
      () => resized.disconnect(),
      () => canvas.removeEventListener('pointermove', move),
      () => canvas.removeEventListener('pointerleave', leave),
    ];
  }

  remove(): void {
    for (const stop of this.#stops) stop();
  }

  #point(x: number | undefined): void {
    this.#pointer = x;
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#canvas.getContext('2d');
    if (context === null || width === 0) return;
    fit(this.#canvas, context, width, height);
    context.clearRect(0, 0, width, height);
    const { bids, asks } = this.#book;
    const [bid, ask] = [bids[0], asks[0]];
    const best = bid ?? ask;
    if (best === undefined) return;
    // As far to either side as the shorter of them reaches, so that the middle stays in the middle.
    const middle = (Number((bid ?? best).price) + Number((ask ?? best).price)) / 2;
    const reaches = [bids.at(-1), asks.at(-1)].flatMap(end =>
      end ? [Math.abs(Number(end.price) - middle)] : [],
    );
    const reach = Math.max(Number.MIN_VALUE, Math.min(...reaches));
    const bottom = height - AXIS_HEIGHT;
    const sides = [stepsOf(bids, middle, reach), stepsOf(asks, middle, reach)] as const;
    const most = Math.max(...sides.map(steps => steps.at(-1)?.total ?? 0));
    const scale: Scale = {
      x: price => width / 2 + ((price - middle) / reach) * (width / 2),
      y: total => bottom - (total / most) * (bottom - 8),
      bottom,
    };
    const { up, down, upSoft, downSoft, muted } = this.#colours;
    area(context, sides[0], scale, 0, up, upSoft);
    area(context, sides[1], scale, width, down, downSoft);
    context.fillStyle = muted;
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'bottom';
    const places = placesOf(best.price);
    for (const share of [1, 0.5]) {
      write(context, AMOUNT.format(most * share), width - 4, scale.y(most * share) + 12, 'right');
    }
    const percent = middle === 0 ? 0 : (reach / middle) * 100;
    write(context, `± ${AMOUNT.format(percent)} %`, 4, 14, 'left');
    const [low, high] = [(middle - reach).toFixed(places), (middle + reach).toFixed(places)];
    write(context, low, 4, height - 2, 'left');
    write(context, high, width - 4, height - 2, 'right');
    // Where there is no room for it, it stands in the ladder alone.
    const between = `${bid?.price ?? '–'} | ${ask?.price ?? '–'}`;
    const outer = Math.max(widthOf(context, low), widthOf(context, high)) + 12;
    if (widthOf(context, between) + 2 * outer <= width) {
      write(context, between, width / 2, height - 2, 'center');
    }
    if (this.#pointer !== undefined) {
      const left = this.#pointer < width / 2;
      this.#cross(context, this.#pointer, left, left ? bids : asks, sides[left ? 0 : 1], scale);
    }
  }

  /** What is offered up to where the pointer is, in the exchange's digits. */
  #cross(
    context: CanvasRenderingContext2D,
    at: number,
    left: boolean,
    levels: readonly Level[],
    steps: readonly Step[],
    { x, y, bottom }: Scale,
  ): void {
    const index = steps.findLastIndex(({ price }) => (left ? x(price) >= at : x(price) <= at));
    const [step, level] = [steps[index], levels[index]];
    if (step === undefined || level === undefined) return;
    const total = runningSums(levels.slice(0, index + 1).map(({ qty }) => qty)).at(-1);
    context.strokeStyle = this.#colours.muted;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, bottom);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = this.#colours.text;
    context.beginPath();
    context.arc(at, y(step.total), 3, 0, 2 * Math.PI);
    context.fill();
    const text = `${level.price}: ${total}`;
    const room = this.#canvas.clientWidth - widthOf(context, text) - 4;
    const start = left ? at + 6 : at - 6 - widthOf(context, text);
    write(context, text, Math.max(4, Math.min(start, room)), Math.max(28, y(step.total) - 6), 'left');
  }
}

/** From prices and totals to pixels. */
interface Scale {
  readonly x: (price: number) => number;
  readonly y: (total: number) => number;
  /** Where the axis is. */
  readonly bottom: number;
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
): void {
  context.textAlign = align;
  context.fillText(text, x, y);
}

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  return context.measureText(text).width;
}

/** The levels of a side that are not further away than this. */
function stepsOf(levels: readonly Level[], middle: number, reach: number): readonly Step[] {
  let total = 0;
  const steps: Step[] = [];
  for (const level of levels) {
    const price = Number(level.price);
    if (Math.abs(price - middle) > reach * ROUNDING) break;
    total += Number(level.qty);
    steps.push({ price, total });
  }
  return steps;
}

/** As many pixels as the screen has. */
function fit(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** Stairs from the best price outwards. */
function area(
  context: CanvasRenderingContext2D,
  steps: readonly Step[],
  { x, y, bottom }: Scale,
  outermost: number,
  stroke: string,
  fill: string,
): void {
  const [first] = steps;
  if (first === undefined) return;
  context.beginPath();
  context.moveTo(x(first.price), bottom);
  let height = bottom;
  for (const { price, total } of steps) {
    context.lineTo(x(price), height);
    height = y(total);
    context.lineTo(x(price), height);
  }
  context.lineTo(outermost, height);
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.stroke();
  context.lineTo(outermost, bottom);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
}
