import type { Api } from '../api/api.ts';
import { type ApiError, OUTDATED } from '../api/error.ts';
import type { PairFeed } from '../model/pair-feed.ts';
import type { Place } from '../model/place.ts';
import { CandlePanel } from './candle-panel.tsx';
import { DepthPanel } from './depth-panel.tsx';
import { LadderPanel } from './ladder-panel.tsx';
import { TapePanel } from './tape-panel.tsx';
import { TickerLine } from './ticker-line.tsx';
import { useModels } from './use-model.ts';

interface MarketProps {
  readonly api: Api;
  readonly pair: PairFeed;
  readonly place: Place;
}

/** One pair: what it costs, what it cost, what is offered, what is traded. */
export function Market({ api, pair, place }: MarketProps) {
  useModels(pair);
  const isUnknown = pair.error?.code === 'UNKNOWN_SYMBOL';
  return (
    <section id="market" aria-label={`Market of ${pair.symbol}`} tabIndex={-1}>
      {pair.error !== undefined && pair.error.code !== OUTDATED && (
        <Trouble error={pair.error} symbol={pair.symbol} place={place} />
      )}
      {!isUnknown && (
        <div class="market">
          <TickerLine key={`ticker ${pair.symbol}`} pair={pair} />
          <CandlePanel api={api} pair={pair} place={place} />
          <DepthPanel pair={pair} />
          <LadderPanel key={`ladder ${pair.symbol}`} pair={pair} />
          <TapePanel key={`tape ${pair.symbol}`} pair={pair} />
        </div>
      )}
    </section>
  );
}

interface TroubleProps {
  readonly error: ApiError;
  readonly symbol: string;
  readonly place: Place;
}

/** Why there is nothing to see, and where to go from here. */
function Trouble({ error, symbol, place }: TroubleProps) {
  return (
    <div class="trouble" role="alert">
      <strong>{symbol}</strong> {error.code === 'UNKNOWN_SYMBOL' ? 'is no pair of Kraken’s.' : error.message}
      {error.reason !== undefined && ` (${error.reason})`}
      {error.suggestions.length > 0 && (
        <span class="suggestions">
          Did you mean:
          {error.suggestions.slice(0, 5).map(suggestion => (
            <button key={suggestion} type="button" onClick={() => place.go({ symbol: suggestion })}>
              {suggestion}
            </button>
          ))}
        </span>
      )}
    </div>
  );
}
