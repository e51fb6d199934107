// A price feed within the page: plain JSON at /ticker, "tidewire.v1" at any other path, as much of it as one subscriber
// of one channel needs (docs/protocol.md).

const CHANNEL = 'ticker/AAPL';
const TICK_MS = 100;
const KEPT = 600;

export class ScriptedServer {
  #epoch = crypto.randomUUID();
  #ticks = [];
  #seq = 0;
  #price = 170;
  #clients = new Set();
  #timer = setInterval(() => this.#tick(), TICK_MS);
  #onTick;

  /** `onTick(tick)` is called for each one. */
  constructor(onTick) {
    this.#onTick = onTick;
  }

  /** `socket.deliver(payload)` sends to it. Its messages come to `take`; `leave` when it has gone. */
  accept(socket, path) {
    const client = path === '/ticker' ? new PlainClient(socket) : new StreamClient(socket, this);
    this.#clients.add(client);
    return { take: (payload) => client.take(payload), leave: () => this.#clients.delete(client) };
  }

  stop() {
    clearInterval(this.#timer);
  }

  get position() {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** Those behind a sequence number, or null if it no longer has them all. */
  ticksAfter(seq) {
    const missed = this.#seq - seq;
    const hasAll = missed >= 0 && missed <= this.#ticks.length;
    return hasAll ? this.#ticks.slice(this.#ticks.length - missed) : null;
  }

  #tick() {
    // A walk that stays near its start.
    this.#price += (Math.random() - 0.5) * 0.4 + (170 - this.#price) * 0.004;
    const tick = { symbol: 'AAPL', seq: ++this.#seq, ts: Date.now(), price: Math.round(this.#price * 100) / 100 };
    this.#ticks = [...this.#ticks.slice(1 - KEPT), tick];
    this.#onTick(tick);
    this.#clients.forEach((client) => client.send(tick));
  }
}

class PlainClient {
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  take() {}

  send(tick) {
    this.#socket.deliver(JSON.stringify(tick));
  }
}

class StreamClient {
  #socket;
  #server;
  #isSubscribed = false;

  constructor(socket, server) {
    this.#socket = socket;
    this.#server = server;
  }

  take(payload) {
    for (const message of payload.split('\x1e')) {
      const head = JSON.parse(message.split('\n', 1)[0]);
      this[head.op]?.(head);
    }
  }

  send(tick) {
    if (this.#isSubscribed) {
      const head = { op: 'event', channel: CHANNEL, seq: tick.seq, ts: tick.ts };
      this.#deliver(head, `\n${JSON.stringify(tick)}`);
    }
  }

  hello() {
    this.#deliver({ op: 'welcome', v: 1, resumed: false, now: Date.now() });
  }

  ping({ t }) {
    this.#deliver({ op: 'pong', t, now: Date.now() });
  }

  subscribe({ id, channel, since, last = 0 }) {
    if (channel !== CHANNEL) {
      this.#deliver({ op: 'error', id, code: 'unknown-channel' });
      return;
    }
    const { epoch, seq } = this.#server.position;
    const missed = since ? this.#missed(since, epoch) : this.#server.ticksAfter(Math.max(0, seq - last));
    const ticks = missed ?? [];
    this.#deliver({ op: 'subscribed', id, epoch, seq, recovered: missed !== null, from: seq - ticks.length });
    this.#isSubscribed = true;
    ticks.forEach((tick) => this.send(tick));
  }

  unsubscribe({ id, channel }) {
    this.#isSubscribed = false;
    this.#deliver({ op: 'unsubscribed', id, channel });
  }

  #missed(since, epoch) {
    return since.epoch === epoch ? this.#server.ticksAfter(since.seq) : null;
  }

  #deliver(head, body = '') {
    this.#socket.deliver(JSON.stringify(head) + body);
  }
}
