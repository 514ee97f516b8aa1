import type { Link } from '../api/link.ts';
import { count, timeOfDay } from '../lib/format.ts';
import type { Channels } from '../model/channels.ts';
import { LABELS, type Trust, trustOf } from '../model/freshness.ts';
import type { Tape, TapeLine } from '../model/tape.ts';
import { Badge } from './badge.tsx';
import { Empty, Panel, Scroll } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Lines that are shown. */
const LINES = 60;

interface TapePanelProps {
  readonly link: Link;
  readonly tape: Tape;
  readonly channels: Channels;
}

/** The latest trades, newest first: each once, or that some are missing. */
export function TapePanel({ link, tape, channels }: TapePanelProps) {
  useModels(tape, channels, link);
  const trust = trustInTape(link, tape, channels);
  return (
    <Panel id="tape" title="Trades" stale={!trust.live} aside={<Badge trust={trust} />}>
      {tape.lines.length === 0 ? (
        <Empty>{channels.state('trade') === 'LIVE' ? 'No trade yet' : 'Waiting for trades'}</Empty>
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
          {count(line.missing)} {line.missing === 1 ? 'trade is' : 'trades are'} missing here
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

/** A trade is what it is however old; what may be wrong is that newer ones do not come, here or at the server. */
function trustInTape(link: Link, { standing }: Tape, channels: Channels): Trust {
  const state = channels.state('trade');
  const trust = { ...trustOf(standing, link, state), ageMs: undefined };
  if (!trust.live || state === 'LIVE') return trust;
  return { ...trust, live: false, label: LABELS[state ?? 'PENDING'] };
}
