// The configuration of docs/deploy.md with native clients.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { startNginx } from '../support/nginx.mjs';
import { startTickerServer } from '../support/ticker_server.mjs';

const CLIENT = process.env.PROXIED_CLIENT;
const LIMIT = { timeout: 60_000 };

async function threeServers(test) {
  const servers = await Promise.all([1, 2, 3].map(() => startTickerServer()));
  test.after(() => Promise.all(servers.map((server) => server.kill('SIGKILL'))));
  return servers;
}

async function nginxFor(test, servers, options) {
  const nginx = await startNginx({ servers: servers.map(({ port }) => `127.0.0.1:${port}`), ...options });
  test.after(() => nginx.kill());
  return nginx;
}

/** Native clients of /echo behind the proxy. `next(pattern)` resolves to the next line that matches. */
function startClients(test, nginx, { count = 1, heartbeat = 25_000 } = {}) {
  const url = `wss://127.0.0.1:${nginx.port}/echo`;
  const child = spawn(CLIENT, [url, nginx.certificate, String(count), String(heartbeat)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.on('close', resolve));
  test.after(() => {
    child.stdin.end('\n');
    return exited;
  });
  const lines = [];
  let looked = 0;
  let look = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    look();
  });
  const next = (pattern) =>
    new Promise((resolve) => {
      look = () => {
        while (looked < lines.length) {
          const line = lines[looked++];
          if (pattern.test(line)) {
            look = () => {};
            resolve(line);
            return;
          }
        }
      };
      look();
    });
  return { lines, next };
}

test('nginx: a native client is upgraded over TLS', LIMIT, async (context) => {
  const nginx = await nginxFor(context, await threeServers(context));
  const { next } = startClients(context, nginx);
  await next(/^0 open$/);
});

test('nginx: a quiet client outlives the read timeout by its heartbeat', LIMIT, async (context) => {
  const nginx = await nginxFor(context, await threeServers(context), { readTimeout: '2s' });
  const asking = startClients(context, nginx, { heartbeat: 500 });
  const silent = startClients(context, nginx, { heartbeat: 0 });
  await asking.next(/^0 open$/);
  await silent.next(/^0 open$/);
  // The timeout is real: it ends the client that does not ask. The other one asks on.
  assert.match(await silent.next(/^0 closed/), /ConnectionLost/);
  await asking.next(/^0 heartbeat$/);
  await asking.next(/^0 heartbeat$/);
  assert.deepEqual(asking.lines.filter((line) => line.includes('closed')), []);
});

test('nginx: after a reload, clients of the old worker are moved within its shutdown timeout', LIMIT, async (context) => {
  const nginx = await nginxFor(context, await threeServers(context), { shutdownTimeout: '1s' });
  const { next } = startClients(context, nginx);
  await next(/^0 open$/);
  nginx.reload();
  assert.match(await next(/^0 closed/), /ConnectionLost/);
  await next(/^0 open$/);
});

test('nginx: clients of a server that is killed come back at another one', LIMIT, async (context) => {
  const servers = await threeServers(context);
  const nginx = await nginxFor(context, servers);
  const count = 9;
  const { next } = startClients(context, nginx, { count });
  for (let open = 0; open < count; ++open) {
    await next(/ open$/);
  }
  await servers[0].kill('SIGKILL');
  // least_conn has given each server three.
  for (let back = 0; back < count / 3; ++back) {
    await next(/ open$/);
  }
});

test('nginx: without a server the client is refused with 502, and opens once there is one', LIMIT, async (context) => {
  const servers = await threeServers(context);
  const nginx = await nginxFor(context, servers);
  await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  const { next } = startClients(context, nginx);
  assert.match(await next(/^0 closed/), /HandshakeRefused 502$/);
  const again = await startTickerServer({ args: ['--port', String(servers[0].port)] });
  context.after(() => again.kill('SIGKILL'));
  await next(/^0 open$/);
});
