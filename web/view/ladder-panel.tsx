import { difference, padded, runningSums } from '../lib/decimal.ts';
import { count } from '../lib/format.ts';
import type { BookMirror, Level } from '../model/book-mirror.ts';
import { clock } from '../model/clock.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import { absence } from '../model/trust.ts';
import { Badge } from './badge.tsx';
import { digits } from './digits.tsx';
import { Fit, useWidest, widthsOf } from './fit.tsx';
import { Empty, Panel } from './panel.tsx';
import { useModels } from './use-model.ts';

/** Levels a side that are listed. */
const ROWS = 15;

/** The best levels of both sides, with what they add up to. */
export function LadderPanel({ pair }: { readonly pair: PairFeed }) {
  const { book, listing } = pair;
  useModels(...pair.behind(book), clock);
  const trust = pair.bookTrust;
  const { pricePrecision, qtyPrecision } = listing.listed ?? {};
  const asks = rowsOf(book.asks, pricePrecision, qtyPrecision);
  const bids = rowsOf(book.bids, pricePrecision, qtyPrecision);
  const most = Math.max(shareOf(asks), shareOf(bids));
  const rows = [...asks, ...bids];
  const widest = useWidest(
    rows.map(({ price }) => price),
    rows.map(({ qty }) => qty),
    [asks, bids].map(side => side.at(-1)?.total ?? ''),
  );
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
        <Empty>{absence(trust, 'the book', 'The book is empty')}</Empty>
      ) : (
        <Fit label="Best levels" need={widest.join()}>
          <table class="ladder" style={widthsOf(widest)}>
            <caption class="hidden">The {ROWS} best asks and bids</caption>
            <colgroup>
              <col />
              <col />
              <col />
            </colgroup>
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
                  <Spread ask={asks[0]} bid={bids[0]} />
                </td>
              </tr>
            </tbody>
            <Side name="bids" rows={bids} most={most} />
          </table>
        </Fit>
      )}
    </Panel>
  );
}

interface Row extends Level {
  readonly total: string;
}

function rowsOf(levels: readonly Level[], pricePlaces?: number, qtyPlaces?: number): readonly Row[] {
  const best = levels.slice(0, ROWS).map(({ price, qty }) => ({
    price: padded(price, pricePlaces),
    qty: padded(qty, qtyPlaces),
  }));
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
          <td>{digits(price)}</td>
          <td>{digits(qty)}</td>
          <td>{digits(total)}</td>
        </tr>
      ))}
    </tbody>
  );
}

/** That the checksum was computed here, in the browser, after every step. */
function Checked({ book: { verified, recentlyWrong } }: { readonly book: BookMirror }) {
  if (recentlyWrong > 0) {
    return (
      <span id="checked" class="checked alarm" title="Checksums that were wrong recently">
        ! {count(recentlyWrong)} wrong
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

function Spread({ ask, bid }: { readonly ask: Row | undefined; readonly bid: Row | undefined }) {
  if (ask === undefined || bid === undefined) return <>No spread</>;
  return <>Spread {digits(difference(ask.price, bid.price))}</>;
}
