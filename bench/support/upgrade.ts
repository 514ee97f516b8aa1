import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A WebSocket of graphql-transport-ws without a library, just upgraded: what is sent on it is the caller's business, and
 * its later errors are nobody's unless the caller listens.
 */
export async function upgrade(port: number, path = '/graphql'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
      '\r\n',
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.on('error', () => {});
  const line = String(answer).split('\r\n', 1)[0] ?? '';
  if (!line.includes(' 101 ')) throw new Error(`no upgrade: ${line}`);
  return socket;
}
