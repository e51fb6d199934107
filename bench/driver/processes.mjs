// The measuring server and the clients as processes, each pinned to a processor of its own.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const UNSUPPORTED = 3;
const TIMEOUT = 60_000;

const SERVER_PROCESSOR = 0;
const CLIENT_PROCESSOR = Math.min(1, os.cpus().length - 1);

const pinned = (processor, program, args) => ['taskset', ['-c', String(processor), ...program, ...args.map(String)]];

/** Makes a certificate for "localhost" in `folder`, valid for some days. */
export function makeCertificate(folder) {
  const certificate = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '7', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { certificate, key };
}

/**
 * Starts the measuring server. `tls` is what `makeCertificate` returned, or null. With `script` the program is an
 * interpreter, and the script another server that prints "listening PORT".
 */
export async function startServer(program, { tls = null, port = 0, script = '' } = {}) {
  const options = script
    ? [script]
    : ['--with-parent', '--port', port, ...(tls ? ['--certificate', tls.certificate, '--key', tls.key] : [])];
  const child = spawn(...pinned(SERVER_PROCESSOR, [program], options), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const scheme = tls ? 'wss://localhost' : 'ws://127.0.0.1';
  return {
    port: Number(line.split(' ')[1]),
    url: `${scheme}:${line.split(' ')[1]}`,
    pid: child.pid,
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/**
 * Runs a client to its end.
 *
 * Returns: what it printed, or null if it does not know the scenario. Throws if it failed.
 */
export async function runClient(program, args, { wrapper = [], environment = {}, processor = CLIENT_PROCESSOR } = {}) {
  const child = spawn(...pinned(processor, [...wrapper, ...program], args), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    timeout: TIMEOUT,
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (errors += data));
  const [code, signal] = await once(child, 'close');
  if (code === UNSUPPORTED) return null;
  if (code !== 0) throw new Error(`${program.at(-1)} ${args.join(' ')}: ${signal ?? `exit code ${code}`}\n${errors}`);
  return { ...JSON.parse(out), errors };
}
