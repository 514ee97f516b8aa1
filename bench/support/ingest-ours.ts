/** The library as its users have it: what it subscribes to is decoded, verified and kept. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KrakenWebSocketV2 } from '../../src/client.ts';
import type { PairSymbol } from '../../src/kraken/symbols.ts';
import type { Report } from './consumer.ts';

const symbol = (process.env['BENCH_SYMBOL'] ?? 'BTC/USD') as PairSymbol;
const channels = (process.env['BENCH_CHANNEL'] ?? '').split(',');
const kraken = new KrakenWebSocketV2(undefined, undefined, { publicUrl: process.env['KRAKEN_WS_URL'] ?? '' });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

if (channels.includes('book')) kraken.retain({ channel: 'book', symbol, depth: 10 });
if (channels.includes('ticker')) kraken.retain({ channel: 'ticker', symbol, event_trigger: 'bbo' });
if (channels.includes('trade')) kraken.retain({ channel: 'trade', symbol });
kraken.connect();

process.on('message', () => {
  const { totalMessages, errorCount } = kraken.getMessageHandlerStatistics();
  const report: Report = {
    messages: totalMessages,
    wrong: errorCount,
    delayP99Ms: delay.percentile(99) / 1e6,
  };
  delay.reset();
  process.send?.(report);
});
process.send?.('ready');
