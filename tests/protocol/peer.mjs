// A client that is nothing but a WebSocket.

import assert from 'node:assert/strict';
import WebSocket from 'ws';

import { joinBinary, joinText, needsBinary, readHead, split } from './wire.mjs';

/** A session key with a name in it. */
export const keyOf = (name) => name.padEnd(22, '-');

/** Sends heads, and waits for what comes, one message after the other. */
export class Peer {
  static async connect(server) {
    const peer = new Peer();
    peer.socket = new WebSocket(server.url, 'tidewire.v1', { perMessageDeflate: false });
    peer.socket.on('message', (payload, isBinary) => peer.take(payload, isBinary));
    peer.socket.on('close', (code, reason) => peer.tell({ op: 'closed', code, reason: reason.toString() }));
    peer.socket.on('error', () => {});
    await new Promise((resolve) => peer.socket.once('open', resolve));
    return peer;
  }

  static async welcomed(server, name = 'somebody', fields = {}) {
    const peer = await Peer.connect(server);
    peer.send({ op: 'hello', v: 1, session: keyOf(name), ...fields });
    peer.welcome = await peer.next('welcome');
    return peer;
  }

  came = [];
  waiting = [];
  framings = [];
  over = undefined;

  take(payload, isBinary) {
    this.framings.push(isBinary ? 'binary' : 'text');
    for (const { head, body } of split(payload, isBinary)) {
      this.tell({ ...readHead(head, 'client'), ...(body && { body: body.toString('latin1') }) });
    }
  }

  tell(message) {
    const taker = this.waiting.shift();
    taker ? taker(message) : this.came.push(message);
  }

  /** Each is a head, or [head, body]; all leave as one WebSocket message. A head that is a string goes as it is. */
  send(...messages) {
    const parts = messages.map((message) => {
      const [head, body] = Array.isArray(message) ? message : [message];
      const bytes = Buffer.from(typeof head === 'string' ? head : JSON.stringify(head));
      return { head: bytes, ...(body !== undefined && { body: Buffer.from(body) }) };
    });
    const binary = parts.some(({ body }) => needsBinary(body));
    this.socket.send((binary ? joinBinary : joinText)(parts), { binary });
  }

  publish(head, body) {
    this.send([{ op: 'publish', ...head }, body]);
  }

  async subscribe(channel, fields = {}) {
    this.send({ op: 'subscribe', id: 1, channel, ...fields });
    return this.next('subscribed');
  }

  /** The error that refuses a subscription. */
  async subscribeError(channel) {
    this.send({ op: 'subscribe', id: 1, channel });
    return this.next('error');
  }

  async request(method, body) {
    this.send([{ op: 'request', id: 1, method }, body]);
    return this.any();
  }

  async any() {
    assert.ok(!this.over, `nothing follows the end, which came with ${this.over?.code}`);
    const message = this.came.shift() ?? (await new Promise((resolve) => this.waiting.push(resolve)));
    if (message.op === 'closed') this.over = message;
    return message;
  }

  async next(op) {
    const message = await this.any();
    assert.equal(message.op, op, JSON.stringify(message).slice(0, 1000));
    return message;
  }

  /** Everything that comes before the answer to a ping, and what the server had to send by then. */
  async settle() {
    const messages = [];
    for (const t of [98, 99]) {
      this.send({ op: 'ping', t });
      for (let message = await this.any(); message.op !== 'pong'; message = await this.any()) {
        assert.notEqual(message.op, 'closed', `with ${message.code}, before the answer to a ping`);
        messages.push(message);
      }
    }
    return messages;
  }

  /** The end, whatever comes before it. */
  async closed() {
    for (;;) {
      const message = await this.any();
      if (message.op === 'closed') return message;
    }
  }

  /** The end and, if an error was the last thing before it, that; whatever comes before them. */
  async ended() {
    for (let last; ; ) {
      const message = await this.any();
      if (message.op === 'closed') return [last?.op === 'error' && last.code, message.code];
      last = message;
    }
  }

  /** An error, and then the end. */
  async refused() {
    const { code } = await this.next('error');
    return [code, (await this.next('closed')).code];
  }

  async close() {
    this.socket.close(1000);
    await this.closed();
  }
}
