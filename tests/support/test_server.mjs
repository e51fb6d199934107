// Starts the test server (tests/test_server) as a child of the test: the server half of the protocol with an application
// that the test drives.

import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

import { readHead, split } from '../protocol/wire.mjs';
import { launchServer } from './children.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BINARY = process.env.TEST_SERVER || path.join(ROOT, 'build/native-release/tests/test_server/test_server');

/** The parts before and behind the first line feed. */
function partsOf(message) {
  const end = message.indexOf('\n');
  return { head: message.subarray(0, end), body: message.subarray(end + 1) };
}

/** The messages in a client's WebSocket message, each with the fields of its head, and its `body` if it has one. */
function messagesIn(payload, binary) {
  return split(payload, binary).map(({ head, body }) => ({ ...readHead(head, 'server'), ...(body && { body }) }));
}

/** An event as it goes to clients. */
function eventIn(message) {
  const { head, body } = partsOf(message);
  return { ...readHead(head, 'client'), body };
}

/** One client's connection. */
class Connection {
  constructor(server, number) {
    this.server = server;
    this.number = number;
    /** The code of the client's Close frame, once the connection is over; 1006 if none came. */
    this.closed = new Promise((resolve) => (this.close = resolve));
  }

  /** Sends a WebSocket message unchanged, a text or bytes. */
  send(payload) {
    return this.server.do('send', { connection: this.number, binary: typeof payload !== 'string' }, payload);
  }

  /** Ends the connection without a Close frame. Nothing that is called for later reaches the client. */
  async cut() {
    await this.server.do('cut', { connection: this.number });
    await this.closed;
  }
}

class TestServer {
  #methods;
  #launched;
  #control;
  #replies = []; // Those that are due, in order.
  #waiting = [];
  #connections = []; // All that there have been.
  #open = new Set();
  #messages = [];
  #kept = [];

  async start(methods, options) {
    this.#methods = methods;
    this.#launched = await launchServer(BINARY, [JSON.stringify(options)]);
    this.url = `${this.#launched.url.replace(/^http/, 'ws')}/`;
    this.#control = new WebSocket(`${this.url}control`, 'control', { perMessageDeflate: false });
    this.#control.on('message', (message) => this.#take(partsOf(message)));
    this.#control.on('close', () => this.stopped || this.#fail(new Error('the test server has ended')));
    await once(this.#control, 'open');
  }

  /** Puts an event into a channel, and answers its number. `type`: "text" or "bytes". */
  async publish(channel, body, type = 'text') {
    return (await this.do('publish', { channel, type }, body)).seq;
  }

  /** Where a channel stands, and the `events` that it keeps. */
  channel(name) {
    return this.do('contents', { channel: name });
  }

  /** The connections that are open. */
  async connections() {
    await this.do('nothing'); // What was reported before the reply is known then.
    return [...this.#open];
  }

  /** The connection of that number, from 1, once there is one. */
  opened(number) {
    return this.#until(() => this.#connections[number - 1]);
  }

  /** The first message of a client for which `matches` is true, once it has come. */
  sent(matches) {
    return this.#until(() => this.#messages.find(matches));
  }

  /** Sends every client this `goaway`. */
  async goAway(fields = {}) {
    const head = JSON.stringify({ op: 'goaway', ...fields });
    await Promise.all((await this.connections()).map((connection) => connection.send(head)));
  }

  /** Ends every connection with 1001, and then the server. */
  async stop() {
    this.stopped = true;
    this.#control.close();
    const { code, signal, stderr } = await this.#launched.exited;
    if (code !== 0) throw new Error(`the test server ended with ${code ?? signal}: ${stderr}`);
  }

  /** Has the server do something, and answers its reply. Commands are performed in the order of the calls. */
  async do(name, fields = {}, body = '') {
    if (this.stopped) throw new Error('the test server was stopped');
    this.#control.send(Buffer.concat([Buffer.from(`${JSON.stringify({ do: name, ...fields })}\n`), Buffer.from(body)]));
    return new Promise((resolve, reject) => this.#replies.push({ resolve, reject }));
  }

  #take({ head, body }) {
    const report = JSON.parse(head);
    if ('reply' in report) this.#replies.shift().resolve({ ...report.reply, events: this.#kept.splice(0) });
    else if ('fault' in report) this.#replies.shift().reject(new Error(`the test server: ${report.fault}`));
    else this[`on_${report.event}`](report, body);
    this.#waiting = this.#waiting.filter(({ find, resolve }) => {
      const found = find();
      if (found !== undefined) resolve(found);
      return found === undefined;
    });
  }

  on_opened({ connection: number }) {
    const connection = new Connection(this, number);
    this.#connections.push(connection);
    this.#open.add(connection);
  }

  on_closed({ connection: number, code }) {
    const connection = this.#connections[number - 1];
    this.#open.delete(connection);
    connection.close(code);
  }

  on_message({ binary }, payload) {
    this.#messages.push(...messagesIn(payload, binary));
  }

  on_kept(_, event) {
    this.#kept.push(eventIn(event));
  }

  async on_call({ call, method }, body) {
    const found = Object.hasOwn(this.#methods, method);
    const answer = found ? await this.#methods[method](body) : '';
    if (this.stopped) return; // A promise that the end of the test has fulfilled.
    await this.do('answer', { call, ...(!found && { refusal: 'unknown-method' }) }, answer);
  }

  /** What `find` returns, once it returns anything. */
  #until(find) {
    const found = find();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => this.#waiting.push({ find, resolve, reject }));
  }

  #fail(error) {
    for (const { reject } of [...this.#replies.splice(0), ...this.#waiting.splice(0)]) reject(error);
  }
}

/**
 * Starts the server; resolves to it once it listens at its `url`. `methods` maps the name of a method to a function that
 * gets the body of a request and returns the body of the reply, or a promise of it; the default is one, `echo`. Options:
 * - `port`: default: the kernel chooses one
 * - `tokens`: maps each token to its user; without any, every client is accepted. `expired`: tokens refused as expired
 * - `clock`: { at }: the time of day stands still there; { ahead }: it is ahead of ours by so many milliseconds
 * - `history`: events that a channel keeps
 * - `requests`: requests without an answer that a client may have
 * - `maxQueueBytes`: limit of the events, and of the answers, that wait for a client
 *
 * Requires: `stop` is called. A server that is left when the test's process ends is killed then.
 */
export async function startTestServer({ methods = { echo: (body) => body }, ...options } = {}) {
  const server = new TestServer();
  await server.start(methods, options);
  return server;
}

/** One that ends with the test, unless the test has ended it. */
export async function testServerFor(context, options) {
  const server = await startTestServer(options);
  context.after(() => server.stopped || server.stop());
  return server;
}
