import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { startTickerServer } from '../support/ticker_server.mjs';
import { LIMIT, connect, echoes, handshake, readToEnd, readUntil, refusal, serverFor } from './ticker_server_clients.mjs';

const SECRET = 'this stands outside the folder';
const TYPES = {
  'page.html': 'text/html; charset=utf-8',
  'script.js': 'text/javascript; charset=utf-8',
  'module.mjs': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'core.wasm': 'application/wasm',
  'data.json': 'application/json',
  'script.js.map': 'application/json',
  'drawing.svg': 'image/svg+xml',
  'picture.png': 'image/png',
  'favicon.ico': 'image/x-icon',
  'unknown.xyz': 'application/octet-stream',
  'assets/deep/file.txt': 'text/plain; charset=utf-8',
};

let root;
let server;
const large = randomBytes(8 * 1024 * 1024);

before(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'ticker-web-'));
  const web = path.join(root, 'web');
  mkdirSync(path.join(web, 'assets/deep'), { recursive: true });
  mkdirSync(path.join(root, 'web-other'));
  writeFileSync(path.join(root, 'secret.txt'), SECRET);
  writeFileSync(path.join(root, 'web-other/secret.txt'), SECRET);
  writeFileSync(path.join(web, 'index.html'), '<!doctype html><title>index</title>');
  Object.keys(TYPES).forEach((name) => writeFileSync(path.join(web, name), `this is ${name}`));
  writeFileSync(path.join(web, 'empty.css'), '');
  writeFileSync(path.join(web, 'large.wasm'), large);
  symlinkSync('../secret.txt', path.join(web, 'leak.txt'));
  symlinkSync(root, path.join(web, 'up'));
  symlinkSync('page.html', path.join(web, 'alias.html'));
  execFileSync('mkfifo', [path.join(web, 'pipe')]);
  server = await startTickerServer({ args: ['--web', web] });
});
after(async () => {
  await server.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** What the server answers to a request that is sent as it stands. */
async function ask(context, request) {
  const socket = await connect(context, server.port);
  socket.write(request);
  return (await readToEnd(socket)).toString('latin1');
}

const get = (context, target) =>
  ask(context, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);

test('http: without a folder the server describes itself', LIMIT, async (context) => {
  const bare = await serverFor(context);
  const response = await fetch(`${bare.url}/`);
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.match(await response.text(), /\/stream, \/ticker, \/echo, \/close/);
  assert.equal((await fetch(`${bare.url}/index.html`)).status, 404);
});

test('http: / is index.html, and is not stored', LIMIT, async () => {
  const response = await fetch(`${server.url}/`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.match(await response.text(), /<title>index/);
});

for (const [name, type] of Object.entries(TYPES)) {
  test(`http: ${name} is served as ${type}`, LIMIT, async () => {
    const response = await fetch(`${server.url}/${name}?with=query`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(await response.text(), `this is ${name}`);
  });
}

test('http: a large file comes whole, an empty one empty', LIMIT, async () => {
  const response = await fetch(`${server.url}/large.wasm`);
  assert.ok(large.equals(Buffer.from(await response.arrayBuffer())));
  const empty = await fetch(`${server.url}/empty.css`);
  assert.equal(empty.status, 200);
  assert.equal(await empty.text(), '');
});

test('http: HEAD answers as GET does, without the body', LIMIT, async (context) => {
  const response = await fetch(`${server.url}/large.wasm`, { method: 'HEAD' });
  assert.equal(response.headers.get('content-length'), String(large.length));
  assert.equal(response.headers.get('content-type'), 'application/wasm');
  const answer = await ask(context, 'HEAD /page.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
});

test('http: one connection serves several requests', LIMIT, async (context) => {
  const socket = await connect(context, server.port);
  for (const name of ['page.html', 'nowhere', 'style.css', 'assets']) {
    socket.write(`GET /${name} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await readUntil(socket, new RegExp(`this is ${name}$|Not found.\n$`));
  }
});

test('http: other methods are answered with 405', LIMIT, async (context) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const answer = await ask(context, `${method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc`);
    assert.match(answer, /^HTTP\/1\.1 405 [^]*allow: GET, HEAD\r\n/i, method);
  }
});

test('http: a symbolic link inside the folder is followed', LIMIT, async () => {
  assert.equal(await (await fetch(`${server.url}/alias.html`)).text(), 'this is page.html');
});

for (const target of [
  '/nowhere.html', '/assets', '/assets/', '/page.html/', '/pipe', '/INDEX.HTML',
  '/leak.txt', '/up/secret.txt', '/up', '/up/web-other/secret.txt', '/up/web/../secret.txt',
  '/../secret.txt', '/../../secret.txt', '/assets/../../secret.txt', '/./../secret.txt', '//../secret.txt',
  '/..;/secret.txt', '/....//secret.txt', '/../web-other/secret.txt', '/..%2fweb-other/secret.txt',
  '/%2e%2e/secret.txt', '/%2e%2e%2fsecret.txt', '/..%2Fsecret.txt', '/.%2e/secret.txt', '/%2E./secret.txt',
  '/%252e%252e/secret.txt', '/..%5csecret.txt', '/..\\secret.txt', '/assets/%2e%2e/%2e%2e/secret.txt',
  '/%c0%ae%c0%ae/secret.txt', '/page.html%00.txt', '/%00/page.html', '/..%00/secret.txt', '/page.html%', '/%zz',
  '//etc/passwd', '/%2fetc/passwd', '/etc/passwd', 'etc/passwd', '../secret.txt', 'file:///etc/passwd',
  'http://127.0.0.1/../secret.txt', '*', `/${'a/'.repeat(3000)}`, `/${'x'.repeat(9000)}`, `/${'../'.repeat(3000)}secret.txt`,
]) {
  test(`http: ${target.slice(0, 40)} serves nothing`, LIMIT, async (context) => {
    const answer = await get(context, target);
    assert.match(answer, /^(HTTP\/1\.[01] (400|403|404) |$)/);
    assert.ok(!answer.includes(SECRET) && !answer.includes('root:') && !answer.includes('this is '));
    assert.ok(await echoes(context, server));
  });
}

test('handshake: an unknown path is answered with 404', LIMIT, async () => {
  for (const target of ['/nowhere', '/', '/index.html', '/echo/', '/echo/x', '/Echo']) {
    assert.equal(await refusal(`${server.ws}${target}`), 404, target);
  }
});

test('handshake: requests that violate RFC 6455 are refused', LIMIT, async (context) => {
  const status = async (request) => /^HTTP\/1\.[01] (\d+)/.exec(await ask(context, request))?.[1];
  const good = handshake('/echo');
  assert.equal(await status(good.replace(/Sec-WebSocket-Key: .*\r\n/, '')), '400');
  assert.equal(await status(good.replace(/Sec-WebSocket-Version: .*\r\n/, '')), '400');
  assert.equal(await status(good.replace('Version: 13', 'Version: 8')), '400');
  assert.equal(await status(good.replace('Upgrade: websocket', 'Upgrade: other')), '403');
  assert.equal(await status(good.replace('Upgrade: websocket', 'Upgrade: h2c')), '400');
  assert.equal(await status(good.replace('GET', 'POST')), '405');
  assert.ok(await echoes(context, server));
});

test('handshake: an unknown upgrade after another request affects no other client', LIMIT, async (context) => {
  const socket = await connect(context, server.port);
  socket.write('GET /page.html HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await readUntil(socket, /this is page\.html$/);
  socket.write(handshake('/echo').replace('Upgrade: websocket', 'Upgrade: other'));
  assert.match((await readToEnd(socket)).toString('latin1'), /^HTTP\/1\.[01] 403 /);
  assert.ok(await echoes(context, server));
});

test('handshake: a URL of 8 KiB is accepted', LIMIT, async (context) => {
  const socket = await connect(context, server.port);
  socket.write(handshake(`/echo?token=${'t'.repeat(8192)}`));
  await readUntil(socket, /^HTTP\/1\.1 101 /);
});

// --- Who may come ---

const PATHS = ['/ticker', '/echo', '/close', '/stream'];

/** What a handshake is answered with, to a server that has been given these arguments. */
async function handshakeStatus(context, target, pathname, headers) {
  const socket = await connect(context, target.port);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}` +
      `${pathname === '/stream' ? 'Sec-WebSocket-Protocol: tidewire.v1\r\n' : ''}\r\n`,
  );
  const [, status] = /^HTTP\/1\.1 (\d+) /.exec(await readUntil(socket, /\r\n\r\n/));
  socket.destroy();
  return Number(status);
}

for (const pathname of PATHS) {
  test(`origin: a page of another one is refused at ${pathname}, this server's own is not`, LIMIT, async (context) => {
    const target = await serverFor(context);
    const here = `127.0.0.1:${target.port}`;
    const status = (headers) => handshakeStatus(context, target, pathname, { Host: here, ...headers });
    for (const Origin of [
      'http://evil.example', 'https://evil.example', `http://127.0.0.1:${target.port + 1}`, 'http://127.0.0.1', 'null',
      `http://localhost:${target.port}`, `http://evil.example:${target.port}`, `${here}`, `ftp://${here}`, `http://${here}.evil.example`,
    ]) {
      assert.equal(await status({ Origin }), 403, Origin);
    }
    for (const headers of [{}, { Origin: `http://${here}` }, { Origin: `https://${here}` }]) {
      assert.equal(await status(headers), 101, headers.Origin);
    }
  });

  test(`host: a name that may be turned to this server is refused at ${pathname}`, LIMIT, async (context) => {
    const target = await serverFor(context);
    const { port } = target;
    const status = (Host, more) => handshakeStatus(context, target, pathname, { Host, ...more });
    for (const Host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', 'notlocalhost', '127.0.0.1.evil.example', '[evil]']) {
      assert.equal(await status(Host), 403, Host);
      assert.equal(await status(Host, { Origin: `http://${Host}` }), 403, Host); // Of the same origin, as browsers see it.
    }
    for (const Host of ['localhost', `LOCALHOST:${port}`, `app.localhost:${port}`, '127.0.0.1', `[::1]:${port}`, '192.0.2.7:80']) {
      assert.equal(await status(Host), 101, Host);
    }
  });
}

test('origin: those that --allow-origin lists may come, and with * all', LIMIT, async (context) => {
  const listed = await serverFor(context, ['--allow-origin', 'https://a.example', '--allow-origin', 'null']);
  const all = await serverFor(context, ['--allow-origin', '*']);
  for (const [target, Origin, expected] of [
    [listed, 'https://a.example', 101], [listed, 'null', 101], [listed, 'http://a.example', 403],
    [listed, 'https://a.example:8443', 403], [listed, 'https://b.a.example', 403], [all, 'https://b.example', 101], [all, 'null', 101],
  ]) {
    assert.equal(await handshakeStatus(context, target, '/echo', { Host: '127.0.0.1', Origin }), expected, Origin);
  }
});

test('host: a name that --allow-host lists is one of this server', LIMIT, async (context) => {
  const target = await serverFor(context, ['--allow-host', 'a.example', '--allow-host', 'b.example']);
  for (const [Host, expected] of [['a.example', 101], ['B.example:80', 101], ['c.example', 403]]) {
    assert.equal(await handshakeStatus(context, target, '/echo', { Host }), expected, Host);
  }
});

test('host: a file is not given to a page of a name that is not this server\'s', LIMIT, async (context) => {
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(context, `${method} /page.html HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.ok(!answer.includes('this is page.html'));
  }
  assert.match(await ask(context, 'GET /page.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /);
});
