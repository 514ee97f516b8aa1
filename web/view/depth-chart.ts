import type { BookMirror, Level } from '../model/book-mirror.ts';
import { colours, onColours } from './colours.ts';

/** Below it stand the prices. */
const AXIS_HEIGHT = 18;

/** A price and what is offered up to it. Numbers, as pixels are. */
interface Step {
  readonly price: number;
  readonly total: number;
  readonly level: Level;
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
    const bids = stepsOf(this.#book.bids);
    const asks = stepsOf(this.#book.asks);
    const [bid, ask] = [bids[0], asks[0]];
    const [lowest, highest] = [bids.at(-1), asks.at(-1)];
    if (!bid || !ask || !lowest || !highest) return;
    // As far to either side as the shorter of them reaches, so that the middle stays in the middle.
    const middle = (bid.price + ask.price) / 2;
    const reach = Math.max(Number.MIN_VALUE, Math.min(middle - lowest.price, highest.price - middle));
    const x = (price: number): number => width / 2 + ((price - middle) / reach) * (width / 2);
    const within = (steps: readonly Step[]): readonly Step[] =>
      steps.filter(({ price }) => Math.abs(price - middle) <= reach);
    const most = Math.max(...[...within(bids), ...within(asks)].map(({ total }) => total));
    const bottom = height - AXIS_HEIGHT;
    const y = (total: number): number => bottom - (total / most) * (bottom - 8);
    const { up, down, upSoft, downSoft } = this.#colours;
    area(context, within(bids), x, y, 0, bottom, up, upSoft);
    area(context, within(asks), x, y, width, bottom, down, downSoft);
    this.#label(context, width, height, bid.level, ask.level, [lowest, highest]);
    if (this.#pointer !== undefined) {
      const pointed = this.#pointer < width / 2 ? within(bids) : within(asks);
      this.#cross(context, this.#pointer, pointed, x, y, bottom);
    }
  }

  /** The prices at the ends and in the middle. */
  #label(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    bid: Level,
    ask: Level,
    ends: readonly Step[],
  ): void {
    context.fillStyle = this.#colours.muted;
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'bottom';
    const places = bid.price.split('.')[1]?.length ?? 0;
    const middle = (Number(bid.price) + Number(ask.price)) / 2;
    const reach = Math.min(...ends.map(({ price }) => Math.abs(price - middle)));
    const edge = (price: number): string => price.toFixed(places);
    context.textAlign = 'left';
    context.fillText(edge(middle - reach), 4, height - 2);
    context.textAlign = 'right';
    context.fillText(edge(middle + reach), width - 4, height - 2);
    context.textAlign = 'center';
    context.fillText(`${bid.price} | ${ask.price}`, width / 2, height - 2);
  }

  /** What is offered up to where the pointer is. */
  #cross(
    context: CanvasRenderingContext2D,
    at: number,
    steps: readonly Step[],
    x: (price: number) => number,
    y: (total: number) => number,
    bottom: number,
  ): void {
    const outer = steps.findLast(
      ({ price }) => Math.abs(x(price) - x(steps[0]?.price ?? 0)) <= Math.abs(at - x(steps[0]?.price ?? 0)),
    );
    if (outer === undefined) return;
    context.strokeStyle = this.#colours.muted;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, bottom);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = this.#colours.text;
    context.textAlign = at < context.canvas.clientWidth / 2 ? 'left' : 'right';
    const places = outer.level.qty.split('.')[1]?.length ?? 0;
    const shift = at < context.canvas.clientWidth / 2 ? 6 : -6;
    context.fillText(
      `${outer.level.price}: ${outer.total.toFixed(places)}`,
      at + shift,
      Math.max(14, y(outer.total)),
    );
  }
}

function stepsOf(levels: readonly Level[]): readonly Step[] {
  let total = 0;
  return levels.map(level => {
    total += Number(level.qty);
    return { price: Number(level.price), total, level };
  });
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
  x: (price: number) => number,
  y: (total: number) => number,
  outermost: number,
  bottom: number,
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
