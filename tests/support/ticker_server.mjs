// Starts the ticker server as a child of the test, on a port that the kernel chooses.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { launch, launchServer } from './children.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BINARY =
  process.env.TICKER_SERVER || path.join(ROOT, 'build/native-debug/samples/ticker_server/ticker_server');

/** For a server to which pages come that another one has. */
export const ANY_ORIGIN = ['--allow-origin', '*'];

const folders = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/**
 * Runs the server with arguments that make it end by itself. Answers { code, signal, stdout, stderr }; one that starts
 * serving all the same is killed.
 */
export function runTickerServer(args) {
  const { child, exited } = launch(BINARY, args);
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
  const { child, output, exited, url } = await launchServer(BINARY, [...port, '--log', log, ...args]);
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
