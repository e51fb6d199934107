// One run of the loss test: a server, a proxy that harms connections, clients, and a judge of what they were told.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { ANY_ORIGIN, startTickerServer } from '../support/ticker_server.mjs';
import { judge } from './judge.mjs';
import { dice, startProxy } from './proxy.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const CLIENT = process.env.LOSS_CLIENT || path.join(ROOT, 'build/native-release/tests/loss/loss_client');

const named = (count, prefix) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const SYMBOLS = { reliable: named(20, 'R'), latest: named(4, 'L') };
const tickers = (symbols) => symbols.map((symbol) => `ticker/${symbol}`);

/** What a run is about: how much the server keeps, and whether it is killed. */
const KINDS = {
  long: { history: 1_000_000, kills: 0, complete: true },
  short: { history: 8, kills: 0, complete: false },
  killed: { history: 1_000_000, kills: 1, complete: false },
};
export const kinds = Object.keys(KINDS);

const parse = (text) => text.split('\n').slice(0, -1).map((line) => JSON.parse(line));

/**
 * The native client. Each client has `lines`, calls `onLine` for each, and ends by `stop`, which answers 0 if all was well
 * with it, or by `kill`. With `polls` its callbacks run only when `poll` is called.
 */
export function startNativeClient({ url, reliable, latest, rooms, publishes, events, onLine, polls = false }) {
  const list = (channels) => channels.join(',');
  const child = spawn(CLIENT, [
    url,
    ...['--reliable', list(reliable), '--latest', list(latest), '--rooms', list(rooms)],
    ...['--publishes', publishes, '--events', events, ...(polls ? ['--poll'] : [])],
  ], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {}); // It has ended; `stop` says how.
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const exited = new Promise((resolve) => child.on('close', (code, signal) => {
    process.off('exit', kill);
    resolve(code ?? signal);
  }));
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text));
    onLine(lines.at(-1));
  });
  return {
    lines,
    kill,
    poll: () => polls && child.stdin.writable && child.stdin.write('\n'),
    stop() {
      child.stdin.end();
      return exited;
    },
  };
}

/** One whose callbacks run only now and then, so that much waits for them. */
export const startPollingClient = (options) => startNativeClient({ ...options, polls: true });
const CHUNKS_PER_POLL = 8; // That the proxy carries, of all clients.

/** What of a client's lines the run itself goes by. */
class Progress {
  channels = [];
  positions = [];
  events = 0;
  acks = 0;

  take(line) {
    if ('subscribe' in line) this.channels.push(line);
    else if ('subscribed' in line) this.positions[line.subscribed] = { epoch: line.epoch, seq: line.seq };
    else if ('event' in line) this.event(line);
    else if ('ack' in line) this.acks += 1;
  }

  event({ event, seq }) {
    this.positions[event].seq = seq;
    const { channel, conflate } = this.channels[event];
    if (channel.startsWith('ticker/') && !conflate) this.events += 1;
  }

  hasCome(heads) {
    return this.channels.every(({ channel }, index) => {
      const head = heads.get(channel);
      const position = this.positions[index];
      return head === undefined || (position?.epoch === head.epoch && position.seq >= head.seq);
    });
  }
}

class Run {
  lives = []; // Of the server: the files that they log to.
  clients = [];
  waiting = undefined;

  constructor(options) {
    Object.assign(this, options, KINDS[options.kind]);
    this.dice = dice(this.seed ^ 0x5eed);
    this.folder = mkdtempSync(path.join(os.tmpdir(), `loss-${this.kind}-${this.seed}-`));
  }

  async startServer() {
    const log = path.join(this.folder, `server-${this.lives.length}.jsonl`);
    this.lives.push(log);
    this.server = await startTickerServer({
      args: [
        ...['--symbols', [...SYMBOLS.reliable, ...SYMBOLS.latest].join(','), '--speed', this.speed, '--seed', this.seed],
        ...['--history-count', this.history, '--history-bytes', 1e9, '--publish-rate', 1e9, '--dedup-count', 64],
        ...['--stream-log', log],
        ...ANY_ORIGIN,
      ].map(String),
    });
  }

  /** Where the channels stand, by the log of the present server. */
  heads() {
    const heads = new Map();
    for (const { channel, epoch, seq } of parse(readFileSync(this.lives.at(-1), 'utf8'))) {
      if (epoch) heads.set(channel, { epoch, seq });
    }
    return heads;
  }

  async start() {
    await this.startServer();
    this.proxy = await startProxy({ target: this.server.port, seed: this.seed, harm: this.harm });
    this.proxy.onCut = () => this.happened('cut');
    let chunks = 0;
    this.proxy.onCarried = () => {
      if (++chunks % CHUNKS_PER_POLL === 0) this.clients.forEach((client) => client.poll?.());
    };
    for (const [name, startClient] of Object.entries(this.starts)) {
      const progress = new Progress();
      const onLine = (line) => {
        progress.take(line);
        this.happened(Object.keys(line)[0]);
      };
      const client = await startClient({
        url: `ws://127.0.0.1:${this.proxy.port}/stream`,
        reliable: tickers(SYMBOLS.reliable),
        latest: tickers(SYMBOLS.latest),
        rooms: named(3, `chat/${name}-`),
        publishes: this.publishes,
        events: this.events,
        onLine,
      });
      this.clients.push(Object.assign(client, { name, progress }));
    }
    this.planKill();
  }

  // Kills are spread over the events, and wait there for something to happen. By then each client has had an event, and so
  // has to notice.
  planKill() {
    const killed = this.lives.length - 1;
    if (killed < this.kills) {
      const part = this.events / this.kills;
      this.killAt = part * killed + 1 + this.dice.below(part);
      this.killOn = this.dice.pick(['event', 'open', 'cut', 'publish']);
    } else {
      this.killAt = Infinity;
    }
  }

  happened(what) {
    if (what === this.killOn && this.clients.every(({ progress }) => progress.events >= this.killAt)) {
      this.killAt = Infinity;
      this.killServer().catch((error) => this.waiting?.reject(error));
    }
    if (this.waiting?.condition()) this.waiting.resolve();
  }

  async killServer() {
    this.killing = true;
    await this.server.kill('SIGKILL');
    await this.startServer();
    if (this.dice.below(3) === 0) {
      await this.server.kill('SIGKILL'); // Before anybody knew it.
      await this.startServer();
    }
    this.proxy.target = this.server.port;
    this.killing = false;
    this.planKill();
    this.happened('restart');
  }

  async until(what, condition) {
    if (condition()) return;
    await new Promise((resolve, reject) => {
      const tooLate = () => reject(new Error(`${this.title()}: in vain waited for ${what}: ${this.describe()}`));
      const timer = setTimeout(tooLate, this.patience);
      this.waiting = { condition, resolve, reject };
      this.waiting.timer = timer;
    }).finally(() => {
      clearTimeout(this.waiting.timer);
      this.waiting = undefined;
    });
  }

  title() {
    return `${this.kind} history, seed ${this.seed}`;
  }

  describe() {
    const clients = this.clients.map(({ name, progress: { events, acks } }) => `${name}: ${events} events, ${acks} acks`);
    return [`${this.proxy.cuts} cuts`, `${this.lives.length} servers`, ...clients].join('; ');
  }

  async go() {
    const done = ({ progress }) => progress.events >= this.events && progress.acks >= this.publishes;
    const cuts = this.cuts * this.clients.length;
    await this.until('its end', () => {
      return this.proxy.cuts >= cuts && this.killAt === Infinity && !this.killing && this.clients.every(done);
    });
    this.proxy.calm();
    const heads = this.heads();
    await this.until('the last events', () => this.clients.every(({ progress }) => progress.hasCome(heads)));
    const codes = await Promise.all(this.clients.map((client) => client.stop()));
    await this.server.kill('SIGKILL');
    this.proxy.stop();
    return { codes, heads };
  }

  judge({ codes, heads }) {
    const lives = this.lives.map((log) => parse(readFileSync(log, 'utf8')));
    const seqs = new Map([...heads].map(([channel, { seq }]) => [channel, seq]));
    const clients = this.clients.map(({ name, lines }) => ({ name, lines, heads: seqs }));
    const { faults, counts } = judge({ lives, clients, complete: this.complete });
    codes.forEach((code, index) => code !== 0 && faults.push(`${clients[index].name}: ended with ${code}`));
    return { faults, counts, cuts: this.proxy.cuts, harm: this.proxy.counts, servers: this.lives.length };
  }

  /** What remains of a run that failed. */
  keep() {
    this.clients.forEach(({ name, lines }) => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      writeFileSync(path.join(this.folder, `client-${name}.jsonl`), text);
    });
    return this.folder;
  }

  async end() {
    await Promise.allSettled(this.clients.map((client) => client.kill()));
    this.proxy?.stop();
    await this.server?.kill('SIGKILL');
  }
}

/**
 * Runs until there were so many `cuts` for each client on average, and each has had so many `events` of the reliable
 * channels and knows what became of so many `publishes`. `kind` is one of `kinds`; `kills` counts those of the server, where it is
 * killed; `speed` is in events a second of each channel; `starts` has a function for the name of each client.
 *
 * Answers { faults, counts, cuts, harm, servers, folder }: `counts` has those of each client by its name, `folder` the logs
 * if there are faults.
 */
export async function run({ kind, seed, cuts, events, publishes, speed, kills = 1, harm, patience = 60_000, starts }) {
  const one = new Run({ kind, seed, cuts, events, publishes, speed, harm, patience, starts });
  one.kills = one.kills > 0 ? kills : 0;
  try {
    await one.start();
    const result = one.judge(await one.go());
    if (result.faults.length > 0) result.folder = one.keep();
    else rmSync(one.folder, { recursive: true });
    return result;
  } catch (error) {
    error.message += `; the logs are in ${one.keep()}`;
    throw error;
  } finally {
    await one.end();
  }
}
