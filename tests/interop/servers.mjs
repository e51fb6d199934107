// The servers that share nothing with the library, as children of a test.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Peer } from '../protocol/peer.mjs';

/** What they have prices of. */
export const SYMBOLS = ['AAPL', 'MSFT', 'NVDA'];

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
process.once('SIGTERM', () => process.exit(1)); // A test runner that loses patience; the handler above then runs.

/** A program, line by line. It ends with the test at the latest. */
export class Program {
  constructor(context, command, args) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    running.add(this.child);
    this.child.once('close', () => running.delete(this.child));
    context.after(() => this.kill());
  }

  /** What the next line that looks like this has in its groups. */
  async next(pattern) {
    for (;;) {
      const { value, done } = await this.lines.next();
      assert.ok(!done, `ended before ${pattern}`);
      const found = pattern.exec(value);
      if (found) return found.slice(1);
    }
  }

  say(line) {
    this.child.stdin.write(`${line}\n`);
  }

  async kill() {
    if (!running.has(this.child)) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}

const hasWebsockets = (python) => spawnSync(python, ['-c', 'import websockets']).status === 0;
const python = ['python3', '/usr/bin/python3'].find(hasWebsockets);

/** Each has the `name` of what it is written with, its `file`, and why it cannot be run here, if so: `skip`. */
export const servers = [
  { name: 'ws', command: process.execPath, script: 'server.mjs', skip: false },
  {
    name: 'websockets',
    command: python,
    script: 'server.py',
    skip: python ? false : 'there is no Python with the package websockets',
  },
].map(({ script, ...server }) => ({ ...server, file: fileURLToPath(new URL(script, import.meta.url)) }));

/** Starts one of them, at a port that the kernel chooses if none is given; it has `url` and `port` besides. */
export async function serve(context, { command, file }, port = 0) {
  const program = new Program(context, command, [file, port]);
  const [url, chosen] = await program.next(/^listening on (ws:\S+:(\d+)\/)$/);
  return Object.assign(program, { url, port: chosen });
}

/** The newest prices that the server itself tells, as many as it keeps. */
export async function newestPrices(server) {
  const peer = await Peer.welcomed(server);
  const ticks = [];
  for (const symbol of SYMBOLS) {
    const { seq } = await peer.subscribe(`ticker/${symbol}`, { last: 100 });
    for (let at = 0; at < seq; at = ticks.at(-1).seq) ticks.push(JSON.parse((await peer.next('event')).body));
    peer.send({ op: 'unsubscribe', id: 1, channel: `ticker/${symbol}` });
    await peer.settle();
  }
  await peer.close();
  return ticks;
}
