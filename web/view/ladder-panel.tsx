import type { Link } from '../api/link.ts';
import { difference, runningSums } from '../lib/decimal.ts';
import { count } from '../lib/format.ts';
import type { BookMirror, Level } from '../model/book-mirror.ts';
import type { Channels } from '../model/channels.ts';
import { clock } from '../model/clock.ts';
import { trustOf } from '../model/freshness.ts';
import { Badge } from './badge.tsx';
import { Empty, Panel, Scroll } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Levels a side that are listed. */
const ROWS = 15;

interface LadderPanelProps {
  readonly link: Link;
  readonly book: BookMirror;
  readonly channels: Channels;
}

/** The best levels of both sides, with what they add up to. */
export function LadderPanel({ link, book, channels }: LadderPanelProps) {
  useModels(book, channels, link, clock);
  const trust = trustOf(book.standing, link, channels.state('book'));
  const asks = rowsOf(book.asks);
  const bids = rowsOf(book.bids);
  const most = Math.max(shareOf(asks), shareOf(bids));
  return (
    <Panel
      id="ladder"
      title="Order book"
      stale={!trust.live}
      aside={
        <>
          {book.standing && <Checked book={book} />}
          <Badge trust={trust} />
        </>
      }
    >
      {book.standing === undefined ? (
        <Empty>Waiting for the book</Empty>
      ) : (
        <Scroll label="Best levels">
          <table class="ladder">
            <caption class="hidden">The {ROWS} best asks and bids</caption>
            <thead>
              <tr>
                <th scope="col">Price</th>
                <th scope="col">Quantity</th>
                <th scope="col">Total</th>
              </tr>
            </thead>
            <Side name="asks" rows={asks.toReversed()} most={most} />
            <tbody class="middle">
              <tr>
                <td colSpan={3}>
                  <Spread book={book} />
                </td>
              </tr>
            </tbody>
            <Side name="bids" rows={bids} most={most} />
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

interface Row extends Level {
  readonly total: string;
}

function rowsOf(levels: readonly Level[]): readonly Row[] {
  const best = levels.slice(0, ROWS);
  const totals = runningSums(best.map(({ qty }) => qty));
  return best.map((level, index) => ({ ...level, total: totals[index] ?? '' }));
}

/** Of a side, all that is listed of it. A number for the length of bars alone. */
function shareOf(rows: readonly Row[]): number {
  return Number(rows.at(-1)?.total ?? 0);
}

interface SideProps {
  readonly name: 'asks' | 'bids';
  readonly rows: readonly Row[];
  readonly most: number;
}

function Side({ name, rows, most }: SideProps) {
  return (
    <tbody id={name} class={name}>
      {rows.length === 0 && (
        <tr>
          <td colSpan={3} class="none">
            No {name}
          </td>
        </tr>
      )}
      {rows.map(({ price, qty, total }, index) => (
        // By place: a row is a line on the screen, and what stands in it changes.
        <tr key={index} style={{ '--share': `${((Number(total) / most) * 100).toFixed(1)}%` }}>
          <td>{price}</td>
          <td>{qty}</td>
          <td title={total}>{shortened(total)}</td>
        </tr>
      ))}
    </tbody>
  );
}

/** That the checksum was computed here, in the browser, after every step. */
function Checked({ book: { verified, failed } }: { readonly book: BookMirror }) {
  if (failed > 0) {
    return (
      <span id="checked" class="checked alarm">
        ! {count(failed)} of {count(verified + failed)} wrong
      </span>
    );
  }
  return (
    <span id="checked" class="checked" title="Kraken's CRC32, computed again in this page after every step">
      ✓ {count(verified)}
      <span class="hidden"> checksums verified here</span>
    </span>
  );
}

function Spread({ book: { bids, asks } }: { readonly book: BookMirror }) {
  const [bid, ask] = [bids[0], asks[0]];
  if (bid === undefined || ask === undefined) return <>One side is empty</>;
  return <>Spread {difference(ask.price, bid.price)}</>;
}

/** So many digits after the point are enough for a sum. */
const TOTAL_PLACES = 4;

function shortened(total: string): string {
  const point = total.indexOf('.');
  return point < 0 ? total : total.slice(0, point + 1 + TOTAL_PLACES);
}
