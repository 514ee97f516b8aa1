import { WebSocket } from 'ws';

/** The pairs that a run trades: `P0001/USD` and on. Every server here streams all of them. */
export const SYMBOLS = Array.from(
  { length: Number(process.env.BENCH_PAIRS ?? 1) },
  (_, index) => `P${String(index).padStart(4, '0')}/USD`,
);

/**
 * Trades from the feed, the way a handwritten server reads them: `ws` and `JSON.parse`.
 *
 * @param {(trade: object) => void} onTrade
 */
export function followTrades(onTrade) {
  const socket = new WebSocket(process.env.KRAKEN_WS_URL, { perMessageDeflate: false });
  socket.on('open', () => {
    const params = { channel: 'trade', symbol: SYMBOLS, snapshot: false };
    socket.send(JSON.stringify({ method: 'subscribe', params, req_id: 1 }));
  });
  socket.on('message', data => {
    const message = JSON.parse(String(data));
    if (message.channel === 'trade') for (const row of message.data) onTrade(toTrade(row));
  });
}

/** As the API names its members. */
function toTrade(row) {
  return {
    symbol: row.symbol,
    tradeId: row.trade_id,
    side: row.side.toUpperCase(),
    price: String(row.price),
    qty: String(row.qty),
    ordType: row.ord_type.toUpperCase(),
    timestamp: row.timestamp,
  };
}

/** @param {number} port */
export function sayReady(port) {
  process.stdout.write(`listening on ${port}\n`);
}
