/** The first limit: `ws.send` of a ready-made payload for each subscriber. */
import { serveLimit } from './limit.js';

const subscribers = new Set();

serveLimit(
  websocket => {
    subscribers.add(websocket);
    websocket.on('close', () => subscribers.delete(websocket));
  },
  payload => {
    for (const websocket of subscribers) websocket.send(payload, { binary: false });
  },
);
