// A small server that speaks "tidewire.v1", written from docs/protocol.md alone: channels in memory, a history of so many
// events each, publishing once, and a method that echoes.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

import { Malformed, isUtf8, joinBinary, joinText, needsBinary, readHead, split } from './wire.mjs';

const maxBatchBytes = 65_536;
const maxLeap = 65_536; // Of an `attempt`.

const defaults = {
  history: 100, // Events that a channel keeps.
  dedup: { count: 1024, ms: 120_000 }, // Or undefined: published twice is published twice.
  heartbeat: 25_000,
  helloWithin: 10_000,
  maxMessage: 1_048_576,
  requests: 64,
  maxSubscriptions: 100,
  aheadBytes: 262_144, // What may wait in a socket before latest-only events are left out, and of answers before no more are made.
  maxBufferedBytes: 4_194_304, // Of events, before the client is too slow for them.
  now: () => Date.now(),
  // The user that a token names, or { code } of the error that refuses it.
  userOf: () => ({ user: 'anybody' }),
  port: 0,
  // What brings the body of the reply, or the promise of it, from that of the request.
  methods: { echo: (body) => body },
  onCancel: () => {}, // Called with the `id` of a request that nobody waits for any more.
};

const mayBeSubscribed = (channel) => !channel.startsWith('private/');

class Channel {
  constructor(name, { history, now }) {
    Object.assign(this, { name, history, now, events: [], subscriptions: new Map() });
    this.restart();
  }

  /** Forgets everything, as after a restart without storage. */
  restart() {
    Object.assign(this, { epoch: randomUUID(), seq: 0, events: [] });
  }

  append(body, type = 'text') {
    const event = { seq: ++this.seq, ts: this.now(), type, body };
    this.events.push(event);
    if (this.events.length > this.history) this.events.shift();
    for (const subscription of this.subscriptions.values()) subscription.offer(event);
    return event.seq;
  }

  /** Section 5.2: whether all that came after the position can be had, and those events. */
  since({ epoch, seq }, conflate) {
    const known = epoch === this.epoch && seq <= this.seq;
    const missed = known ? this.events.filter((event) => event.seq > seq) : [];
    const enough = conflate ? missed.length > 0 || seq === this.seq : missed.length === this.seq - seq;
    const recovered = known && enough;
    return { recovered, missed: recovered ? missed : [], from: seq };
  }

  newest(count, conflate) {
    const wanted = conflate ? Math.min(count, 1) : count;
    const missed = wanted > 0 ? this.events.slice(-wanted) : [];
    return { recovered: true, missed, from: this.seq - missed.length };
  }
}

/** One client's subscription to one channel. */
class Subscription {
  constructor(connection, channel, conflate) {
    Object.assign(this, { connection, channel, conflate, skipped: 0, latest: undefined });
  }

  isLive() {
    return this.connection.subscriptions.get(this.channel.name) === this;
  }

  replay({ missed, from }) {
    if (!this.conflate) {
      for (const event of missed) if (this.isLive()) this.send(event);
    } else if (missed.length > 0) {
      const latest = missed.at(-1);
      this.skipped = latest.seq - from - 1;
      this.send(latest);
    }
  }

  /** A live event. Section 5.3: a slow client that asked for the latest only gets the others as a number. */
  offer(event) {
    if (this.latest !== undefined) this.skipped += 1;
    this.latest = event;
    if (!this.conflate || !this.connection.isSlow()) this.drained();
  }

  drained() {
    if (this.latest !== undefined) this.send(this.latest);
  }

  send({ seq, ts, type, body }) {
    const head = { op: 'event', channel: this.channel.name, seq, ts };
    if (this.skipped > 0) head.skipped = this.skipped;
    if (type !== 'text') head.type = type;
    Object.assign(this, { latest: undefined, skipped: 0 });
    if (this.connection.takes(head, body)) this.connection.send(head, body, 'events');
    else this.connection.endSubscription(this.channel.name, 'too-large');
  }
}

class Connection {
  constructor(server, socket) {
    Object.assign(this, { server, socket, session: undefined, subscriptions: new Map(), out: [], input: [] });
    Object.assign(this, { over: false, held: false, requests: new Set(), clientTakes: 16_777_216 });
    this.waiting = { events: 0, answers: 0 }; // Bytes that the system has not taken yet.
    this.helloTimer = setTimeout(() => this.end(4001, 'no hello'), server.options.helloWithin);
    socket.on('message', (payload, isBinary) => this.receive(payload, isBinary));
    socket.on('close', () => this.leave());
    socket.on('error', () => {});
  }

  // Sending: what is ready in one turn leaves together.

  send(head, body, kind = 'answers') {
    if (this.out.length === 0) queueMicrotask(() => this.flush());
    const part = { head: Buffer.from(JSON.stringify(head)), ...(body !== undefined && { body }), kind };
    this.waiting[kind] += part.head.length + (body?.length ?? 0);
    this.out.push(part);
  }

  /** Section 4.1: whether the client takes a WebSocket message of that size. */
  takes(head, body) {
    const part = { head: Buffer.from(JSON.stringify(head)), body };
    return (needsBinary(body) ? joinBinary : joinText)([part]).length <= this.clientTakes;
  }

  flush() {
    let batch = [];
    let bytes = 0;
    const leave = () => {
      if (batch.length === 0) return;
      const binary = needsBinary(batch[0].body);
      const parts = batch;
      this.socket.send((binary ? joinBinary : joinText)(batch), { binary }, () => this.drained(parts));
      [batch, bytes] = [[], 0];
    };
    for (const part of this.out.splice(0)) {
      const size = part.head.length + (part.body?.length ?? 0) + 6;
      const other = batch.length > 0 && needsBinary(batch[0].body) !== needsBinary(part.body);
      if (other || bytes + size > Math.min(maxBatchBytes, this.clientTakes)) leave();
      batch.push(part);
      bytes += size;
    }
    leave();
    if (this.waiting.events > this.server.options.maxBufferedBytes) this.tooSlow();
  }

  tooSlow() {
    if (this.over) return;
    this.error('too-slow', { temporary: true });
    this.end(4005, 'reads too slowly');
  }

  isSlow() {
    return this.socket.bufferedAmount > this.server.options.aheadBytes;
  }

  drained(parts) {
    for (const { head, body, kind } of parts) this.waiting[kind] -= head.length + (body?.length ?? 0);
    if (this.over) return;
    if (this.held) this.listen();
    this.work();
    if (this.isSlow()) return;
    for (const subscription of this.subscriptions.values()) subscription.drained();
  }

  error(code, fields = {}) {
    this.send({ op: 'error', code, ...fields });
  }

  end(code, reason) {
    if (this.over) return;
    this.over = true;
    this.flush();
    this.leave();
    this.socket.resume();
    this.socket.close(code, reason);
  }

  /** Nothing that still comes from this client has an effect. */
  leave() {
    this.over = true;
    clearTimeout(this.helloTimer);
    clearTimeout(this.silenceTimer);
    for (const { channel } of this.subscriptions.values()) channel.subscriptions.delete(this);
    this.subscriptions.clear();
    this.server.left(this);
  }

  // Receiving.

  receive(payload, isBinary) {
    this.listen();
    this.refusing(() => this.input.push(...split(payload, isBinary)));
    this.work();
  }

  refusing(act) {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      if (this.over) return;
      this.error('malformed', { message: error.message.slice(0, 100) });
      this.end(4000, 'malformed');
    }
  }

  /** Section 5.4: handles what has come, as long as there is room for answers; meanwhile the client is not read. */
  work() {
    const isFull = () => this.waiting.answers >= this.server.options.aheadBytes;
    while (this.input.length > 0 && !this.over && !isFull()) {
      const { head, body } = this.input.shift();
      this.refusing(() => this.handle(readHead(head, 'server'), body));
    }
    const held = !this.over && (this.input.length > 0 || isFull());
    if (held === this.held) return;
    this.held = held;
    held ? this.socket.pause() : this.socket.resume();
    this.listen();
  }

  listen() {
    const { heartbeat } = this.server.options;
    if (heartbeat === 0 || this.over) return;
    clearTimeout(this.silenceTimer);
    const end = this.held ? () => this.tooSlow() : () => this.end(4006, 'silent');
    this.silenceTimer = setTimeout(end, 2 * heartbeat);
  }

  handle(head, body) {
    if (head.op !== 'hello' && this.session === undefined) {
      this.end(4001, 'hello comes first');
    } else if (head.unknown) {
      this.error('unknown-op', Number.isSafeInteger(head.id) && head.id > 0 ? { id: head.id } : {});
    } else {
      if (head.type === 'text' && body !== undefined && !isUtf8(body)) throw new Malformed('a text that is not UTF-8');
      this[`on_${head.op}`](head, body);
    }
  }

  on_hello({ v, session, attempt, maxMessage: clientTakes, memory: named, token }) {
    if (this.session !== undefined) throw new Malformed('a second hello');
    clearTimeout(this.helloTimer);
    if (v !== 1) {
      this.error('unsupported-version');
      this.end(4003, 'unsupported version');
      return;
    }
    const { user, code } = this.server.options.userOf(token);
    if (code !== undefined) {
      this.error(code);
      this.end(4002, code);
      return;
    }
    const { dedup, heartbeat, maxMessage, requests, now } = this.server.options;
    this.clientTakes = clientTakes;
    this.server.join(this, session, user, attempt);
    if (this.session === undefined) {
      this.end(4004, 'connected again');
      return;
    }
    const memory = dedup && this.session.memory;
    const resumed = memory !== undefined && named === memory;
    this.send({ op: 'welcome', v: 1, resumed, memory, heartbeat, now: now(), maxMessage, requests, dedup });
  }

  on_subscribe({ id, channel: name, since, last, conflate }) {
    if (this.subscriptions.has(name)) return this.error('already-subscribed', { id });
    if (!mayBeSubscribed(name)) return this.error('forbidden', { id });
    if (this.subscriptions.size === this.server.options.maxSubscriptions) {
      return this.error('too-many-subscriptions', { id });
    }
    const channel = this.server.channel(name);
    const subscription = new Subscription(this, channel, conflate);
    const past = since === undefined ? channel.newest(last, conflate) : channel.since(since, conflate);
    const from = since === undefined && past.from < channel.seq ? { from: past.from } : {};
    this.send({ op: 'subscribed', id, epoch: channel.epoch, seq: channel.seq, recovered: past.recovered, ...from });
    this.subscriptions.set(name, subscription);
    channel.subscriptions.set(this, subscription);
    subscription.replay(past);
  }

  endSubscription(name, code) {
    if (!this.subscriptions.has(name)) return;
    this.subscriptions.get(name).channel.subscriptions.delete(this);
    this.subscriptions.delete(name);
    this.send({ op: 'unsubscribed', channel: name, code });
  }

  on_unsubscribe({ id, channel }) {
    this.subscriptions.get(channel)?.channel.subscriptions.delete(this);
    this.subscriptions.delete(channel);
    this.send({ op: 'unsubscribed', id, channel });
  }

  on_publish({ id, channel, type }, body = Buffer.alloc(0)) {
    const { dedup } = this.server.options;
    const before = id !== undefined && this.session.answers.get(id);
    if (before) return this.send(before);
    const ack = { op: 'ack', id, seq: this.server.channel(channel).append(body, type) };
    if (id === undefined) return;
    if (dedup !== undefined) {
      this.session.answers.set(id, ack);
      if (this.session.answers.size > dedup.count) {
        this.session.answers.delete(this.session.answers.keys().next().value);
      }
    }
    this.send(ack);
  }

  on_request({ id, method, type }, body) {
    const { methods } = this.server.options;
    if (!Object.hasOwn(methods, method)) return this.error('unknown-method', { id });
    if (this.requests.size >= this.server.options.requests) {
      return this.error('too-many-requests', { id, temporary: true });
    }
    this.requests.add(id);
    const head = { op: 'reply', id, ...(type !== 'text' && { type }) };
    const reply = (answer) => {
      this.requests.delete(id);
      this.takes(head, answer) ? this.send(head, answer) : this.error('too-large', { id });
    };
    const answer = methods[method](body);
    answer instanceof Promise ? answer.then(reply) : reply(answer);
  }

  on_cancel({ id }) {
    this.requests.delete(id);
    this.server.options.onCancel(id);
  }

  on_ping({ t }) {
    this.send({ op: 'pong', t, now: this.server.options.now() });
  }

  on_auth({ id, token }) {
    const { user, code } = this.server.options.userOf(token);
    if (code !== undefined || user !== this.session.user) return this.error(code ?? 'unauthorized', { id });
    this.send({ op: 'ack', id });
  }
}

class Server {
  constructor(options) {
    this.options = { ...defaults, ...options };
    Object.assign(this, { channels: new Map(), sessions: new Map(), connections: new Set() });
  }

  channel(name) {
    if (!this.channels.has(name)) this.channels.set(name, new Channel(name, this.options));
    return this.channels.get(name);
  }

  publish(channel, body, type) {
    return this.channel(channel).append(Buffer.from(body), type);
  }

  /** Section 4.1. */
  join(connection, key, user, attempt) {
    const place = JSON.stringify([user, key]); // Another user's session of the same key is another session.
    let session = this.sessions.get(place);
    if (attempt - session?.attempt > maxLeap) throw new Malformed('an attempt far above the last');
    if (attempt <= session?.attempt) return;
    session?.connection?.end(4004, 'connected again');
    if (session === undefined) {
      session = { place, user, memory: randomUUID(), answers: new Map() };
      this.sessions.set(place, session);
    }
    clearTimeout(session.forgetting);
    session.connection = connection;
    session.attempt = attempt ?? session.attempt;
    connection.session = session;
  }

  left(connection) {
    this.connections.delete(connection);
    const { session } = connection;
    if (session?.connection !== connection) return;
    session.connection = undefined;
    session.forgetting = setTimeout(() => this.sessions.delete(session.place), this.options.dedup?.ms ?? 0);
    session.forgetting.unref();
  }

  goAway(fields = {}) {
    for (const connection of this.connections) connection.send({ op: 'goaway', ...fields });
  }

  /** Ends every connection as if the server had gone. */
  async stop() {
    for (const connection of [...this.connections]) connection.end(1001, 'going away');
    this.listener.close();
    await once(this.listener, 'close');
  }
}

export async function startServer(options) {
  const server = new Server(options);
  server.listener = new WebSocketServer({
    host: '127.0.0.1',
    port: server.options.port,
    maxPayload: server.options.maxMessage,
    handleProtocols: (offered) => offered.has('tidewire.v1') && 'tidewire.v1',
  });
  server.listener.on('connection', (socket) => server.connections.add(new Connection(server, socket)));
  await once(server.listener, 'listening');
  server.url = `ws://127.0.0.1:${server.listener.address().port}/`;
  return server;
}
