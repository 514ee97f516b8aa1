import { useEffect, useRef } from 'preact/hooks';
import type { Link } from '../api/link.ts';
import type { BookMirror } from '../model/book-mirror.ts';
import { trustOf } from '../model/freshness.ts';
import { DepthChart } from './depth-chart.ts';
import { Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

/** How much is offered up to which price. */
export function DepthPanel({ link, book }: { readonly link: Link; readonly book: BookMirror }) {
  useModels(book, link);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const chart = new DepthChart(canvas.current, book);
    return () => chart.remove();
  }, [book]);
  const trust = trustOf(book.standing, link);
  return (
    <Panel id="depth" title="Depth" stale={!trust.live}>
      <canvas ref={canvas} class="chart" role="img" aria-label="Depth of the order book" />
    </Panel>
  );
}
