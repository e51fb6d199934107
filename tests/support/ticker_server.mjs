// Starts the ticker server as a child of the test, on a port that the kernel chooses.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BINARY =
  process.env.TICKER_SERVER || path.join(ROOT, 'build/native-debug/samples/ticker_server/ticker_server');

/** For a server to which pages come that another one has. */
export const ANY_ORIGIN = ['--allow-origin', '*'];

const running = new Set();
const folders = [];
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

process.once('SIGTERM', () => process.exit(1)); // A test runner that loses patience; the handler above then runs.
process.once('SIGINT', () => process.exit(1));

function launch(args) {
  const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  const exited = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...output });
    });
  });
  return { child, output, exited };
}

/**
 * Runs the server with arguments that make it end by itself. Answers { code, signal, stdout, stderr }; one that starts
 * serving all the same is killed.
 */
export function runTickerServer(args) {
  const { child, exited } = launch(args);
  child.stdout.on('data', () => child.kill('SIGKILL'));
  return exited;
}

/**
 * Starts the server and answers once it listens:
 * - `port`, `pid`, `url` (http, without a slash at the end), `ws` (the same as a WebSocket URL)
 * - `kill(signal)` sends the signal; answers as `exited` does
 * - `exited` resolves to { code, signal, stdout, stderr }
 * - `stdout()`, `stderr()` what it has printed so far
 * - `logLines()` the ticks it has logged so far, parsed; `rawLogLines()` as they stand in the file
 *
 * Without `--port` in `args` the kernel chooses one. Whoever starts a server kills it; one that is left when the test's
 * process ends is killed then.
 */
export async function startTickerServer({ args = [] } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ticker-server-'));
  folders.push(folder);
  const log = path.join(folder, 'ticks.jsonl');
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const { child, output, exited } = launch([...port, '--log', log, ...args]);

  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const line = /^listening on (http:\/\/\S+)\/\n/.exec(output.stdout);
      if (line) {
        resolve(line[1]);
      }
    });
    exited.then(({ code, stderr }) => reject(new Error(`the ticker server ended with ${code}: ${stderr}`)), reject);
  });
  const rawLogLines = () => readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return {
    port: Number(new URL(url).port),
    pid: child.pid,
    url,
    ws: url.replace(/^http/, 'ws'),
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    rawLogLines,
    logLines: () => rawLogLines().map((line) => JSON.parse(line)),
  };
}
