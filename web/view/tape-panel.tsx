import type { Link } from '../api/link.ts';
import { count, timeOfDay } from '../lib/format.ts';
import type { FeedModel } from '../model/feed.ts';
import { LABELS, type Trust } from '../model/freshness.ts';
import type { Tape, TapeLine } from '../model/tape.ts';
import { Badge } from './badge.tsx';
import { Empty, Panel, Scroll } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Lines that are shown. */
const LINES = 40;

interface TapePanelProps {
  readonly link: Link;
  readonly tape: Tape;
  readonly feed: FeedModel;
  readonly symbol: string;
}

/** The latest trades, newest first: each once, or that some are missing. */
export function TapePanel({ link, tape, feed, symbol }: TapePanelProps) {
  useModels(tape, feed, link);
  const trust = trustInTape(link, feed, symbol, tape);
  return (
    <Panel id="tape" title="Trades" stale={!trust.live} aside={<Badge trust={trust} />}>
      {tape.lines === undefined || tape.lines.length === 0 ? (
        <Empty>{tape.lines === undefined ? 'Waiting for trades' : 'No trade yet'}</Empty>
      ) : (
        <Scroll label="Latest trades">
          <table class="tape">
            <caption class="hidden">The latest trades, newest first; times are UTC</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Price</th>
                <th scope="col">Quantity</th>
              </tr>
            </thead>
            <tbody id="trades">
              {tape.lines.slice(0, LINES).map((line, index) => (
                // By place: texts change, and no row is made or moved.
                <Line key={index} line={line} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Line({ line }: { readonly line: TapeLine }) {
  if ('missing' in line) {
    return (
      <tr class="gap">
        <td colSpan={3}>
          {line.missing === undefined ? 'Some trades are' : `${count(line.missing)} trades are`} missing here
        </td>
      </tr>
    );
  }
  const { tradeId, side, price, qty, timestamp } = line.trade;
  return (
    <tr class={side === 'BUY' ? 'up' : 'down'} data-id={tradeId}>
      <td>
        <time dateTime={timestamp}>{timeOfDay(timestamp)}</time>
      </td>
      <td>
        <span aria-hidden="true">{side === 'BUY' ? '▲' : '▼'}</span>
        <span class="hidden">{side === 'BUY' ? 'bought at' : 'sold at'}</span> {price}
      </td>
      <td>{qty}</td>
    </tr>
  );
}

/** A trade is what it is however old; what may be wrong is that newer ones do not come, and that the status says. */
function trustInTape(link: Link, feed: FeedModel, symbol: string, { heardMs }: Tape): Trust {
  const unknown = { live: false, ageMs: undefined };
  if (link.state === 'lost') return { ...unknown, label: 'Server not reached' };
  const told = feed.isCurrent(link) ? feed.subscription('trade', symbol)?.state : undefined;
  const state = told ?? (heardMs >= link.sinceMs ? 'LIVE' : 'PENDING');
  return { ...unknown, live: state === 'LIVE', label: LABELS[state] };
}
