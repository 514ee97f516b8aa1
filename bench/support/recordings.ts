import { readFileSync } from 'node:fs';
import { serverFrame } from './frames.ts';
import { TradeSource, tradeSnapshot } from './trades.ts';

/** Frames of one channel, without end. */
export interface FrameSource {
  /** Text of what a subscriber gets first. */
  readonly snapshot: string;
  /** Frames taken so far. */
  readonly sent: number;
  next(): Buffer;
}

/** Recorded frames over and over. */
class Recording implements FrameSource {
  readonly snapshot: string;
  readonly #frames: readonly Buffer[];
  sent = 0;

  constructor(texts: readonly string[]) {
    this.snapshot = texts[0] ?? '';
    this.#frames = texts.map(serverFrame);
  }

  next(): Buffer {
    const frame = this.#frames[this.sent % this.#frames.length] as Buffer;
    this.sent += 1;
    return frame;
  }
}

function linesOf(channel: string): readonly string[] {
  const file = new URL(`../../test/fixtures/kraken/${channel}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8').trim().split('\n');
}

/** The first recording of BTC/USD at depth 10: a snapshot, and 1,253 changes in a row. */
export function bookFrames(): FrameSource {
  return new Recording(linesOf('book').slice(0, 1_254));
}

/** The recorded tickers of BTC/USD. */
export function tickerFrames(): FrameSource {
  return new Recording(linesOf('ticker').filter(line => line.includes('"symbol":"BTC/USD"')));
}

/** Trades in the form of the recorded ones, with ids that rise as they have to. */
export function tradeFrames(): FrameSource {
  const source = new TradeSource(['BTC/USD']);
  return {
    snapshot: tradeSnapshot('BTC/USD'),
    get sent() {
      return source.sent;
    },
    next: () => source.next(),
  };
}

/** What the sources of several channels send, in turns. */
export function inTurns(sources: readonly FrameSource[]): Pick<FrameSource, 'sent' | 'next'> {
  let sent = 0;
  return {
    get sent() {
      return sent;
    },
    next() {
      sent += 1;
      return (sources[sent % sources.length] as FrameSource).next();
    },
  };
}
