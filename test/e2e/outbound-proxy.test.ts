/** The way to Kraken through a proxy that the environment names. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { Exchange } from '../../src/simulator/exchange.ts';
import { eventually, query } from '../support/client.ts';
import { type Program, run } from '../support/processes.ts';
import { get } from '../support/scenario.ts';

/** Not 127.0.0.1, which no proxy is asked for. */
const HOST = '127.0.0.2';
const PASSWORD = 'open-sesame-1234';

const closeAll = new Set<() => void>();

async function listen(server: Server, host: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  closeAll.add(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function joined(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
}

const canTest = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();

describe('a proxy of the environment', {
  skip: !canTest && 'needs openssl, and the loopback addresses of Linux',
}, () => {
  const directory = mkdtempSync(join(tmpdir(), 'proxy-'));
  const certificate = join(directory, 'cert.pem');
  const exchange = new Exchange({ tradesPerSecond: 0 });
  /** What was asked of the proxy. */
  const asked: { to: string | undefined; authorization: string | undefined }[] = [];
  let proxyPort: number;
  let kraken: Record<string, string>;

  before(async () => {
    const key = join(directory, 'key.pem');
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${HOST} -addext subjectAltName=IP:${HOST} -keyout ${key} -out ${certificate}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
    await exchange.start();
    const secured = async (url: string): Promise<string> => {
      const { port, pathname } = new URL(url);
      const server = createTlsServer(
        { key: readFileSync(key), cert: readFileSync(certificate) },
        socket => void joined(socket, connect(Number(port), '127.0.0.1')),
      );
      server.on('tlsClientError', () => {});
      return `${HOST}:${await listen(server, HOST)}${pathname === '/' ? '' : pathname}`;
    };
    kraken = {
      PORT: '0',
      KRAKEN_WS_URL: `wss://${await secured(exchange.publicUrl)}`,
      KRAKEN_REST_URL: `https://${await secured(exchange.restUrl)}`,
      NODE_EXTRA_CA_CERTS: certificate,
    };
    const proxy = createServer((_request, response) => void response.writeHead(405).end());
    proxy.on('connect', (request, socket: Socket, head: Buffer) => {
      asked.push({ to: request.url, authorization: request.headers['proxy-authorization'] });
      const [host, port] = (request.url ?? '').split(':');
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.write(head);
        joined(target, socket);
      });
      target.on('error', () => socket.destroy());
    });
    proxyPort = await listen(proxy, '127.0.0.1');
  });
  after(async () => {
    for (const close of closeAll) close();
    await exchange.stop();
    rmSync(directory, { recursive: true });
  });

  /** Starts a server, and uses a WebSocket and REST of it. */
  async function use(environment: Record<string, string>): Promise<Program> {
    asked.length = 0;
    const server = run('src/main.ts', [], { ...kraken, ...environment });
    const { url } = await server.listening();
    await eventually(
      () => get(url, '/ready'),
      ({ status }) => status === 200,
    );
    const { data } = await query(url, '{ ohlc(symbol: "BTC/USD", last: 200) { close } }');
    assert.equal(data.ohlc.length, 200);
    return server;
  }

  const hosts = (): string[] =>
    [kraken['KRAKEN_WS_URL'], kraken['KRAKEN_REST_URL']].map(url => new URL(url ?? '').host);

  test('WebSocket and REST go through HTTPS_PROXY, with its credentials, which are in no line of the log', async () => {
    await using server = await use({
      HTTPS_PROXY: `http://someone:${PASSWORD}@127.0.0.1:${proxyPort}`,
      LOG_LEVEL: 'debug',
    });
    assert.deepEqual([...new Set(asked.map(({ to }) => to))].sort(), hosts().sort());
    const expected = `Basic ${Buffer.from(`someone:${PASSWORD}`).toString('base64')}`;
    for (const { authorization } of asked) assert.equal(authorization, expected);
    assert.match(server.output, new RegExp(`"https":"http://127.0.0.1:${proxyPort}/?"`));
    assert.ok(!server.output.includes(PASSWORD), 'no password');
  });

  test('a host of NO_PROXY is reached directly, and lower case counts', async () => {
    const { host } = new URL(kraken['KRAKEN_REST_URL'] ?? '');
    await using _ = await use({
      https_proxy: `http://127.0.0.1:${proxyPort}`,
      no_proxy: ` example.com , ${host}`,
    });
    assert.deepEqual([...new Set(asked.map(({ to }) => to))], [new URL(kraken['KRAKEN_WS_URL'] ?? '').host]);
  });

  test('a proxy that is not there is told as the reason, without its password', async () => {
    await using server = run('src/main.ts', [], {
      ...kraken,
      HTTPS_PROXY: `http://someone:${PASSWORD}@127.0.0.1:1`,
    });
    await server.written(/not connected to Kraken.*|"reason":"[^"]*ECONNREFUSED/);
    assert.ok(!server.output.includes(PASSWORD), server.output);
  });

  test('a URL that is none stops the start with one line, without its password', async () => {
    await using server = run('src/main.ts', [], { HTTPS_PROXY: `socks5://someone:${PASSWORD}@proxy:1080` });
    assert.equal(await server.exit(), 1);
    assert.match(
      server.output,
      /^HTTPS_PROXY=socks5:\/\/proxy:1080 is not valid: it takes a URL as http:\/\/proxy\.example\.com:3128, .*\n$/,
    );
  });
});
