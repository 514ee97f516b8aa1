/** Event streams behind a reverse proxy as it comes: it buffers what it passes on. */

import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, subscribeByEvents } from '../support/client.ts';
import { Program } from '../support/processes.ts';
import { start } from '../support/server.ts';

const NGINX = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find(path =>
  existsSync(path),
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** In the foreground, with nothing of the system's configuration. */
async function startNginx(directory: string, target: string) {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(directory, name));
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;
    events {}
    http {
      access_log off;
      gzip on; gzip_types *; gzip_proxied any;
      ${temporary.map(name => `${name}_temp_path ${directory}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${target}; proxy_http_version 1.1; proxy_set_header Host $proxy_host; }
      }
    }`,
  );
  const program = new Program(NGINX ?? '', ['-p', directory, '-c', file]);
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    () =>
      fetch(`${url}/health`).then(
        ({ status }) => status,
        () => 0,
      ),
    status => status === 200,
  );
  return { program, url };
}

test('through nginx with its default buffering each value arrives before the next one is made', {
  skip: NGINX === undefined && 'nginx is not installed',
}, async context => {
  await using pair = await start();
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  const { program, url } = await startNginx(directory, pair.url);
  context.after(async () => {
    program.signal('SIGTERM');
    await program.exit();
    rmSync(directory, { recursive: true });
  });
  const text = 'subscription { trades(symbols: ["BTC/USD"], last: 1) { trades { tradeId } } }';
  await using values = subscribeByEvents(url, text);
  await values.next();
  // nginx fills a buffer of some kilobytes first; these are a few hundred bytes.
  for (let count = 0; count < 5; count += 1) {
    pair.exchange.trade('BTC/USD');
    await values.next();
  }
});
