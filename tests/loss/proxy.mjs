// A TCP proxy that harms connections: after so many bytes each, in so many ways, as a seed says.

import { once } from 'node:events';
import net from 'node:net';

/** Numbers that a seed determines: `below(n)` is an integer, `pick(list)` one of it. */
export function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0; // splitmix32
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, between: (low, high) => low + below(high - low + 1), pick: (list) => list[below(list.length)] };
}

// What ends a connection. A side that is not reset or finished is told nothing.
const CUTS = ['reset', 'resetClient', 'resetServer', 'finishClient', 'finishServer', 'freeze'];
// What a connection may survive.
const HINDRANCES = ['stall', 'delay'];

// Node 20 never ends by itself where a socket that is being shut down was to be reset, or one that is being reset is
// destroyed: libuv refuses, and the socket is not closed at all.
const resetting = new WeakSet();

function reset(socket) {
  if (socket.writableEnded || socket.writableLength > 0 || socket.connecting || socket.destroyed) {
    destroy(socket);
  } else if (!resetting.has(socket)) {
    resetting.add(socket);
    socket.resetAndDestroy();
  }
}

function destroy(socket) {
  if (!resetting.has(socket)) socket.destroy();
}

const finish = (socket) => socket.end();

/** One connection of a client, and the one to the server that belongs to it. */
class Link {
  constructor(proxy, client) {
    Object.assign(this, { proxy, client, held: [], passed: 0, silent: false });
    this.server = net.connect({ port: proxy.target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    this.join(client, this.server);
    this.join(this.server, client);
    this.plan();
  }

  plan() {
    const { dice, harm } = this.proxy;
    const cut = dice.below(3) > 0;
    // Some within the handshake and the greeting, which are small.
    const bytes = dice.below(8) === 0 ? dice.between(1, 1500) : dice.between(1, 2 * harm.bytes);
    this.next = {
      kind: dice.pick(cut ? CUTS : HINDRANCES),
      at: this.passed + bytes,
      ms: dice.between(5, harm.stallMs),
      outageMs: dice.below(2) === 0 ? 0 : dice.between(1, harm.outageMs),
      linger: dice.below(2) === 0,
    };
  }

  join(from, to) {
    from.on('data', (chunk) => this.carry(from, to, chunk));
    from.on('drain', () => to.resume());
    from.on('end', () => this.forward(() => to.end()));
    from.on('error', () => this.forward(() => reset(to)));
    from.on('close', () => this.forward(() => to.destroySoon()));
  }

  carry(from, to, chunk) {
    if (this.silent) return;
    if (!this.proxy.isCalm && this.passed + chunk.length >= this.next.at) {
      const first = this.next.at - this.passed;
      this.pass(from, to, chunk.subarray(0, first));
      this.passed = this.next.at;
      this.strike();
      chunk = chunk.subarray(first);
    }
    this.passed += chunk.length;
    this.pass(from, to, chunk);
    this.proxy.onCarried?.();
  }

  pass(from, to, chunk) {
    this.forward(() => {
      if (to.writable && !to.write(chunk)) from.pause();
    });
  }

  /** Now, or when things are forwarded again: what the client has said meanwhile arrives late. */
  forward(action) {
    if (!this.silent) this.waits ? this.held.push(action) : action();
  }

  strike() {
    const { kind, ms, outageMs, linger } = this.next;
    this.proxy.counts[kind] = (this.proxy.counts[kind] ?? 0) + 1;
    const isCut = CUTS.includes(kind);
    if (isCut) this.proxy.wasCut(outageMs);
    if (kind === 'stall' || kind === 'freeze') this.stall(kind === 'freeze' ? ms + this.proxy.harm.stallMs : ms);
    if (kind === 'delay') this.stall(Math.ceil(ms / 10));
    if (kind === 'reset') this.end(this.client, this.server, reset, reset);
    if (kind === 'resetClient') this.end(this.client, this.server, reset, linger ? undefined : destroy);
    if (kind === 'resetServer') this.end(this.server, this.client, reset, linger ? undefined : destroy);
    if (kind === 'finishClient') this.end(this.client, this.server, finish, linger ? undefined : finish);
    if (kind === 'finishServer') this.end(this.server, this.client, finish, linger ? undefined : finish);
    this.plan();
  }

  /** The first is told, the second perhaps; from now on nothing is forwarded, and each side finds out by itself. */
  end(first, second, how, andThen) {
    this.silent = true;
    how(first);
    andThen?.(second);
    for (const [one, other] of [[first, second], [second, first]]) {
      one.resume();
      one.on('end', () => one.end());
      one.on('close', () => this.proxy.later(() => destroy(other), this.proxy.harm.lingerMs));
    }
  }

  stall(ms) {
    this.waits = true;
    this.server.pause();
    this.proxy.later(() => {
      this.waits = false;
      for (const action of this.held.splice(0)) action();
      this.server.resume();
    }, ms);
  }

  destroy() {
    destroy(this.client);
    destroy(this.server);
  }
}

class Proxy {
  isCalm = false;
  cuts = 0;
  counts = {};
  links = new Set();
  timers = new Set();
  downUntil = 0;

  later(action, ms) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  wasCut(outageMs) {
    ++this.cuts;
    this.downUntil = Date.now() + outageMs;
    this.onCut?.(this.cuts);
  }

  take(client) {
    client.on('error', () => {});
    if (!this.isCalm && Date.now() < this.downUntil) {
      reset(client);
      return;
    }
    this.links.add(new Link(this, client));
  }

  /** From now on nothing is harmed. */
  calm() {
    this.isCalm = true;
  }

  stop() {
    this.timers.forEach(clearTimeout);
    this.listener.close();
    for (const link of this.links) link.destroy();
  }
}

/**
 * Starts one in front of the port `target`, which may be changed later. `harm` says how much:
 * - `bytes`: what a connection carries before it is harmed, on average
 * - `stallMs`: how long nothing is forwarded, at most; a connection that freezes is worth nothing for longer
 * - `outageMs`: how long nobody gets through after a cut, at most
 * - `lingerMs`: how long one side may keep what the other has lost
 */
export async function startProxy({ target, seed, harm }) {
  const proxy = Object.assign(new Proxy(), { target, dice: dice(seed) });
  proxy.harm = { bytes: 120_000, stallMs: 600, outageMs: 200, lingerMs: 2000, ...harm };
  proxy.listener = net.createServer({ allowHalfOpen: true }, (client) => proxy.take(client));
  proxy.listener.listen(0, '127.0.0.1');
  await once(proxy.listener, 'listening');
  proxy.port = proxy.listener.address().port;
  return proxy;
}
