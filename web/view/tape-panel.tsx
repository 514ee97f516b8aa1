import { padded } from '../lib/decimal.ts';
import { count, timeOfDay } from '../lib/format.ts';
import { clock } from '../model/clock.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import type { TapeLine } from '../model/tape.ts';
import { absence } from '../model/trust.ts';
import { Badge } from './badge.tsx';
import { digits } from './digits.tsx';
import { Fit, useWidest, widthsOf } from './fit.tsx';
import { Empty, Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Lines that are shown. */
const LINES = 60;

/** The latest trades, newest first: each once, or that some are missing. */
export function TapePanel({ pair }: { readonly pair: PairFeed }) {
  const { tape, listing, ticker } = pair;
  useModels(...pair.behind(tape), ticker, clock);
  const trust = pair.tapeTrust;
  const { pricePrecision, qtyPrecision } = listing.listed ?? {};
  const lines = tape.lines.slice(0, LINES);
  const trades = lines.flatMap(line => ('trade' in line ? [line.trade] : []));
  const widest = useWidest(
    trades.map(({ price }) => padded(price, pricePrecision)),
    trades.map(({ qty }) => padded(qty, qtyPrecision)),
  );
  return (
    <Panel id="tape" title="Trades" stale={!trust.live} aside={<Badge trust={trust} />}>
      {tape.lines.length === 0 ? (
        <Empty>{absence(trust, 'trades', 'No trade yet')}</Empty>
      ) : (
        <Fit label="Latest trades" need={widest.join()}>
          <table class="tape" style={widthsOf(widest)}>
            <caption class="hidden">The latest trades, newest first; times are UTC</caption>
            <colgroup>
              <col />
              <col />
              <col />
            </colgroup>
            <thead>
              <tr>
                <th scope="col">Time, UTC</th>
                <th scope="col">Price</th>
                <th scope="col">Quantity</th>
              </tr>
            </thead>
            <tbody id="trades">
              {lines.map((line, index) => (
                // By place: texts change, and no row is made or moved.
                <Line key={index} line={line} pricePlaces={pricePrecision} qtyPlaces={qtyPrecision} />
              ))}
            </tbody>
          </table>
        </Fit>
      )}
    </Panel>
  );
}

interface LineProps {
  readonly line: TapeLine;
  readonly pricePlaces: number | undefined;
  readonly qtyPlaces: number | undefined;
}

function Line({ line, pricePlaces, qtyPlaces }: LineProps) {
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
        <span class="hidden">{side === 'BUY' ? 'bought at' : 'sold at'}</span>{' '}
        {digits(padded(price, pricePlaces))}
      </td>
      <td>{digits(padded(qty, qtyPlaces))}</td>
    </tr>
  );
}
