import { useEffect, useRef } from 'preact/hooks';
import { clock } from '../model/clock.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import { absence } from '../model/trust.ts';
import { Badge } from './badge.tsx';
import { DepthChart } from './depth-chart.ts';
import { Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

/** How much is offered up to which price. */
export function DepthPanel({ pair }: { readonly pair: PairFeed }) {
  const { book } = pair;
  useModels(...pair.behind(book), clock);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const chart = new DepthChart(canvas.current, book);
    return () => chart.remove();
  }, [book]);
  const trust = pair.bookTrust;
  return (
    <Panel id="depth" title="Depth" stale={!trust.live} aside={<Badge trust={trust} />}>
      <canvas ref={canvas} class="chart" role="img" aria-label="Depth of the order book" />
      {book.bids.length === 0 && book.asks.length === 0 && (
        <p class="empty over">
          {book.standing === undefined
            ? absence(trust, 'the book', 'The book is empty')
            : 'The book is empty'}
        </p>
      )}
    </Panel>
  );
}
