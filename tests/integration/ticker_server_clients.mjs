// What the tests of the ticker server talk to it with: npm's WebSocket client, and bare sockets for what that client
// would never send.

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';

import WebSocket from 'ws';

import { startTickerServer } from '../support/ticker_server.mjs';

/** What hangs fails. */
export const LIMIT = { timeout: 60_000 };

/** A server that ends with the test. */
export async function serverFor(context, args = []) {
  const server = await startTickerServer({ args });
  context.after(() => server.kill('SIGKILL'));
  return server;
}

/** A WebSocket client whose messages and end can be awaited. Binary messages are Buffers, text messages strings. */
export class Client {
  constructor(url, { protocols = [], ...options } = {}) {
    this.socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.messages = [];
    this.waiting = [];
    this.socket.on('message', (data, binary) => {
      this.messages.push(binary ? data : data.toString());
      this.#settle();
    });
    this.opened = once(this.socket, 'open');
    this.opened.catch(() => {});
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.end = { code, reason: reason.toString() };
        resolve(this.end);
        this.#settle();
      });
    });
  }

  /** The first `count` messages, as soon as so many have come. */
  first(count) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ count, resolve, reject });
      this.#settle();
    });
  }

  /** As `first`, parsed. */
  async ticks(count) {
    return (await this.first(count)).map((text) => JSON.parse(text));
  }

  /** Sends, and answers once the whole message is handed to the system. */
  sent(data) {
    return new Promise((resolve, reject) => this.socket.send(data, (error) => (error ? reject(error) : resolve())));
  }

  #settle() {
    this.waiting = this.waiting.filter(({ count, resolve, reject }) => {
      if (this.messages.length >= count) {
        resolve(this.messages.slice(0, count));
        return false;
      }
      if (this.end) {
        reject(new Error(`closed with ${JSON.stringify(this.end)} after ${this.messages.length} messages`));
      }
      return !this.end;
    });
  }
}

/** An open client that ends with the test. */
export async function open(context, url, options) {
  const client = new Client(url, options);
  context.after(() => client.socket.terminate());
  await client.opened;
  return client;
}

/** Resolves when so many milliseconds have passed by the server's clock, which each price shows. */
export async function passed(context, server, milliseconds) {
  const clock = await open(context, `${server.ws}/ticker?rate=50`);
  const timeOf = async (count) => (await clock.ticks(count)).at(-1).ts;
  // The first price is one that there was already.
  const [{ ts: old }] = await clock.ticks(1);
  let count = 1;
  let begin = old;
  while (begin === old) begin = await timeOf(++count);
  while ((await timeOf(++count)) < begin + milliseconds);
  clock.socket.close();
}

/** The HTTP status with which a WebSocket handshake is refused. */
export async function refusal(url, options) {
  const client = new Client(url, options);
  const [, response] = await once(client.socket, 'unexpected-response');
  response.resume();
  client.socket.terminate();
  return response.statusCode;
}

/** A bare TCP connection that ends with the test. An error is an end. */
export async function connect(context, port) {
  const socket = net.connect(port, '127.0.0.1');
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

export const handshake = (path, extra = '') =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extra}\r\n`;

/** A masked frame (RFC 6455 section 5.2); the mask is zero. `first` is the frame's first byte. */
export function frame(first, payload) {
  const body = Buffer.from(payload);
  const mask = Buffer.alloc(4);
  if (body.length < 126) {
    return Buffer.concat([Buffer.from([first, 0x80 | body.length]), mask, body]);
  }
  const head = Buffer.from([first, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, mask, body]);
}

/** Everything that a socket receives until the server closes it. */
export async function readToEnd(socket) {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** Reads until what has come, as latin1, matches `pattern` or satisfies it. */
export function readUntil(socket, pattern) {
  const enough = pattern instanceof RegExp ? (text) => pattern.test(text) : pattern;
  return new Promise((resolve, reject) => {
    let text = '';
    const listen = (chunk) => {
      text += chunk.toString('latin1');
      if (enough(text)) {
        socket.off('data', listen);
        resolve(text);
      }
    };
    socket.on('data', listen);
    socket.once('close', () => reject(new Error(`the connection ended after ${JSON.stringify(text)}`)));
  });
}

/** A bare connection that has opened a WebSocket. */
export async function upgraded(context, port, path) {
  const socket = await connect(context, port);
  socket.write(handshake(path));
  await readUntil(socket, /^HTTP\/1\.1 101 [^]*\r\n\r\n/);
  return socket;
}

/** The code of the Close frame that is the next thing to come, or null if something else comes. */
export async function closeCode(socket) {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 4) {
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes[0] === 0x88 ? bytes.readUInt16BE(2) : null;
}

/** Whether the server still answers: a message to its echo and back. */
export async function echoes(context, server) {
  const client = await open(context, `${server.ws}/echo`);
  client.socket.send('alive');
  const [answer] = await client.first(1);
  client.socket.close();
  return answer === 'alive';
}

/** Sanitizers keep freed memory back, so with them the server's size says nothing. */
export const CAN_MEASURE = existsSync('/proc/self/status') && !process.env.TIDEWIRE_SANITIZE;

/** Memory that a process occupies, in MiB. */
export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
