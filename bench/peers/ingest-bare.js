/** The least that anyone does with the feed: `ws` and `JSON.parse`. No digits, no book, no checksum. */
import { WebSocket } from 'ws';

const symbol = [process.env.BENCH_SYMBOL ?? 'BTC/USD'];
const channels = process.env.BENCH_CHANNEL.split(',');
let messages = 0;
let latest;

const socket = new WebSocket(process.env.KRAKEN_WS_URL, { perMessageDeflate: false });
socket.on('open', () => {
  for (const channel of channels) {
    const params = { channel, symbol, snapshot: true, ...(channel === 'book' && { depth: 10 }) };
    socket.send(JSON.stringify({ method: 'subscribe', params }));
  }
});
socket.on('message', data => {
  messages += 1;
  latest = JSON.parse(String(data));
});

process.on('message', () => process.send({ messages, wrong: latest === undefined ? 1 : 0 }));
process.send('ready');
