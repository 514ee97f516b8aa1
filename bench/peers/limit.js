/**
 * The two limits: no GraphQL at all. A client says the protocol's first two messages, and gets every trade in a message
 * that is made once, however many operations it asks for.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { followTrades, sayReady } from './feed.js';

const ID = '00000000-0000-4000-8000-000000000000';

/**
 * @param {(websocket: import('ws').WebSocket, socket: import('node:net').Socket) => void} join
 * @param {(payload: Buffer) => void} publish
 */
export function serveLimit(join, publish) {
  const server = createServer();
  const websockets = new WebSocketServer({ server, perMessageDeflate: false });
  websockets.on('connection', (websocket, request) => {
    let joined = false;
    websocket.on('message', data => {
      const { type } = JSON.parse(String(data));
      if (type === 'connection_init') websocket.send('{"type":"connection_ack"}');
      else if (type === 'subscribe' && !joined) {
        joined = true;
        join(websocket, request.socket);
      }
    });
  });
  followTrades(({ symbol, tradeId, side, price, qty, timestamp }) => {
    const trade = { symbol, tradeId, side, price, qty, timestamp };
    const message = { id: ID, type: 'next', payload: { data: { trades: { trades: [trade] } } } };
    publish(Buffer.from(JSON.stringify(message)));
  });
  server.listen(0, '127.0.0.1', () => sayReady(server.address().port));
}
