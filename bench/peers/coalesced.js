/**
 * The second limit: ready-made frames, all of one turn (or of BENCH_FLUSH_MS) in one write to each TCP socket.
 */
import { serveLimit } from './limit.js';

const flushMs = Number(process.env.BENCH_FLUSH_MS ?? 0);
const subscribers = new Set();
let frames = [];

serveLimit(
  (websocket, socket) => {
    subscribers.add(socket);
    websocket.on('close', () => subscribers.delete(socket));
  },
  payload => {
    frames.push(frameOf(payload));
    if (frames.length > 1) return;
    if (flushMs > 0) setTimeout(flush, flushMs);
    else setImmediate(flush);
  },
);

function flush() {
  const bytes = Buffer.concat(frames);
  frames = [];
  for (const socket of subscribers) socket.write(bytes);
}

/** A text frame of fewer than 65,536 bytes, not masked. */
function frameOf(payload) {
  const short = payload.length < 126;
  const header = Buffer.alloc(short ? 2 : 4);
  header[0] = 0x81;
  header[1] = short ? payload.length : 126;
  if (!short) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
