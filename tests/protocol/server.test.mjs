// Conversations with the small server, by a client that is nothing but a WebSocket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';

import { startServer } from './server.mjs';
import { readHead, split } from './wire.mjs';

const keyOf = (name) => name.padEnd(22, '-');

/** Sends heads, and waits for what comes, one message after the other. */
class Peer {
  static async connect(server) {
    const peer = new Peer();
    peer.socket = new WebSocket(server.url, 'tidewire.v1');
    peer.socket.on('message', (payload, isBinary) => peer.take(payload, isBinary));
    peer.socket.on('close', (code) => peer.tell({ op: 'closed', code }));
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

  send(...heads) {
    this.socket.send(heads.map((head) => (typeof head === 'string' ? head : JSON.stringify(head))).join('\x1e'));
  }

  publish(head, body) {
    this.send(`${JSON.stringify({ op: 'publish', ...head })}\n${body}`);
  }

  async any() {
    return this.came.shift() ?? (await new Promise((resolve) => this.waiting.push(resolve)));
  }

  async next(op) {
    const message = await this.any();
    assert.equal(message.op, op, JSON.stringify(message));
    return message;
  }

  /** Everything that comes before the answer to a ping. */
  async settle() {
    const messages = [];
    this.send({ op: 'ping', t: 99 });
    for (;;) {
      const message = await this.any();
      if (message.op === 'pong') return messages;
      messages.push(message);
    }
  }

  async closed() {
    for (;;) {
      const message = await this.any();
      if (message.op === 'closed') return message;
    }
  }

  async close() {
    this.socket.close(1000);
    await this.next('closed');
  }
}

/** A test with a server of its own. */
function conversation(name, options, body) {
  test(name, async () => {
    const server = await startServer(options);
    try {
      await body(server);
    } finally {
      await server.stop();
    }
  });
}

const seqsOf = (messages) => messages.map(({ seq }) => seq);

conversation('hello: is welcomed, and its session is a new one', { now: () => 7 }, async (server) => {
  const peer = await Peer.welcomed(server);
  assert.deepEqual(peer.welcome, {
    op: 'welcome',
    v: 1,
    resumed: false,
    heartbeat: 25_000,
    now: 7,
    maxMessage: 1_048_576,
    memory: peer.welcome.memory,
    dedup: { count: 1024, ms: 120_000 },
  });
  assert.match(peer.welcome.memory, /^[\w.-]{1,64}$/);
  assert.equal(peer.socket.protocol, 'tidewire.v1');
});

conversation('hello: what comes before it ends the connection', {}, async (server) => {
  const peer = await Peer.connect(server);
  peer.send({ op: 'ping', t: 1 });
  assert.equal((await peer.next('closed')).code, 4001);
});

conversation('hello: one that never comes ends the connection', { helloWithin: 1 }, async (server) => {
  const peer = await Peer.connect(server);
  assert.equal((await peer.next('closed')).code, 4001);
});

conversation('hello: a later version is refused', {}, async (server) => {
  const peer = await Peer.connect(server);
  peer.send({ op: 'hello', v: 2, session: keyOf('k') });
  assert.equal((await peer.next('error')).code, 'unsupported-version');
  assert.equal((await peer.next('closed')).code, 4003);
});

const users = { userOf: (token) => (token === 'old' ? { code: 'token-expired' } : { user: token }) };

conversation('hello: what comes behind a refused one has no effect', users, async (server) => {
  const peer = await Peer.connect(server);
  const publish = `${JSON.stringify({ op: 'publish', id: 1, channel: 'c' })}\nlost`;
  peer.send({ op: 'hello', v: 1, session: keyOf('k'), token: 'old' }, publish);
  peer.send(publish);
  assert.equal((await peer.next('error')).code, 'token-expired');
  assert.equal((await peer.next('closed')).code, 4002);
  assert.equal(server.channel('c').seq, 0);
});

conversation('hello: the same session takes over from a connection that still lives', {}, async (server) => {
  const first = await Peer.welcomed(server, 'same');
  const second = await Peer.welcomed(server, 'same', { memory: first.welcome.memory });
  assert.equal(second.welcome.resumed, true);
  assert.equal((await first.next('closed')).code, 4004);
});

conversation('hello: a memory other than the present one is told at each hello to be lost', {}, async (server) => {
  for (let times = 0; times < 2; ++times) {
    const peer = await Peer.welcomed(server, 'same', { memory: 'lost' });
    assert.equal(peer.welcome.resumed, false);
  }
});

conversation('hello: a key that comes with another user is a new one', users, async (server) => {
  const ann = await Peer.welcomed(server, 'same', { token: 'ann' });
  const bob = await Peer.welcomed(server, 'same', { token: 'bob' });
  assert.equal(bob.welcome.resumed, false);
  assert.deepEqual(await ann.settle(), []);
  const again = await Peer.welcomed(server, 'same', { token: 'ann', memory: ann.welcome.memory });
  assert.equal(again.welcome.resumed, true);
  assert.equal((await ann.next('closed')).code, 4004);
});

conversation('subscribe: live events follow without a hole', {}, async (server) => {
  server.publish('c', 'before');
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' });
  const { seq, recovered } = await peer.next('subscribed');
  assert.deepEqual([seq, recovered], [1, true]);
  server.publish('c', 'one');
  server.publish('c', 'two');
  const events = [await peer.next('event'), await peer.next('event')];
  assert.deepEqual(seqsOf(events), [2, 3]);
  assert.deepEqual(events.map(({ body }) => body), ['one', 'two']);
});

conversation('subscribe: the newest ones come first if they are wanted', {}, async (server) => {
  for (const body of ['a', 'b', 'c']) server.publish('c', body);
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c', last: 2 });
  const { seq, from } = await peer.next('subscribed');
  assert.deepEqual([seq, from], [3, 1]);
  assert.deepEqual(seqsOf(await peer.settle()), [2, 3]);
});

// Section 5.2, row by row: the history holds the events 8 to 10.
const rows = [
  ['nothing was missed', { seq: 10 }, true, []],
  ['all that was missed is there', { seq: 7 }, true, [8, 9, 10]],
  ['some of what was missed was evicted', { seq: 6 }, false, []],
  ['the position is ahead of the channel', { seq: 11 }, false, []],
  ['the epoch is another', { seq: 9, epoch: 'other' }, false, []],
  ['only the latest is wanted', { seq: 2 }, true, [10], { conflate: true }],
  ['only the latest is wanted, of another epoch', { seq: 2, epoch: 'other' }, false, [], { conflate: true }],
];
for (const [what, since, recovered, seqs, more] of rows) {
  conversation(`resume: ${what}`, { history: 3 }, async (server) => {
    for (let count = 0; count < 10; ++count) server.publish('c', 'x');
    const { epoch } = server.channel('c');
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'subscribe', id: 1, channel: 'c', since: { epoch, ...since }, ...more });
    assert.deepEqual(await peer.next('subscribed'), { op: 'subscribed', id: 1, epoch, seq: 10, recovered });
    const events = await peer.settle();
    assert.deepEqual(seqsOf(events), seqs);
    if (more && recovered) assert.equal(events[0].skipped, 7);
    server.publish('c', 'live');
    assert.equal((await peer.next('event')).seq, 11);
  });
}

conversation('resume: a channel that was quiet is resumed', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' });
  const { epoch, seq } = await peer.next('subscribed');
  await peer.close();
  server.publish('c', 'missed');
  const again = await Peer.welcomed(server);
  again.send({ op: 'subscribe', id: 2, channel: 'c', since: { epoch, seq } });
  assert.equal((await again.next('subscribed')).recovered, true);
  assert.equal((await again.next('event')).body, 'missed');
});

conversation('unsubscribe: no event follows', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' }, { op: 'unsubscribe', id: 2, channel: 'c' });
  await peer.next('subscribed');
  await peer.next('unsubscribed');
  server.publish('c', 'x');
  assert.deepEqual(await peer.settle(), []);
});

conversation('publish: reaches all who subscribed, and is acknowledged', {}, async (server) => {
  const [ann, bob] = [await Peer.welcomed(server, 'ann'), await Peer.welcomed(server, 'bob')];
  bob.send({ op: 'subscribe', id: 1, channel: 'chat' });
  await bob.next('subscribed');
  ann.publish({ id: 1, channel: 'chat' }, 'hi');
  assert.deepEqual(await ann.next('ack'), { op: 'ack', id: 1, seq: 1 });
  assert.equal((await bob.next('event')).body, 'hi');
});

conversation('publish: one that is sent again after a reconnect is published once', {}, async (server) => {
  const peer = await Peer.welcomed(server, 'same');
  peer.publish({ id: 5, channel: 'c' }, 'once');
  const ack = await peer.next('ack');
  await peer.close();
  const again = await Peer.welcomed(server, 'same', { memory: peer.welcome.memory });
  assert.equal(again.welcome.resumed, true);
  again.publish({ id: 5, channel: 'c' }, 'once');
  assert.deepEqual(await again.next('ack'), ack);
  assert.equal(server.channel('c').seq, 1);
});

conversation('publish: a server that cannot remember says so', { dedup: undefined }, async (server) => {
  await Peer.welcomed(server, 'same');
  const again = await Peer.welcomed(server, 'same');
  assert.equal(again.welcome.resumed, false);
  assert.equal(again.welcome.memory, undefined);
  assert.equal(again.welcome.dedup, undefined);
});

conversation('framing: a body that could forge messages goes binary, and order holds', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' });
  await peer.next('subscribed');
  peer.framings.length = 0;
  const forged = `x\x1e${JSON.stringify({ op: 'event', channel: 'c', seq: 9 })}`;
  for (const body of ['first', forged, 'last']) server.publish('c', body);
  const events = [await peer.next('event'), await peer.next('event'), await peer.next('event')];
  assert.deepEqual(events.map(({ body }) => body), ['first', forged, 'last']);
  assert.deepEqual(peer.framings, ['text', 'binary', 'text']);
});

conversation('framing: what is ready in one turn leaves as one WebSocket message', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' });
  await peer.next('subscribed');
  peer.framings.length = 0;
  for (let count = 0; count < 100; ++count) server.publish('c', 'x');
  for (let count = 1; count <= 100; ++count) assert.equal((await peer.next('event')).seq, count);
  assert.equal(peer.framings.length, 1);
});

conversation('request: is answered by its method, or by an error', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send('{"op":"request","id":1,"method":"echo"}\nhello', { op: 'request', id: 2, method: 'toString' });
  assert.deepEqual(await peer.next('reply'), { op: 'reply', id: 1, type: 'text', body: 'hello' });
  const { id, code } = await peer.next('error');
  assert.deepEqual([id, code], [2, 'unknown-method']);
});

conversation('auth: names the same user, or is refused', users, async (server) => {
  const peer = await Peer.welcomed(server, 'k', { token: 'ann' });
  peer.send({ op: 'auth', id: 1, token: 'ann' }, { op: 'auth', id: 2, token: 'bob' }, { op: 'auth', id: 3, token: 'old' });
  assert.equal((await peer.next('ack')).id, 1);
  assert.equal((await peer.next('error')).code, 'unauthorized');
  assert.equal((await peer.next('error')).code, 'token-expired');
});

conversation('limits: each is an error of its own', { maxSubscriptions: 1 }, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c' }, { op: 'subscribe', id: 2, channel: 'c' });
  peer.send({ op: 'subscribe', id: 3, channel: 'd' }, { op: 'subscribe', id: 4, channel: 'private/x' });
  await peer.next('subscribed');
  const codes = (await peer.settle()).map(({ id, code }) => [id, code]);
  assert.deepEqual(codes, [[2, 'already-subscribed'], [3, 'too-many-subscriptions'], [4, 'forbidden']]);
});

conversation('malformed: ends the connection, and what came before it counts', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send('{"op":"publish","channel":"c"}\nx', '{"op":"publish"}\ny', '{"op":"publish","channel":"c"}\nz');
  assert.equal((await peer.next('error')).code, 'malformed');
  assert.equal((await peer.next('closed')).code, 4000);
  assert.equal(server.channel('c').seq, 1);
});

conversation('malformed: a body of text has to be UTF-8', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  const message = Buffer.from('{"op":"publish","channel":"c"}\n\xff', 'latin1');
  peer.socket.send(Buffer.concat([Buffer.from([message.length]), message]), { binary: true });
  assert.equal((await peer.next('error')).code, 'malformed');
  assert.equal((await peer.next('closed')).code, 4000);
  assert.equal(server.channel('c').seq, 0);
});

conversation('unknown: an operation is answered, and the connection goes on', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'teleport', id: 7 }, { op: 'teleport', id: -1 });
  const errors = [await peer.next('error'), await peer.next('error')];
  assert.deepEqual(errors.map(({ id, code }) => [id, code]), [[7, 'unknown-op'], [undefined, 'unknown-op']]);
  assert.deepEqual(await peer.settle(), []);
});

conversation('heartbeat: a client that says nothing is dropped', { heartbeat: 1 }, async (server) => {
  const peer = await Peer.welcomed(server);
  assert.equal((await peer.next('closed')).code, 4006);
});

conversation('goaway: is told, and then the server goes', {}, async (server) => {
  const peer = await Peer.welcomed(server);
  server.goAway({ after: 10, spread: 20 });
  assert.deepEqual(await peer.next('goaway'), { op: 'goaway', after: 10, spread: 20 });
  await server.stop();
  assert.equal((await peer.next('closed')).code, 1001);
  server.stop = () => {};
});

// The client stops reading, so the socket fills up; the bounds are far below what is published.
const tight = { aheadBytes: 65_536, maxBufferedBytes: 1_048_576, history: 10 };

async function publishUntil(server, holds) {
  for (let count = 0; count < 100_000 && !holds(); ++count) {
    server.publish('c', 'x'.repeat(10_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(holds());
}

conversation('latest only: a slow client is told how many it does not get, and gets the newest', tight, async (server) => {
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 1, channel: 'c', conflate: true });
  await peer.next('subscribed');
  const [subscription] = server.channel('c').subscriptions.values();
  peer.socket.pause();
  await publishUntil(server, () => subscription.skipped > 50);
  peer.socket.resume();
  const newest = server.channel('c').seq;
  let position = 0;
  let skipped = 0;
  while (position < newest) {
    const event = await peer.next('event');
    assert.equal(event.seq, position + 1 + event.skipped);
    position = event.seq;
    skipped += event.skipped;
  }
  assert.ok(skipped > 50);
});

conversation('reliable: a client that is too slow is closed, and no other one is', tight, async (server) => {
  const [slow, other] = [await Peer.welcomed(server, 'slow'), await Peer.welcomed(server, 'other')];
  for (const peer of [slow, other]) {
    peer.send({ op: 'subscribe', id: 1, channel: 'c' });
    await peer.next('subscribed');
  }
  slow.socket.pause();
  await publishUntil(server, () => server.channel('c').subscriptions.size === 1);
  const events = await other.settle();
  assert.deepEqual(seqsOf(events), events.map((_, index) => index + 1));
  slow.socket.resume();
  assert.equal((await slow.closed()).code, 4005);
});
