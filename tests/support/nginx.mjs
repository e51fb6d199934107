// nginx as docs/deploy/nginx.conf has it, as a child of the test: only addresses, ports, paths and times are replaced.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CONFIGURATION = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../docs/deploy/nginx.conf');
const ADDRESSES = ['10.0.0.11:8090', '10.0.0.12:8090', '10.0.0.13:8090'];

const running = new Set();
const folders = [];
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Each has to be there: a configuration that has changed is not tested by leaving its changes out.
function replaced(text, replacements) {
  return replacements.reduce((result, [from, to]) => {
    assert.ok(result.includes(from), `nginx.conf has "${from}"`);
    return result.replaceAll(from, to);
  }, text);
}

function makeCertificate(folder) {
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'].concat(
      ['-subj', '/CN=localhost', '-addext', names, '-keyout', 'server.key', '-out', 'server.pem'],
    ),
    { cwd: folder, stdio: 'pipe' },
  );
}

/**
 * Starts nginx in front of three servers and answers once it listens:
 * - `port`, `certificate` (a file)
 * - `saw(text)` resolves when nginx has logged it
 * - `reload()` sends SIGHUP; `kill()` ends it and answers when it has gone
 */
export async function startNginx({ servers, readTimeout = '75s', shutdownTimeout = '30s' }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidewire-nginx-'));
  folders.push(folder);
  makeCertificate(folder);
  const port = await freePort();
  const configuration = replaced(readFileSync(CONFIGURATION, 'utf8'), [
    ...ADDRESSES.map((address, index) => [address, servers[index]]),
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['server_name ticker.example', 'server_name localhost'],
    ['/etc/nginx/tls/ticker.example', `${folder}/server`],
    ['/run/nginx.pid', `${folder}/nginx.pid`],
    ['/var/log/nginx/error.log warn', 'stderr notice'],
    ['proxy_read_timeout 75s', `proxy_read_timeout ${readTimeout}`],
    ['worker_shutdown_timeout 30s', `worker_shutdown_timeout ${shutdownTimeout}`],
    ['worker_processes auto', 'worker_processes 1'],
    ['access_log off;', `access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;`],
  ]);
  writeFileSync(path.join(folder, 'nginx.conf'), configuration);
  const child = spawn('nginx', ['-p', folder, '-c', `${folder}/nginx.conf`, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Debian keeps it where only root looks.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  running.add(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const exited = new Promise((resolve) => child.on('close', resolve));
  exited.then(() => running.delete(child));

  const saw = (text) =>
    new Promise((resolve, reject) => {
      const look = () => log.includes(text) && resolve();
      child.stderr.on('data', look);
      exited.then(() => reject(new Error(`nginx has ended: ${log}`)));
      look();
    });
  await saw('start worker process ');
  return {
    port,
    certificate: path.join(folder, 'server.pem'),
    saw,
    reload: () => child.kill('SIGHUP'),
    kill: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
