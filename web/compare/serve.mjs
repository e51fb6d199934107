// Serves the comparison with a real ticker server behind a real proxy, and does to both what the page's buttons say:
//
//   node serve.mjs --web FOLDER --server PROGRAM [--port P]
//
// GET  /control/about   the address of the proxy
// GET  /control/ticks   each tick that the server has made, as server-sent events
// POST /control/cut, /control/freeze, /control/kill

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { FaultyProxy } from './faulty_proxy.mjs';

const RESTART_AFTER = 1500;
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const { values: given } = parseArgs({
  options: { web: { type: 'string' }, server: { type: 'string' }, port: { type: 'string', default: '0' } },
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewire-compare-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
// A named pipe, through which a ticker server logs each tick as it makes it.
const LOG = path.join(folder, 'ticks');
execFileSync('mkfifo', [LOG]);

const proxy = new FaultyProxy();
const watchers = new Set();
let feed = null;
let isStopping = false;

/** Starts a ticker server and leads the proxy to it. */
async function startFeed() {
  const options = ['--port', '0', '--symbols', 'AAPL', '--speed', '10', '--log', LOG, '--allow-origin', '*'];
  feed = spawn(given.server, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  feed.on('exit', (_code, signal) => {
    proxy.target = 0;
    if (isStopping || signal !== 'SIGKILL') {
      stop(isStopping ? 0 : 1);
    } else {
      setTimeout(startFeed, RESTART_AFTER);
    }
  });
  relayTicks();
  for await (const line of createInterface({ input: feed.stdout })) {
    const address = /^listening on http:\/\/\S+:(\d+)\/$/.exec(line);
    if (address) {
      proxy.target = Number(address[1]);
    }
  }
}

/** Until the ticker server ends. What a killed one has written of a line is none. */
async function relayTicks() {
  for await (const line of createInterface({ input: createReadStream(LOG) })) {
    if (line.endsWith('}')) {
      watchers.forEach((watcher) => watcher.write(`data: ${line}\n\n`));
    }
  }
}

const CONTROLS = {
  'GET about': (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ proxy: `ws://127.0.0.1:${proxy.port}` }));
  },
  'GET ticks': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders();
    watchers.add(response);
    request.on('close', () => watchers.delete(response));
  },
  'POST cut': (_request, response) => {
    proxy.cut();
    response.writeHead(204).end();
  },
  'POST freeze': (_request, response) => {
    proxy.freeze();
    response.writeHead(204).end();
  },
  'POST kill': (_request, response) => {
    feed.kill('SIGKILL');
    response.writeHead(204).end();
  },
};

function serveFile(pathname, response) {
  const name = path.basename(pathname) || 'index.html';
  const type = TYPES[path.extname(name)];
  const file = createReadStream(path.join(given.web, name));
  file.on('open', () => response.writeHead(200, type ? { 'content-type': type } : {}));
  file.on('error', () => response.writeHead(404).end());
  file.pipe(response);
}

/** A page of another origin may not press the buttons. */
function isOwn({ headers }) {
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

const site = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://site');
  const control = /^\/control\/(\w+)$/.exec(pathname);
  if (control === null) {
    serveFile(pathname, response);
  } else if (isOwn(request) && Object.hasOwn(CONTROLS, `${request.method} ${control[1]}`)) {
    CONTROLS[`${request.method} ${control[1]}`](request, response);
  } else {
    response.writeHead(404).end();
  }
});

function stop(code) {
  isStopping = true;
  feed?.kill('SIGKILL');
  process.exit(code);
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
await proxy.listen();
site.listen(Number(given.port), '127.0.0.1');
await once(site, 'listening');
startFeed();
console.log(`listening on http://127.0.0.1:${site.address().port}/`);
